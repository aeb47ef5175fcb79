"""What an attacker's bytes cost: `python -m bench.attacks [NAME...]` prints the table of docs/bounds.md.

Each attack is a capture (or a command line) that is made here, given to `netwatch read` twice, whole and at half its
size: CPU time that grows faster than the input shows. Time and memory are what the process had at most, less what it
has for a capture of one frame. `--quick` makes a tenth of each.
"""

from __future__ import annotations

import argparse
import os
import resource
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
TIMEOUT_S = 300
MSS = 1400
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADERS, DATA, SETTINGS, CONTINUATION = 1, 0, 4, 9
Frames = Iterator[bytes]


class Attack(NamedTuple):
    """`make` gives the frames of a capture so many times `size` large; `arguments` go to `netwatch read`."""

    make: Callable[[int], Frames]
    size: int
    arguments: tuple[str, ...]
    about: str


class Cost(NamedTuple):
    seconds: float             # of CPU
    peak: int                  # bytes
    code: int


def ip4(proto: int, body: bytes, src: int = 1) -> bytes:
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 1, 0, 64, proto, 0,
                       struct.pack(">I", 0x0A000000 + src), b"\x0a\xff\0\1")
    return b"\x02\0\0\0\0\1\x02\0\0\0\0\2\x08\0" + head + body


class Talk:
    """One TCP connection whose client says something."""

    def __init__(self, number: int, port: int = 80) -> None:
        self._src, self._sport, self._port, self._at = 1 + number // 60000, 1024 + number % 60000, port, 1

    def segment(self, flags: int, data: bytes = b"") -> bytes:
        return ip4(6, struct.pack(">HHIIBBHHH", self._sport, self._port, self._at, 0, 0x50, flags, 65535, 0, 0) + data,
                   self._src)

    def says(self, data: bytes) -> Frames:
        if self._at == 1:
            yield self.segment(2)
            self._at += 1
        for at in range(0, len(data), MSS):
            part = data[at:at + MSS]
            yield self.segment(0x18, part)
            self._at += len(part)


def h2(kind: int, flags: int, stream: int, body: bytes = b"") -> bytes:
    return len(body).to_bytes(3, "big") + bytes([kind, flags]) + struct.pack(">I", stream) + body


def hpack(size: int) -> Frames:
    """Streams that stay open, each with 6,500 fields of one byte."""
    for connection in range(2):
        body = b"\x82\x84\x87\x41\x01a" + b"\x84" * 6500
        said = b"".join(h2(HEADERS, 4, 1 + 2 * stream, body) for stream in range(size))
        yield from Talk(connection).says(PREFACE + h2(SETTINGS, 0, 0) + said)


def hpack_tables(size: int) -> Frames:
    """Connections whose tables of header fields are full of the smallest entries."""
    for connection in range(size):
        body = b"\x82\x84\x87\x41\x01a" + b"\x40\x01a\x01b" * 120
        yield from Talk(connection).says(PREFACE + h2(SETTINGS, 0, 0) + h2(HEADERS, 4, 1, body))


def bodies(size: int) -> Frames:
    """Bodies of some bytes that unpack to a megabyte each."""
    import zlib

    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    content = packer.compress(bytes(1 << 20)) + packer.flush()
    head = b"\x82\x84\x87\x41\x01a" + b"\x0f\x0b\x04gzip"      # content-encoding, literal with an indexed name
    said = b"".join(h2(HEADERS, 4, 1 + 2 * at, head) + h2(DATA, 1, 1 + 2 * at, content) for at in range(size))
    yield from Talk(0).says(PREFACE + h2(SETTINGS, 0, 0) + said)


def continuation(size: int) -> Frames:
    said = h2(HEADERS, 0, 1, b"\x82") + h2(CONTINUATION, 0, 1, b"\x84") * size
    yield from Talk(0).says(PREFACE + h2(SETTINGS, 0, 0) + said)


def many_data(size: int) -> Frames:
    """DATA of one byte after 6,500 fields."""
    said = h2(HEADERS, 4, 1, b"\x83\x84\x87\x41\x01a" + b"\x84" * 6500) + h2(DATA, 0, 1, b"x") * size
    yield from Talk(0).says(PREFACE + h2(SETTINGS, 0, 0) + said)


def streams(size: int) -> Frames:
    """Connections that stay open, each having said 64 KiB."""
    for connection in range(size):
        yield from Talk(connection, 9999).says(b"x" * 65536)


def hosts(size: int) -> Frames:
    for connection in range(size):
        yield from Talk(connection).says(b"GET / HTTP/1.1\r\nHost: " + b"a" * 36 + b"!\r\n\r\n")


def hellos(size: int) -> Frames:
    """TLS connections that stay open, while there is a key log."""
    hello = b"\x03\x03" + bytes(32) + b"\0\0\2\x13\1\1\0\0\0"
    record = b"\x16\3\1" + struct.pack(">H", 4 + len(hello)) + b"\1" + len(hello).to_bytes(3, "big") + hello
    for connection in range(size):
        yield from Talk(connection, 443).says(record)


def syns(size: int) -> Frames:
    for connection in range(size):
        yield Talk(connection).segment(2)


def names(size: int) -> Frames:
    """Answers of DNS, each with another name."""
    for number in range(size):
        name = b"".join(bytes([len(part)]) + part for part in (b"%08d" % number, b"example")) + b"\0"
        message = struct.pack(">HHHHHH", 1, 0x8180, 1, 1, 0, 0) + name + b"\0\1\0\1" + b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4" \
            + struct.pack(">I", number)
        yield ip4(17, struct.pack(">HHHH", 53, 1024 + number % 60000, 8 + len(message), 0) + message)


def fragment(number: int, place: int, body: bytes, more: bool) -> bytes:
    """`place`: in eights of bytes."""
    frame = bytearray(ip4(17, body, 1 + number // 65536))
    struct.pack_into(">HH", frame, 18, number & 0xFFFF, more << 13 | place)
    return bytes(frame)


def fragments(size: int) -> Frames:
    """First fragments of datagrams that are never whole."""
    for number in range(size):
        yield fragment(number, 0, bytes(1024), more=True)


def small_fragments(size: int) -> Frames:
    """Datagrams of 65,000 bytes in fragments of eight, the last one first."""
    for number in range(size):
        for place in reversed(range(8125)):
            yield fragment(number, place, bytes(8), more=place < 8124)


def holes(size: int) -> Frames:
    """Connections that miss a segment, with 64 KiB after it."""
    for connection in range(size):
        syn, _, *others = Talk(connection, 9999).says(b"x" * 65536)
        yield syn
        yield from others


def backwards(size: int) -> Frames:
    """One stream in segments of a byte, the last one first."""
    syn, segment = Talk(0, 9999).says(b"x")
    yield syn
    for at in reversed(range(size)):
        yield segment[:38] + struct.pack(">I", 2 + at) + segment[42:]


def heads(size: int) -> Frames:
    """Requests whose heads have 64 KB and no end."""
    for connection in range(size):
        yield from Talk(connection).says(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 65000)


def fields(size: int) -> Frames:
    """Requests of a thousand header fields each, on one connection."""
    request = b"GET / HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X%d: x\r\n" % n for n in range(1000)) + b"\r\n"
    yield from Talk(0).says(request * size)


def initials(size: int) -> Frames:
    """Initial packets of QUIC from one port, each of another connection."""
    for number in range(size):
        packet = b"\xc3\0\0\0\1\x08" + struct.pack(">Q", number) + b"\0\0\x44\xb0" + bytes(1200)
        yield ip4(17, struct.pack(">HHHH", 4000, 443, 8 + len(packet), 0) + packet)


def pointers(size: int) -> Frames:
    """Answers of DNS over TCP of 64 KB, all names of which are a chain of 120 pointers."""
    chain = b"\1a\0" + b"".join(b"\1a" + struct.pack(">H", 0xC000 | (12 if n == 0 else 11 + 4 * n)) for n in range(120))
    name = struct.pack(">H", 0xC000 | (12 + len(chain) - 4))
    answers = (name + b"\0\x05\0\1\0\0\0\1\0\2" + name) * 4500
    message = struct.pack(">HHHHHH", 1, 0x8180, 0, 4501, 0, 0) + chain + b"\0\x05\0\1\0\0\0\1\0\2" + name + answers
    for connection in range(size):
        yield from Talk(connection, 53).says(struct.pack(">H", len(message)) + message)


def nested(size: int) -> Frames:
    """IPv4 in IPv4, seventy times."""
    packet = b""
    for _ in range(70):
        packet = ip4(4, packet)[14:]
    for number in range(size):
        yield ip4(4, packet, 1 + number)


def announcements(size: int) -> Frames:
    """A control connection of FTP that announces data connections, none of which comes."""
    said = b"".join(b"PORT 10,0,0,1,%d,%d\r\n" % (number >> 8 & 255, number & 255) for number in range(size))
    yield from Talk(0, 21).says(b"USER a\r\nPASS b\r\n" + said)


def neighbours(size: int) -> Frames:
    """Answers of ARP, each of another host."""
    for number in range(size):
        mac = b"\x02\0" + struct.pack(">I", number)
        yield b"\xff" * 6 + mac + b"\x08\x06\0\1\x08\0\6\4\0\2" + mac + struct.pack(">I", 0x0A000000 + number) \
            + b"\2\0\0\0\0\2\x0a\0\0\1"


def certificates(size: int) -> Frames:
    """Servers of TLS 1.2 whose certificates have 2,500 names each."""
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding

    key, name, now = ec.generate_private_key(ec.SECP256R1()), x509.Name([]), datetime.datetime(2026, 1, 1)
    names = x509.SubjectAlternativeName([x509.DNSName(f"{n}.example.com") for n in range(2500)])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now, [
        x509.Extension(names.oid, False, names)]).sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    hello = b"\2\0\0\x26\3\3" + bytes(32) + b"\0\xc0\x2b\0"
    listed = len(made).to_bytes(3, "big") + made
    messages = hello + b"\x0b" + (len(listed) + 3).to_bytes(3, "big") + len(listed).to_bytes(3, "big") + listed
    said = b"".join(b"\x16\3\3" + struct.pack(">H", len(messages[at:at + 16384])) + messages[at:at + 16384]
                    for at in range(0, len(messages), 16384))
    for connection in range(size):
        yield from Talk(connection, 443).says(said)


KEYS = "{folder}/keys"
ATTACKS = {
    "hpack": Attack(hpack, 100, ("--what", "http"), "HTTP/2, 200 open streams of 6,500 fields"),
    "hpack-tables": Attack(hpack_tables, 20000, ("--what", "http"), "20,000 HTTP/2 connections with full tables"),
    "bodies": Attack(bodies, 800, ("--what", "streams"), "800 bodies in HTTP/2 of 1 MiB each, 0.9 MB"),
    "continuation": Attack(continuation, 160000, ("--what", "http"), "160,000 CONTINUATION frames of a byte"),
    "data": Attack(many_data, 60000, ("--what", "http"), "60,000 DATA frames of a byte after 6,500 fields"),
    "streams": Attack(streams, 4000, ("--what", "streams"), "4,000 open connections, 64 KiB of text each"),
    "regex": Attack(hosts, 20000, ("--where", r"host matches /(a+)+$/"), "20,000 names for a catastrophic expression"),
    "nesting": Attack(syns, 1, ("--where", "(" * 40 + "tcp" + ")" * 40), "a filter 40 parentheses deep"),
    "hellos": Attack(hellos, 120000, ("--keylog", KEYS), "120,000 open TLS connections and a key log"),
    "newlines": Attack(syns, 1, ("--keylog", KEYS), "a key log of 256 MB of newlines"),
    "names": Attack(names, 500000, ("--what", "summary"), "500,000 names by DNS"),
    "syns": Attack(syns, 500000, ("--what", "summary"), "500,000 flows (the flow table itself)"),
    "fragments": Attack(fragments, 200000, ("--what", "summary"), "200,000 first fragments of 1 KiB"),
    "small-fragments": Attack(small_fragments, 60, ("--what", "summary"), "60 datagrams in 8,125 fragments, backwards"),
    "holes": Attack(holes, 4000, ("--what", "streams"), "4,000 streams that miss a segment before 64 KiB"),
    "backwards": Attack(backwards, 60000, ("--what", "streams"), "60,000 segments of a byte, backwards"),
    "heads": Attack(heads, 4000, ("--what", "http"), "4,000 heads of HTTP/1 of 64 KB without an end"),
    "fields": Attack(fields, 1000, ("--what", "http"), "1,000 requests of 1,000 header fields"),
    "initials": Attack(initials, 100000, ("--what", "flows"), "100,000 Initial packets of QUIC"),
    "pointers": Attack(pointers, 40, ("--what", "dns"), "40 answers of DNS, each 9,000 chains of 120 pointers"),
    "nested": Attack(nested, 20000, ("--what", "flows"), "20,000 packets of IPv4 in IPv4 seventy times"),
    "announcements": Attack(announcements, 200000, ("--what", "flows"), "200,000 data connections announced by FTP"),
    "neighbours": Attack(neighbours, 500000, ("--what", "hosts"), "500,000 hosts by ARP"),
    "certificates": Attack(certificates, 400, ("--what", "tls"), "400 certificates of 2,500 names"),
    "alerts": Attack(syns, 500000, ("--what", "alerts"), "500,000 flows and all detectors"),
}


def write(path: Path, frames: Frames) -> int:
    """Bytes."""
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for number, frame in enumerate(frames):
            file.write(struct.pack("<IIII", 1_700_000_000 + number // 100_000, number % 100_000 * 10, len(frame),
                                   len(frame)) + frame)
    return path.stat().st_size


def cost(path: Path, arguments: tuple[str, ...]) -> Cost:
    """Of one reading, in a process of its own."""
    command = [sys.executable, "-m", "netwatch", "read", str(path), *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, preexec_fn=_limited) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss << 10, process.returncode)


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (TIMEOUT_S, TIMEOUT_S))


def measure(attack: Attack, folder: Path, part: int, idle: Cost) -> tuple[int, Cost, Cost]:
    """(bytes of the capture, its cost, that of half of it), memory and time beyond those of one frame."""
    found = []
    for size in (max(1, attack.size // part), max(1, attack.size // part // 2)):
        path = folder / "attack.pcap"
        octets = write(path, attack.make(size))
        if attack.make is syns and attack.size == 1:
            (folder / "keys").write_bytes(b"\n" * ((256 << 20) // part // (2 if found else 1)))
        used = cost(path, tuple(each.format(folder=folder) for each in attack.arguments))
        found.append((octets, Cost(used.seconds - idle.seconds, used.peak - idle.peak, used.code)))
    return found[0][0], found[0][1], found[1][1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(ATTACKS))
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "keys").write_text("CLIENT_RANDOM " + "0" * 64 + " " + "0" * 96 + "\n")
        write(folder / "idle.pcap", syns(1))
        idle = cost(folder / "idle.pcap", ())
        print("| attack | capture, MB | CPU, s | of half of it, s | memory beyond idle, MB | exit |")
        print("|---|---|---|---|---|---|")
        for name in options.names or ATTACKS:
            octets, whole, half = measure(ATTACKS[name], folder, 10 if options.quick else 1, idle)
            print(f"| {ATTACKS[name].about} | {octets / 1e6:.1f} | {whole.seconds:.1f} | {half.seconds:.1f} | "
                  f"{whole.peak / 1e6:.0f} | {whole.code} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
