"""A capture that makes all grow that detectors remember: whoever is in it is met once, within one window."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator
from pathlib import Path

from logins import captured
from wire import ACK, FIN, PSH, RST, SECOND, START, SYN

NEAR, FAR = 0x0A000000, 0x2D000000  # 10.0.0.0 and 45.0.0.0
ETHERNET = bytes.fromhex("020000000001 020000000002 0800")
WITHIN_S = 3000
Words = list[tuple[int, bytes]]


def ip4(proto: int, body: bytes, src: int, dst: int) -> bytes:
    """Without a checksum, as a machine whose card makes them captures it."""
    return ETHERNET + struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(body), 1, 0, 64, proto, 0, src, dst) + body


def tcp(sport: int, dport: int, flags: int, seq: int = 1, ack: int = 0, data: bytes = b"") -> bytes:
    return struct.pack(">HHIIBBHHH", sport, dport, seq, ack, 0x50, flags, 65535, 0, 0) + data


def udp(sport: int, dport: int, data: bytes) -> bytes:
    return struct.pack(">HHHH", sport, dport, 8 + len(data), 0) + data


def port(i: int) -> int:
    return 1024 + i % 60000


def attempts(n: int) -> Iterator[bytes]:
    """Of 256 sources at many ports, then of ever others."""
    for i in range(3 * n // 2):
        src, dst = NEAR + i % 256, FAR + i % 251
        yield ip4(6, tcp(port(i), 1 + i // 256, SYN), src, dst)
        yield ip4(17, udp(port(i), 1 + i // 256, b"x"), src, dst)
    for i in range(n):
        src, dst = NEAR + i, FAR + i * 7919 % (1 << 22)
        yield ip4(6, tcp(port(i), 1 + i, SYN), src, dst)
        if i % 2:
            yield ip4(6, tcp(1 + i, port(i), RST | ACK, 0, 2), dst, src)
        yield ip4(17, udp(port(i), 1 + i, b"x"), src, dst)


def stations(n: int) -> Iterator[bytes]:
    """Addresses that two stations claim in turn."""
    for i in range(n):
        for which in (1, 2, 1, 2):
            mac = struct.pack(">BBI", 2, which, i)
            yield (b"\xff" * 6 + mac + b"\x08\x06" + struct.pack(">HHBBH", 1, 0x0800, 6, 4, 2) + mac
                   + struct.pack(">I", NEAR + i) + bytes(6) + b"\x0a\0\0\1")


def name(*labels: bytes) -> bytes:
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def names(n: int) -> Iterator[bytes]:
    """A long one, and one that does not exist, each below a domain of its own."""
    for i in range(n):
        for asked, rcode in ((name(b"%040x" % (i * 2654435761), b"d%07d" % i, b"com"), 0),
                             (name(b"q%dxz%dk" % (i, i * 7), b"org"), 3)):
            query = struct.pack(">HHHHHH", i, 0x0100, 1, 0, 0, 0) + asked + b"\0\1\0\1"
            yield ip4(17, udp(port(2 * i + rcode), 53, query), NEAR + i, FAR)
            yield ip4(17, udp(53, port(2 * i + rcode), query[:2] + struct.pack(">H", 0x8180 | rcode) + query[4:]), FAR,
                      NEAR + i)


def talk(i: int, src: int, dst: int, dport: int, words: Words) -> Iterator[bytes]:
    """A connection, from its handshake to its end."""
    at = [1, 1]
    ends = ((src, dst, port(i), dport), (dst, src, dport, port(i)))
    for side, flags, data in [(0, SYN, b""), (1, SYN | ACK, b""), (0, ACK, b""),
                              *((side, PSH | ACK, data) for side, data in words),
                              (0, FIN | ACK, b""), (1, FIN | ACK, b""), (0, ACK, b"")]:
        here, there, sport, to = ends[side]
        yield ip4(6, tcp(sport, to, flags, at[side], at[1 - side] if flags & ACK else 0, data), here, there)
        at[side] += len(data) + (flags & (SYN | FIN) != 0)


def passwords(n: int) -> Iterator[bytes]:
    """By FTP, of 300 users who say other words each time, and of ever others; by HTTP, all of them wrong."""
    for i in range(n):
        yield from talk(i, NEAR + i % 300, FAR, 21, [
            (1, b"220 x\r\n"), (0, b"USER u%d\r\n" % (i % 300)), (1, b"331 x\r\n"), (0, b"PASS p%d\r\n" % i),
            (1, b"530 no\r\n"), (0, b"CWD d%d\r\n" % i), (1, b"530 x\r\n")])
    for i in range(n // 6):
        yield from talk(i, NEAR + i, FAR + i, 21, [
            (1, b"220 x\r\n"), (0, b"USER v%d\r\n" % i), (1, b"331 x\r\n"), (0, b"PASS p%d\r\n" % i),
            (1, b"230 x\r\n")])
    for i in range(n // 2):
        login = base64.b64encode(b"u%d:p" % i)
        yield from talk(i, NEAR + i % 2000, FAR + i % 13, 80, [
            (0, b"GET / HTTP/1.1\r\nHost: h%d\r\nAuthorization: Basic %s\r\n\r\n" % (i, login)),
            (1, b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")])


def certificates(n: int) -> Iterator[bytes]:
    """Those of a server whose serial number is another each time (X.690 section 8.3)."""
    words: Words = []
    for _, frame in captured("tls12"):
        segment = frame[14 + 4 * (frame[14] & 15):14 + int.from_bytes(frame[16:18], "big")]
        if data := segment[4 * (segment[12] >> 4):]:
            words.append((int(int.from_bytes(segment[2:4], "big") != 443), data))
    shown = next(k for k, (side, data) in enumerate(words) if side and b"\xa0\3\2\1\2\2" in data)
    data = words[shown][1]
    at = data.index(b"\xa0\3\2\1\2\2") + 9
    for i in range(n):
        changed = data[:at] + struct.pack(">I", i) + data[at + 4:]
        yield from talk(i, NEAR + i, FAR + i, 443, [*words[:shown], (1, changed), *words[shown + 1:shown + 3]])


def servers(n: int) -> Iterator[bytes]:
    """Of DHCP, each with a router of its own (RFC 2131, 2132), and those that one may log in to."""
    for i in range(n):
        own = struct.pack(">I", NEAR + i)
        body = struct.pack(">BBBBIHHIIII", 2, 1, 6, 0, i, 0, 0, 0, NEAR + 99, 0, 0) + b"\2\0\0\0\0\1" + bytes(202)
        options = b"\x63\x82\x53\x63\x35\1\2\x36\4" + own + b"\3\4" + own + b"\xff"
        yield ip4(17, udp(67, 68, body + options), NEAR + i, 0xFFFFFFFF)
    for i in range(4 * n):
        for dport, words in ((445, b"x"), (3389, bytes.fromhex("0300001300 0ee000000000000100080003000000")),
                             (22, b"SSH-2.0-x\r\n"), (23, b"root\r\n")):
            yield from talk(i, NEAR + i // 4, NEAR + 65536 + i, dport, [(dport == 22, words), (0, words)])


def write(path: Path) -> None:
    """About a million frames."""
    frames = [frame for some in (attempts(40000), stations(20000), names(20000), passwords(20000), certificates(5000),
                                 servers(2000)) for frame in some]
    gap = WITHIN_S * SECOND // len(frames)
    with path.open("wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
        for i, frame in enumerate(frames):
            second, ns = divmod(START + i * gap, SECOND)
            out.write(struct.pack("<IIII", second, ns, len(frame), len(frame)) + frame)
