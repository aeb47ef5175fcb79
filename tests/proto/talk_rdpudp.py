"""Datagrams of RDP over UDP, for its test and its fuzz target. Built by hand after MS-RDPEUDP section 2.2."""

import struct

PORT = 3389


def first(flags: int, version: int = 2, ack: int = 0xFFFFFFFF, mtu: int = 1232) -> bytes:
    made = struct.pack(">IHHIHH", ack, 64, flags, 0x11223344, mtu, mtu)
    if flags & 0x0800:
        made += bytes(range(16)) + bytes(16)
    if flags & 0x1000:
        made += struct.pack(">HH", 1, version)
    return made.ljust(1232, b"\0")


def record(head: bytes, vector: int = 1, flags: int = 0x0C, ahead: int = 0) -> bytes:
    made = struct.pack(">IHHH", 5, 64, flags, vector) + bytes(vector)
    made += bytes(-len(made) & 3) + (bytes(4) if flags & 0x100 else b"")
    return made + struct.pack(">II", 9 + ahead, 9) + head + bytes(40)


TALK = [
    (0, first(0x1A01)),
    (1, first(0x1005, ack=0x11223344)),
    (0, b"\x0f" * 60),
]
LATE = [(0, record(b"\x17\3\3\0\x28")), (1, record(b"\x16\xfe\xff\0\0", vector=4, flags=0x10C))]
TALKS: list = []
DATAGRAMS = [TALK, LATE]
