"""Captures written by hand, byte by byte, so that the tests rely on the format documents and on no other writer."""

from __future__ import annotations

import struct

Packet = tuple[int, bytes]  # nanoseconds, bytes

PACKETS: list[Packet] = [
    (1_700_000_000_123_456_000, b"\x02" * 14 + b"first"),
    (1_700_000_000_123_457_000, b""),
    (1_700_000_001_999_999_000, bytes(range(256)) * 3),
    (1_700_000_001_000_000_000, b"\x02" * 60),
]

SHB, IDB, OPB, SPB, NRB, EPB, DSB = 0x0A0D0D0A, 1, 2, 3, 4, 6, 10


def pcap_header(
    order: str = "<", magic: int = 0xA1B2C3D4, network: int = 1, version: tuple[int, ...] = (2, 4)
) -> bytes:
    return struct.pack(order + "IHHiIII", magic, *version, 0, 0, 262144, network)


def pcap_record(order: str, tick: int, ts: int, data: bytes, wire: int | None = None, extra: bytes = b"") -> bytes:
    wire = len(data) if wire is None else wire
    seconds, rest = divmod(ts, 10**9)
    return struct.pack(order + "IIII", seconds, rest // tick, len(data), wire) + extra + data


def pcap(packets: list[Packet] = PACKETS, order: str = "<", magic: int = 0xA1B2C3D4, network: int = 1) -> bytes:
    tick = 1 if magic == 0xA1B23C4D else 1000
    extra = b"\0" * 8 if magic == 0xA1B2CD34 else b""
    records = [pcap_record(order, tick, ts, data, extra=extra) for ts, data in packets]
    return pcap_header(order, magic, network) + b"".join(records)


def pad(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


def block(order: str, kind: int, body: bytes) -> bytes:
    size = struct.pack(order + "I", len(pad(body)) + 12)
    return struct.pack(order + "I", kind) + size + pad(body) + size


def option(order: str, code: int, value: bytes) -> bytes:
    return struct.pack(order + "HH", code, len(value)) + pad(value)


def section(order: str = "<") -> bytes:
    return block(order, SHB, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(order: str = "<", link: int = 1, snaplen: int = 0, options: bytes = b"") -> bytes:
    return block(order, IDB, struct.pack(order + "HHI", link, 0, snaplen) + options)


def enhanced(order: str, iface: int, ticks: int, data: bytes, wire: int | None = None, options: bytes = b"") -> bytes:
    wire = len(data) if wire is None else wire
    head = struct.pack(order + "IIIII", iface, ticks >> 32, ticks & 0xFFFFFFFF, len(data), wire)
    return block(order, EPB, head + pad(data) + options)


def pcapng(packets: list[Packet] = PACKETS, order: str = "<") -> bytes:
    nanoseconds = option(order, 9, b"\x09") + option(order, 0, b"")
    packet_blocks = [enhanced(order, 0, ts, data) for ts, data in packets]
    return section(order) + interface(order, options=nanoseconds) + b"".join(packet_blocks)
