"""Fields of OpenVPN's packets: its security overview; what tls-crypt wraps stays closed."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Bits, Choice, Layout, Raw, Region, Seen, hexed, u8, u16, u24

OPS = {
    1: "hard reset client v1",
    2: "hard reset server v1",
    3: "soft reset",
    4: "control",
    5: "acknowledgement",
    6: "data v1",
    7: "hard reset client v2",
    8: "hard reset server v2",
    9: "data v2",
    10: "hard reset client v3",
    11: "wrapped key",
}
KIND = u8(
    "openvpn.type",
    "Type",
    base="x",
    bits=(Bits("openvpn.opcode", "Operation", 0xF8, OPS), Bits("openvpn.keyid", "Key", 0x07)),
)
DATA = Raw("openvpn.data", "Data, encrypted")
REST = Choice(
    "openvpn.opcode",
    {9: (u24("openvpn.peerid", "Peer"), DATA), 6: (DATA,)},
    (hexed("openvpn.sessionid", "Session", 8), Raw("openvpn.rest", "Authentication and content")),
)


def _framed(at: Region, seen: Seen) -> object:
    return at.left > 2 and at.peek(2) == at.left - 2


def _size(data: bytes) -> int:
    """Over TCP a length stands before each packet."""
    if len(data) > 2 and data[2] >> 3 in OPS and data[0] >> 3 not in (7, 8):
        return 2 + int.from_bytes(data[:2], "big")
    return len(data) if data[0] >> 3 in OPS else 0


TREE = Layout(
    "openvpn",
    "OpenVPN",
    (Choice(_framed, {True: (u16("openvpn.plen", "Length", unit=" B"),)}), KIND, REST),
    "{openvpn.opcode}",
    _size,
)
