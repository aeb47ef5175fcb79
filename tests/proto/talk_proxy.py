"""Heads as proxy-protocol.txt has them, for the test of proxy and its fuzz target, and what they tell."""

import struct

V1 = b"PROXY TCP4 192.0.2.33 198.51.100.7 56324 443\r\n"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def v2(command: int, family: int, ends: bytes, *values: tuple[int, bytes]) -> bytes:
    """A head of version 2."""
    rest = ends + b"".join(struct.pack(">BH", kind, len(value)) + value for kind, value in values)
    return SIGNATURE + struct.pack(">BBH", command, family, len(rest)) + rest


ENDS4 = bytes((192, 0, 2, 33, 198, 51, 100, 7)) + struct.pack(">HH", 56324, 443)
ENDS6 = bytes.fromhex("20010db8000000000000000000000001 20010db8000f00000000000000000002") + struct.pack(">HH", 1, 2)
NAMES = ((1, b"h2"), (2, b"www.example.com"), (5, b"\x01\x02\xff"), (4, bytes(3)))
FOUR = {"src": "192.0.2.33", "sport": 56324, "dst": "198.51.100.7", "dport": 443}

# of each: [(side, bytes)], the code of the seam it ends with, who is the client, the object, the label
TALKS: list[tuple[list[tuple[int, bytes]], int, int | None, dict, str]] = [
    ([(0, V1 + b"GET / HTTP/1.1\r\n")], 3, 0, {"version": 1, **FOUR}, "PROXY 192.0.2.33:56324"),
    ([(0, b"PROXY TCP6 2001:DB8::1 2001:db8:f::2 1 2\r\n")], 3, 0,
     {"version": 1, "src": "2001:db8::1", "sport": 1, "dst": "2001:db8:f::2", "dport": 2}, "PROXY [2001:db8::1]:1"),
    ([(0, b"PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n")], 3, 0, {"version": 1, "local": True},
     "PROXY"),
    ([(0, b"PROXY TCP4 192.0.2.33 mallory 1 2\r\n")], 3, 0, {"version": 1}, "PROXY"),
    ([(0, v2(0x21, 0x11, ENDS4, *NAMES) + b"\x16\x03\x01")], 3, 0,
     {"version": 2, **FOUR, "alpn": "h2", "authority": "www.example.com", "unique_id": "0102ff"},
     "PROXY 192.0.2.33:56324"),
    ([(0, v2(0x21, 0x21, ENDS6))], 3, 0,
     {"version": 2, "src": "2001:db8::1", "sport": 1, "dst": "2001:db8:f::2", "dport": 2}, "PROXY [2001:db8::1]:1"),
    ([(0, v2(0x20, 0, b""))], 3, 0, {"version": 2, "local": True}, "PROXY"),
    ([(0, v2(0x21, 0x31, bytes(216)))], 3, 0, {"version": 2}, "PROXY"),
    ([(0, v2(0x21, 0x11, ENDS4[:7]))], 3, 0, {"version": 2}, "PROXY"),
]
