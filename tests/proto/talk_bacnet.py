"""Datagrams of BACnet/IP, for its test and its fuzz target. Built by hand after ASHRAE 135, annex J."""

import struct

PORT = 47808


def bvlc(function: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0x81, function, 4 + len(body)) + body


def npdu(apdu: bytes, control: int = 0, addresses: bytes = b"", function: int = 10, before: bytes = b"") -> bytes:
    return bvlc(function, before + bytes([1, control]) + addresses + apdu)


def confirmed(invoke: int, service: int, body: bytes, **more) -> bytes:
    return npdu(bytes([0, 5, invoke, service]) + body, **more)


def object_id(kind: int, instance: int, tag: int = 0x0C) -> bytes:
    return bytes([tag]) + struct.pack(">I", kind << 22 | instance)


def text(data: bytes) -> bytes:
    return b"\x3e\x75" + bytes([len(data) + 1, 0]) + data + b"\x3f"


I_AM = b"\x10\0" + object_id(8, 1234, 0xC4) + b"\x22\x05\xc4\x91\x03\x21\x2a"
NAME = object_id(8, 1234) + b"\x19\x4d"
ANALOG = object_id(0, 7) + b"\x19\x55"
TALK = [
    (0, npdu(b"\x10\x08", function=11, control=0x20, addresses=b"\xff\xff\0\xff")),
    (1, npdu(I_AM, function=11, control=8, addresses=b"\0\x0d\1\5")),
    (0, confirmed(1, 12, NAME, control=4)),
    (1, npdu(b"\x30\1\x0c" + NAME + text(b"AHU-1"))),
    (0, confirmed(2, 15, ANALOG + b"\x3e\x44\x42\xc8\0\0\x3f")),
    (1, npdu(b"\x20\2\x0f")),
    (0, confirmed(3, 12, ANALOG)),
    (1, npdu(b"\x50\3\x0c\x91\1\x91\x1f")),
    (0, confirmed(4, 14, ANALOG)),
    (1, npdu(b"\x60\4\x09")),
    (1, npdu(b"\x71\5\x04")),
    (0, bvlc(5, b"\0\x3c")),
    (1, bvlc(0, b"\0\0")),
    (0, npdu(b"\0", control=0x80, function=11)),
    (0, npdu(b"\x10\x08", function=4, before=bytes([192, 0, 2, 1, 0xBA, 0xC0]))),
]
TALKS: list = []
DATAGRAMS = [TALK]
