"""The four inputs of the benchmarks, made on demand in bench/data (or wherever NETWATCH_BENCH_DATA says).

mix    real captures of many protocols, repeated with other addresses, interleaved in time
small  frames of 64 to 100 bytes over a million conversations at random: the cache's worst day
bulk   eight downloads in full segments
web    short connections, half TLS, half HTTP
"""
from __future__ import annotations

import contextlib
import os
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import native

HERE = Path(__file__).resolve().parent
DATA = Path(os.environ.get("NETWATCH_BENCH_DATA", HERE / "data"))
SHARED = HERE.parents[1] / "shared"
GOLDEN = HERE.parent / "tests" / "golden"
NAMES = ("mix", "small", "bulk", "web")
APART = 20_000_000          # microseconds between two copies of the mix
PER_CAPTURE = 20_000        # frames taken of one capture, lest one protocol be most of the mix


@dataclass(frozen=True)
class Size:
    """How large each workload is."""
    name: str
    mix_packets: int
    packets: int
    flows: int
    bulk_bytes: int
    connections: int


SIZES = {size.name: size for size in (
    Size("full", 3_500_000, 10_000_000, 1_000_000, 2_000_000_000, 200_000),
    Size("quick", 200_000, 400_000, 40_000, 80_000_000, 8_000),
)}


def make(name: str, size: Size, shared: bool = False) -> Path:
    """The capture file of a workload. When it is not there, it is made now, in a process of its own: the memory that
    takes would be counted as that of every program started later. CalledProcessError when it cannot be made."""
    path = DATA / f"{name}-{'shared' if shared else size.name}.pcap"
    if not path.exists():
        command = [sys.executable, "-m", "bench.workloads", name, size.name, *(["--shared"] if shared else [])]
        subprocess.run(command, cwd=HERE.parent, check=True)
    return path


def _make(name: str, size: Size, shared: bool) -> None:
    """FileNotFoundError when mix has no captures."""
    path = DATA / f"{name}-{'shared' if shared else size.name}.pcap"
    DATA.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    if shared:
        _make_shared(name, part)
    elif name == "mix":
        _make_mix(part, size)
    elif name == "small":
        native.load("gen").small(str(part), size.packets, size.flows)
    elif name == "bulk":
        native.load("gen").bulk(str(part), size.bulk_bytes, 8, client_hello(0), server_hello(0))
    else:
        native.load("gen").web(str(part), size.connections, http, lambda k: (client_hello(k), server_hello(k)))
    part.rename(path)


def captures() -> list[Path]:
    """The real captures a mix is made of: those of ../shared where it exists, else our own golden ones."""
    root = SHARED / "captures" if (SHARED / "captures").is_dir() else GOLDEN
    skip = {"generated"}
    return sorted(path for path in root.rglob("*.pcap*")
                  if path.suffix in (".pcap", ".pcapng") and not skip & set(path.relative_to(root).parts))


def _make_mix(path: Path, size: Size) -> None:
    """Once without copies to see how many packets there are, then with as many copies as the size takes."""
    mixer = native.load("mixer")
    once = 0
    for copies in (1, 0):
        sources = _opened(captures())
        if not sources:
            raise FileNotFoundError(f"no captures for the mix in {SHARED / 'captures'} or {GOLDEN}")
        once = mixer.mix(str(path), sources, copies or max(1, round(size.mix_packets / once)), APART, PER_CAPTURE)
        for source in sources:
            source.close()


def _opened(paths: list[Path]) -> list[Any]:
    """Sources of the captures that netwatch can open."""
    from netwatch.capture.file import SourceError, open_savefile

    sources = []
    for path in paths:
        with contextlib.suppress(SourceError):
            sources.append(open_savefile(str(path)))
    return sources


def _make_shared(name: str, path: Path) -> None:
    """With the generator the published figures were made with; its script makes all four, so they are kept."""
    work = DATA / "shared"
    if not (work / f"{name}.pcap").exists():
        subprocess.run(["sh", str(SHARED / "bench" / "make_data.sh"), str(_merged(work)), str(work)], check=True)
    (work / f"{name}.pcap").rename(path)


def _merged(work: Path) -> Path:
    """One folder with a link to every capture, named by its collection too."""
    folder = work / "captures"
    folder.mkdir(parents=True, exist_ok=True)
    for capture in captures():
        link = folder / f"{capture.parent.name}.{capture.name}"
        if not link.exists():
            link.symlink_to(capture)
    return folder


def http(k: int) -> tuple[bytes, bytes]:
    """The request and response of web connection k."""
    request = (f"GET /path/{k}/{k * 2654435761 % 2**32:x}?id={k % 97} HTTP/1.1\r\n"
               f"Host: www.site{k % 5000}.example.com\r\n"
               "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
               "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
               "Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate\r\nConnection: close\r\n\r\n")
    body = f"<html><body>{k:040d}</body></html>\n"
    response = ("HTTP/1.1 200 OK\r\nServer: nginx/1.24.0\r\nContent-Type: text/html\r\n"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}")
    return request.encode(), response.encode()


def _vector(width: int, body: bytes) -> bytes:
    """A TLS vector: its length in `width` bytes, then itself. RFC 8446 section 3.4."""
    return len(body).to_bytes(width, "big") + body


def _extension(kind: int, body: bytes) -> bytes:
    return kind.to_bytes(2, "big") + _vector(2, body)


def _record(kind: int, body: bytes) -> bytes:
    """A handshake message in a record of its own."""
    return b"\x16\x03\x01" + _vector(2, bytes([kind]) + _vector(3, body))


def client_hello(k: int) -> bytes:
    """The ClientHello of connection k, as browsers before post-quantum key shares sent it. RFC 8446 section 4.1.2."""
    name = f"www.site{k % 5000}.example.com".encode()
    random = struct.pack(">4Q", *(scatter(k, i) for i in range(4)))
    ciphers = struct.pack(">9H", 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8)
    extensions = (
        _extension(0, _vector(2, b"\0" + _vector(2, name))) + _extension(23, b"") + _extension(0xff01, b"\0")
        + _extension(10, _vector(2, b"\0\x1d\0\x17\0\x18")) + _extension(11, b"\1\0") + _extension(35, b"")
        + _extension(16, _vector(2, b"\2h2\x08http/1.1")) + _extension(5, b"\1\0\0\0\0")
        + _extension(13, _vector(2, b"\4\3\x08\4\4\1\5\3\x08\5\5\1\x08\6\6\1")) + _extension(18, b"")
        + _extension(51, _vector(2, b"\0\x1d" + _vector(2, random))) + _extension(45, b"\1\1")
        + _extension(43, b"\4\3\4\3\3"))
    return _record(1, b"\3\3" + random + _vector(1, random[::-1]) + _vector(2, ciphers) + b"\1\0"
                   + _vector(2, extensions))


def server_hello(k: int) -> bytes:
    """The ServerHello of connection k: TLS 1.3, and a first encrypted record. RFC 8446 section 4.1.3."""
    random = struct.pack(">4Q", *(scatter(k, i) for i in range(4, 8)))
    session = struct.pack(">4Q", *(scatter(k, i) for i in range(4)))[::-1]
    extensions = _extension(43, b"\3\4") + _extension(51, b"\0\x1d" + _vector(2, random))
    hello = _record(2, b"\3\3" + random + _vector(1, session) + b"\x13\1\0" + _vector(2, extensions))
    return hello + b"\x14\3\3\0\1\1" + b"\x17\3\3" + _vector(2, random * 20)


def scatter(k: int, i: int) -> int:
    """A 64-bit number that looks random."""
    x = (k * 0x9E3779B97F4A7C15 + i * 0xD1B54A32D192ED03 + 1) % 2**64
    return (x ^ x >> 29) * 0xBF58476D1CE4E5B9 % 2**64


if __name__ == "__main__":
    _make(sys.argv[1], SIZES[sys.argv[2]], "--shared" in sys.argv[3:])
