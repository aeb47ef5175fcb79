"""Messages of GTP-C, for its test and its fuzz target. Built by hand after 3GPP TS 29.060 and TS 29.274."""

import struct

PORT = 2123


def digits(text: str) -> bytes:
    text += "f" * (len(text) & 1)
    return bytes(int(b + a, 16) for a, b in zip(text[::2], text[1::2], strict=True))


def ie(kind: int, data: bytes) -> bytes:
    """An element of version 2."""
    return struct.pack(">BHB", kind, len(data), 0) + data


def two(kind: int, sequence: int, *elements: bytes, teid: int | None = 0, flags: int = 0) -> bytes:
    body = (b"" if teid is None else struct.pack(">I", teid)) + struct.pack(">I", sequence << 8) + b"".join(elements)
    return struct.pack(">BBH", 0x40 | flags | (0 if teid is None else 8), kind, len(body)) + body


def tlv(kind: int, data: bytes) -> bytes:
    """An element of version 1 that says its length."""
    return struct.pack(">BH", kind, len(data)) + data


def one(kind: int, sequence: int, *elements: bytes, teid: int = 0, flags: int = 2, more: bytes = b"\0\0") -> bytes:
    body = struct.pack(">H", sequence) + more + b"".join(elements)
    return struct.pack(">BBHI", 0x30 | flags, kind, len(body), teid) + body


APN = b"\x08internet\x06mnc001"
IMSI = digits("262011234567890")
END = b"\x86\0\0\0\7" + bytes([192, 0, 2, 8])
BEARER = ie(93, ie(73, b"\5") + ie(87, b"\xc0\0\0\0\1" + bytes([192, 0, 2, 9]) + bytes(15) + b"\1"))
CREATE = two(32, 5, ie(1, IMSI), ie(76, digits("491701234567")), ie(75, digits("3534900698733153")), ie(71, APN),
             ie(83, b"\x62\xf2\x10"), ie(82, b"\6"), ie(87, END), ie(79, b"\1" + bytes(4)), BEARER)
CREATED = two(33, 5, ie(2, b"\x10\0"), ie(79, b"\3\x40" + bytes.fromhex("20010db8") + bytes(12) + bytes([10, 0, 0, 9])))
VERSION_2 = [
    (0, two(1, 1, ie(3, b"\7"), teid=None)),
    (1, two(2, 1, ie(3, b"\7"), teid=None)),
    (0, CREATE),
    (1, CREATED),
    (1, two(95, 6, ie(73, b"\5"), ie(93, ie(73, b"\6")), teid=9)),
    (0, two(96, 6, ie(2, b"\x49\0"), ie(93, ie(73, b"\6")), teid=9, flags=0x10) + two(34, 7, ie(73, b"\5"), teid=9)),
    (1, two(35, 7, ie(2, b"\x40\0"), teid=9)),
]
PDP = one(16, 11, b"\2" + IMSI, b"\3\x62\xf2\x10\0\1\1", b"\x0e\7", b"\x0f\xfc", b"\x10\0\0\0\1", b"\x11\0\0\0\2",
          b"\x14\5", tlv(128, b"\xf1\x21"), tlv(131, APN), tlv(133, bytes([192, 0, 2, 3])),
          tlv(134, b"\x91" + digits("491701234567")), tlv(135, bytes(12)), tlv(151, b"\1"),
          tlv(154, digits("3534900698733153")))
VERSION_1 = [
    (0, PDP),
    (1, one(17, 11, b"\1\x80", b"\x08\xfe", tlv(128, b"\xf1\x21" + bytes([10, 0, 0, 5])),
            tlv(133, bytes([192, 0, 2, 4])))),
    (0, one(20, 12, b"\1\0\0\0", b"\x13\xff", b"\x14\5", teid=2, flags=6, more=b"\0\xc0")),
    (1, one(21, 12, b"\1\xd2")),
]
TALKS: list = []
DATAGRAMS = [VERSION_2, VERSION_1]
