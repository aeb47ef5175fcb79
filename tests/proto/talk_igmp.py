"""Reports of groups by IGMP and MLD, for their test and fuzz targets."""

import ipaddress
import struct

PORT = 0
TALKS: list = []


def addresses(*texts: str) -> bytes:
    return b"".join(ipaddress.ip_address(text).packed for text in texts)


def record(kind: int, group: str, *sources: str, more: bytes = b"") -> bytes:
    return struct.pack(">BBH", kind, len(more) // 4, len(sources)) + addresses(group, *sources) + more


def report(*records: bytes, kind: int = 0x22, said: int | None = None) -> bytes:
    return struct.pack(">BBHHH", kind, 0, 0, 0, len(records) if said is None else said) + b"".join(records)


V3 = report(record(4, "239.1.1.1"), record(3, "239.1.1.2", "192.0.2.9"),
            record(6, "232.1.1.3", "192.0.2.8", "192.0.2.7", more=b"abcd"), record(3, "239.9.9.9"))
V2 = b"\x16\0\0\0" + addresses("239.1.1.1")
LEAVE = b"\x17\0\0\0" + addresses("239.1.1.1")
QUERY = b"\x11\x64\0\0" + bytes(4) + b"\2\x7d\0\0"
MLD2 = report(record(4, "ff02::fb"), record(3, "ff3e::1", "2001:db8::9"), kind=143)
MLD1 = b"\x83" + bytes(7) + addresses("ff02::fb")
DONE = b"\x84" + bytes(7) + addresses("ff02::fb")
DATAGRAMS = [[(0, V3), (0, V2), (0, LEAVE), (1, QUERY)], [(0, MLD2), (0, MLD1), (0, DONE)]]
