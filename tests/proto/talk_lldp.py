"""What neighbours tell of themselves by LLDP (IEEE 802.1AB) and CDP, for their test and fuzz targets."""

import struct

PORT = 0
TALKS: list = []
MAC = bytes.fromhex("02000000000a")


def tlv(kind: int, body: bytes) -> bytes:
    return struct.pack(">H", kind << 9 | len(body)) + body


SWITCH = b"".join((
    tlv(1, b"\4" + MAC), tlv(2, b"\5Gi1/0/7"), tlv(3, b"\0\x78"), tlv(4, b"uplink"), tlv(5, b"sw1.example"),
    tlv(6, b"Example OS 15"), tlv(7, b"\0\x14\0\4"), tlv(8, b"\5\1\xc0\0\2\7\2\0\0\0\1\0"),
    tlv(127, b"\0\x80\xc2\1\0\x0a"), tlv(0, b""),
))  # fmt: skip
PHONE = b"".join((tlv(1, b"\5\1\xc0\0\2\x09"), tlv(2, b"\3" + MAC), tlv(3, b"\0\x3c"), tlv(7, b"\0\x24\0\x24"),
                  tlv(8, b"\x11\2" + bytes.fromhex("20010db8") + bytes(11) + b"\1" + b"\2\0\0\0\1\0"), tlv(0, b"")))


def value(kind: int, body: bytes) -> bytes:
    return struct.pack(">HH", kind, len(body) + 4) + body


SNAP6 = bytes.fromhex("aaaa0300000086dd")
ADDRESSES = (b"\0\0\0\2" + b"\1\1\xcc\0\4\xc0\0\2\x09" + b"\2\x08" + SNAP6 + b"\0\x10" + bytes.fromhex("20010db8")
             + bytes(11) + b"\2")
ROUTER = b"\2\xb4\0\0" + b"".join((
    value(1, b"r2.example"), value(2, ADDRESSES), value(3, b"FastEthernet0/1"), value(4, b"\0\0\0\x29"),
    value(5, b"Example Software, 12.2"), value(6, b"example 2950"), value(9, b"dom"), value(10, b"\0\x0a"),
    value(11, b"\1"),
))  # fmt: skip
DATAGRAMS = [[(0, SWITCH), (0, SWITCH)], [(0, PHONE)], [(0, ROUTER)]]
