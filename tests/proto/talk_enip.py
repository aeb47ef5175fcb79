"""Conversations of EtherNet/IP, for its test and its fuzz target. Built by hand after CIP volumes 1 and 2."""

import struct

PORT = 44818
SESSION = 0x12345678


def message(command: int, data: bytes = b"", session: int = SESSION, status: int = 0, context: int = 1) -> bytes:
    return struct.pack("<HHIIQI", command, len(data), session, status, context, 0) + data


def items(*each: tuple[int, bytes]) -> bytes:
    return struct.pack("<H", len(each)) + b"".join(struct.pack("<HH", kind, len(data)) + data for kind, data in each)


def unconnected(cip: bytes, context: int = 1) -> bytes:
    return message(0x6F, bytes(6) + items((0, b""), (0xB2, cip)), context=context)


def connected(cip: bytes, sequence: int = 1) -> bytes:
    address = struct.pack("<I", 99)
    return message(0x70, bytes(6) + items((0xA1, address), (0xB1, struct.pack("<H", sequence) + cip)), context=0)


def ask(service: int, path: bytes, data: bytes = b"") -> bytes:
    return bytes([service, len(path) // 2]) + path + data


def answer(service: int, status: int = 0, data: bytes = b"") -> bytes:
    return bytes([service | 0x80, 0, status, 0]) + data


def path(group: int, instance: int = 1, attribute: int | None = None) -> bytes:
    made = bytes([0x20, group]) if group < 256 else b"\x21\0" + struct.pack("<H", group)
    return made + bytes([0x24, instance]) + (b"" if attribute is None else bytes([0x30, attribute]))


def symbol(name: bytes) -> bytes:
    return bytes([0x91, len(name)]) + name + bytes(len(name) & 1)


IDENTITY = struct.pack("<H", 1) + bytes(16) + struct.pack("<HHHBBHI", 1, 14, 55, 20, 11, 0x60, 0xC0FFEE01)
IDENTITY += b"\x0b1756-L61/B!\3"
REGISTER = message(0x65, b"\1\0\0\0", session=0)
PACKED = [ask(0x4C, symbol(b"Speed"), b"\1\0"), ask(0x0E, path(0xF5, 1, 5))]
MULTIPLE = ask(0x0A, path(2), struct.pack("<HHH", 2, 6, 6 + len(PACKED[0])) + b"".join(PACKED))
INSIDE = ask(0x4D, symbol(b"Valve.Open"), b"\xc1\0\1\0\1")
SENT_ON = ask(0x52, path(6), b"\x0a\x0e" + struct.pack("<H", len(INSIDE)) + INSIDE + b"\1\0\1\0")
TALK = [
    (0, REGISTER),
    (1, message(0x65, b"\1\0\0\0")),
    (0, message(0x63, session=0, context=2)),
    (1, message(0x63, items((12, IDENTITY)), session=0, context=2)),
    (0, unconnected(ask(0x0E, path(1, 1, 7)), 3)),
    (1, unconnected(answer(0x0E, 0, b"\x05model"), 3)),
    (0, unconnected(SENT_ON, 4)),
    (1, unconnected(answer(0x4D, 5), 4)),
    (0, connected(MULTIPLE)),
    (1, connected(answer(0x0A, 0, bytes(20)))),
    (0, message(0x6F, bytes(6) + items((0, b""), (0xB2, ask(0x55, path(0x6B)))), context=5) + message(0x66)),
    (1, message(0x6F, b"", status=0x64, context=5)),
]
TALKS: list[tuple[list[tuple[int, bytes]], int, int | None, dict, str]] = [
    (TALK, 0, 0, {
        "commands": ["RegisterSession", "ListIdentity", "SendRRData", "SendUnitData", "UnRegisterSession"],
        "requests": 5, "product": "1756-L61/B!", "vendor": 1, "device_type": 14, "product_code": 55,
        "revision": "20.11", "serial": "c0ffee01",
        "services": ["Identity Get_Attribute_Single", "Connection Manager Unconnected_Send", "Write_Tag",
                     "Message Router Multiple_Service_Packet", "Read_Tag", "TCP/IP Interface Get_Attribute_Single",
                     "Symbol Get_Instance_Attribute_List"],
        "tags": ["Valve.Open", "Speed"], "failures": ["service 0x4d: path destination unknown"],
        "errors": ["invalid session handle"],
    }, "EtherNet/IP 1756-L61/B! Identity Get_Attribute_Single"),
]
IMPLICIT = struct.pack("<HHHIIHH", 2, 0x8002, 8, 0xAABB, 1, 0xB1, 6) + bytes(6)
DATAGRAMS = [[TALK[2], TALK[3], (0, message(4))], [(0, IMPLICIT), (1, IMPLICIT)]]
