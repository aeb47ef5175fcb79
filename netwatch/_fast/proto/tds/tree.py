"""Fields of TDS' packets, MS-TDS 2.2.3."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Bits, Choice, Layout, Raw, u8, u16

TYPES = {
    1: "SQL batch",
    2: "login (old)",
    3: "remote procedure call",
    4: "response",
    6: "attention",
    7: "bulk load",
    14: "transaction manager",
    16: "login",
    17: "SSPI",
    18: "pre-login",
}


def _utf16(raw: bytes) -> str:
    from netwatch._fast.base.text import clean

    shown: str = clean(raw.decode("utf-16-le", "replace").encode(), 255)
    return shown


def _size(data: bytes) -> int:
    return int.from_bytes(data[2:4], "big") if len(data) >= 8 and data[0] in TYPES and data[7] == 0 else 0


TREE = Layout(
    "tds",
    "TDS",
    (
        u8("tds.type", "Type", TYPES),
        u8("tds.status", "Status", base="x", bits=(Bits("tds.status.eom", "Last of its message", 1),)),
        u16("tds.length", "Length", unit=" B"),
        u16("tds.channel", "Process"),
        u8("tds.packet_number", "Packet"),
        u8("tds.window", "Window"),
        Choice(
            "tds.type", {1: (Raw("tds.query", "Query, with its headers", None, _utf16),)}, (Raw("tds.data", "Data"),)
        ),
    ),
    "{tds.type}",
    _size,
)
