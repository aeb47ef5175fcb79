"""Small captures, made of nothing but struct: HTTP over TCP, a DNS question and its answer, bare datagrams."""

from __future__ import annotations

import struct

HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
CLIENT, SERVER = "10.0.0.1", "10.0.0.2"
SYN, ACK, PSH, FIN = 2, 16, 8, 1


def packed(address: str) -> bytes:
    return bytes(int(part) for part in address.split("."))


def ip4(src: str, dst: str, protocol: int, body: bytes) -> bytes:
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0x4000, 64, protocol, 0)
    return b"\x02" * 6 + b"\x04" * 6 + b"\x08\0" + head + packed(src) + packed(dst) + body


def tcp(outward: bool, seq: int, ack: int, flags: int, data: bytes = b"", sport: int = 40000, dport: int = 80) -> bytes:
    ends, ports = ((CLIENT, SERVER), (sport, dport)) if outward else ((SERVER, CLIENT), (dport, sport))
    return ip4(*ends, 6, struct.pack(">HHIIBBHHH", *ports, seq, ack, 0x50, flags, 65535, 0, 0) + data)


def udp(src: str, sport: int, dst: str, dport: int, data: bytes) -> bytes:
    return ip4(src, dst, 17, struct.pack(">HHHH", sport, dport, 8 + len(data), 0) + data)


def capture(frames: list[bytes], start: int = 1_700_000_000) -> bytes:
    """A pcap of the frames, 1 ms apart."""
    out = [HEADER]
    for i, frame in enumerate(frames):
        out.append(struct.pack("<IIII", start + i // 1000, i % 1000 * 1000, len(frame), len(frame)) + frame)
    return b"".join(out)


def http_frames() -> list[bytes]:
    """One whole HTTP/1.1 exchange."""
    ask = b"GET /a?b=c HTTP/1.1\r\nHost: www.example.com\r\n\r\n"
    say = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    s, c = 9001 + len(say), 101 + len(ask)
    return [
        tcp(True, 100, 0, SYN), tcp(False, 9000, 101, SYN | ACK), tcp(True, 101, 9001, ACK),
        tcp(True, 101, 9001, PSH | ACK, ask), tcp(False, 9001, c, PSH | ACK, say), tcp(True, c, s, ACK),
        tcp(True, c, s, FIN | ACK), tcp(False, s, c + 1, FIN | ACK), tcp(True, c + 1, s + 1, ACK),
    ]


def dns_frames() -> list[bytes]:
    """A question for an A record and its answer."""
    question = b"\x03www\x07example\x03com\0\0\1\0\1"
    ask = struct.pack(">6H", 7, 0x0100, 1, 0, 0, 0) + question
    say = struct.pack(">6H", 7, 0x8180, 1, 1, 0, 0) + question + b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1"
    return [udp(CLIENT, 5000, SERVER, 53, ask), udp(SERVER, 53, CLIENT, 5000, say)]


def small() -> bytes:
    return capture([*http_frames(), *dns_frames()])


def many(count: int, flows: int = 50) -> bytes:
    """`count` datagrams of 100 bytes over `flows` flows."""
    return capture([udp(CLIENT, 1024 + i % flows, SERVER, 9999, bytes(100)) for i in range(count)])
