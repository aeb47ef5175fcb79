"""Opening a TLS 1.3 download with its key log: netwatch beside tshark, the same file in turn.

    python -m bench.decrypt                  1 GB, three runs of each, some 5 minutes
    python -m bench.decrypt --size quick     does it run at all?
"""
from __future__ import annotations

import argparse
import contextlib
import datetime
import shutil
import ssl
import struct
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any, BinaryIO

from bench import measure
from bench.workloads import DATA

SIZES = {"full": 1_000_000_000, "quick": 40_000_000}
SEGMENT = 1448
SERVER, CLIENT = bytes((198, 51, 100, 7)), bytes((192, 0, 2, 9))
TARGET = 1 / 3              # of tshark's CPU
PIECE = 1 << 20             # bytes written by the server at a time
NAME = "bench.example"


def make(size: int) -> tuple[Path, Path]:
    """(capture, key log) of a download of `size` bytes, made when they are not there."""
    path = DATA / f"tls13-{size}.pcap"
    keys = path.with_suffix(".keys")
    if not path.exists():
        DATA.mkdir(parents=True, exist_ok=True)
        keys.unlink(missing_ok=True)
        part = path.with_suffix(".part")
        with part.open("wb") as out:
            out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
            _Writer(out).write(download(size, keys))
        part.rename(path)
    return path, keys


def download(size: int, keys: Path) -> Iterator[tuple[bool, bytes]]:
    """(by the client, bytes) of a conversation in which one HTTP response is `size` bytes long."""
    client_in, client_out, server_in, server_out = (ssl.MemoryBIO() for _ in range(4))
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    trusting.keylog_filename = str(keys)
    client = trusting.wrap_bio(client_in, client_out, server_hostname=NAME)
    server = _serving().wrap_bio(server_in, server_out, server_side=True)

    def carried() -> Iterator[tuple[bool, bytes]]:
        for by_client, source, target in ((True, client_out, server_in), (False, server_out, client_in)):
            data = source.read()
            if data:
                target.write(data)
                yield by_client, data

    for each in (client, server, client, server):
        with contextlib.suppress(ssl.SSLWantReadError):
            each.do_handshake()
        yield from carried()
    client.write(f"GET /big HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode())
    yield from carried()
    server.read(65536)
    server.write(f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {size}\r\n\r\n".encode())
    piece = bytes(range(32, 127)) * (PIECE // 95)
    for at in range(0, size, len(piece)):
        server.write(piece[: size - at])
        yield False, server_out.read()


def _serving() -> ssl.SSLContext:
    """A server of TLS 1.3 with a certificate of its own."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    began = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    cert = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(1).not_valid_before(began).not_valid_after(began + datetime.timedelta(3650))
            .sign(key, hashes.SHA256()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    with tempfile.NamedTemporaryFile() as both:
        both.write(cert.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        both.flush()
        context.load_cert_chain(both.name)
    return context


class _Writer:
    """TCP segments of raw IPv4 (link type 101), a microsecond apart; checksums are left out."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._us = 1_700_000_000_000_000
        self._next = {True: 1000, False: 5000}

    def write(self, said: Iterator[tuple[bool, bytes]]) -> None:
        self._segment(True, b"", 2)
        self._segment(False, b"", 18)
        for by_client, data in said:
            for at in range(0, len(data), SEGMENT):
                self._segment(by_client, data[at : at + SEGMENT], 16)
        self._segment(False, b"", 17)
        self._segment(True, b"", 17)

    def _segment(self, by_client: bool, data: bytes, flags: int) -> None:
        self._us += 1
        ends = (CLIENT, SERVER) if by_client else (SERVER, CLIENT)
        ports = (40000, 443) if by_client else (443, 40000)
        size = 40 + len(data)
        self._out.write(struct.pack("<IIII", *divmod(self._us, 1_000_000), size, size))
        self._out.write(struct.pack(">BBHHHBBH4s4s", 0x45, 0, size, 0, 0, 64, 6, 0, *ends))
        seq, ack = self._next[by_client] & 0xFFFFFFFF, self._next[not by_client] & 0xFFFFFFFF
        self._out.write(struct.pack(">HHIIBBHHH", *ports, seq, ack if flags != 2 else 0, 0x50, flags, 65535, 0, 0))
        self._out.write(data)
        self._next[by_client] += len(data) + (flags & 3 != 0)


def programs(path: Path, keys: Path) -> dict[str, list[str]]:
    """Commands by name. tshark is spared HTTP, whose bodies it would collect in memory; it still takes some 7 GB."""
    found = {"netwatch": [sys.executable, "-m", "netwatch", "read", str(path), "--keylog", str(keys), "--what",
                          "http,flows", "--format", "ndjson"]}
    if shutil.which("tshark"):
        found["tshark"] = ["tshark", "-r", str(path), "-o", f"tls.keylog_file:{keys}", "--disable-protocol", "http",
                           "-Y", "tls.app_data_proto", "-T", "fields", "-e", "tls.app_data_proto"]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.decrypt", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=tuple(SIZES), default="full")
    parser.add_argument("-n", "--repeat", type=int, default=3, metavar="N", help="runs of each, default 3")
    options = parser.parse_args()
    path, keys = make(SIZES[options.size])
    print(f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC, {path.stat().st_size / 1e6:,.0f} MB,",
          measure.load(), flush=True)
    runs: dict[str, list[measure.Run]] = {}
    commands: dict[str, Any] = programs(path, keys)
    for _ in range(options.repeat):
        for name, command in commands.items():
            runs.setdefault(name, []).append(measure.run(command))
    for name, done in runs.items():
        print(f"{name:10} CPU {median(r.cpu_s for r in done):7.2f} s, wall {median(r.wall_s for r in done):7.2f} s, "
              f"{max(r.peak_mib for r in done):6.0f} MiB, exit {done[-1].code}, {len(done[-1].output)} bytes said")
    if b'"decrypted":true' not in runs["netwatch"][0].output:
        print("MISSED  nothing was decrypted")
        return 1
    if "tshark" not in runs or options.size != "full":
        return 0
    ratio = median(r.cpu_s for r in runs["netwatch"]) / median(r.cpu_s for r in runs["tshark"])
    print(f"{'met' if ratio <= TARGET else 'MISSED':7} CPU, of tshark's: {ratio:.2f} (target {TARGET:.2f})")
    return 0 if ratio <= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
