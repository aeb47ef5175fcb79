"""Captures of many short flows."""

from __future__ import annotations

import struct


def flows_of(count: int) -> bytes:
    """A pcap of so many UDP flows of one packet each, 10 µs apart."""
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]
    for i in range(count):
        udp = struct.pack(">HHHH", 1024 + i % 60000, 9, 12, 0) + b"abcd"
        address = struct.pack(">I", 0x0A000001 + i // 60000)
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), i & 0xFFFF, 0, 64, 17, 0) + address + b"\x0a\x01\x00\x01"
        frame = b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0" + ip + udp
        out.append(struct.pack("<IIII", 1_700_000_000 + i // 100_000, i % 100_000 * 10, len(frame), len(frame)) + frame)
    return b"".join(out)
