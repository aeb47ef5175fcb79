"""Fields of EtherNet/IP's encapsulation, CIP volume 2 chapter 2, and of the CIP message in it, volume 1 chapter 2."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Choice, Layout, Part, Raw, hexed, le16, le32, u8

COMMANDS = {
    0: "NOP",
    4: "list services",
    0x63: "list identity",
    0x64: "list interfaces",
    0x65: "register session",
    0x66: "unregister session",
    0x6F: "send RR data",
    0x70: "send unit data",
}
ITEMS = {
    0: "null address",
    0xA1: "connected address",
    0xB1: "connected data",
    0xB2: "unconnected data",
    0x8000: "socket, O to T",
    0x8001: "socket, T to O",
    0x8002: "sequenced address",
    0x0C: "identity",
    0x100: "services",
}
SERVICES = {
    1: "get attributes all",
    3: "get attribute list",
    4: "set attribute list",
    0x0E: "get attribute",
    0x10: "set attribute",
    0x4B: "execute PCCC",
    0x4C: "read tag",
    0x4D: "write tag",
    0x4E: "forward close",
    0x52: "unconnected send or read fragment",
    0x54: "forward open",
}
NAMES = SERVICES | {code | 128: f"{name}: response" for code, name in SERVICES.items()}
CIP = (
    u8("cip.service", "Service", NAMES, "x"),
    Choice(
        lambda at, seen: seen["cip.service"] >> 7,
        {
            0: (
                u8("cip.request_path_size", "Path, words"),
                hexed("cip.path", "Path", lambda at, seen: 2 * seen["cip.request_path_size"]),
            ),
            1: (
                u8("", "Reserved"),
                u8("cip.genstat", "Status", base="x"),
                u8("cip.addstat_size", "Further status, words"),
            ),
        },
    ),
    Raw("cip.data", "Data"),
)
ITEM = Part(
    "enip.cpf.item",
    "Item",
    (
        le16("enip.cpf.typeid", "Type", ITEMS, "x"),
        le16("enip.cpf.length", "Length", unit=" B"),
        Part(
            "cip",
            "Content",
            (
                Choice(
                    "enip.cpf.typeid",
                    {0xB2: CIP, 0xB1: (le16("cip.seq", "Sequence"), *CIP)},
                    (hexed("enip.cpf.data", "Data"),),
                ),
            ),
            "enip.cpf.length",
        ),
    ),
    count="enip.cpf.itemcount",
    title="{enip.cpf.typeid}",
)
ITEMIZED = (
    le32("enip.srrd.iface", "Interface", base="x"),
    le16("enip.srrd.timeout", "Time-out", unit=" s"),
    le16("enip.cpf.itemcount", "Items"),
    ITEM,
)


def _size(data: bytes) -> int:
    return (
        24 + int.from_bytes(data[2:4], "little")
        if len(data) >= 24 and int.from_bytes(data[:2], "little") in COMMANDS
        else 0
    )


TREE = Layout(
    "enip",
    "EtherNet/IP",
    (
        le16("enip.command", "Command", COMMANDS, "x"),
        le16("enip.length", "Length", unit=" B"),
        le32("enip.session", "Session", base="x"),
        le32("enip.status", "Status", base="x"),
        hexed("enip.context", "Sender's context", 8),
        le32("enip.options", "Options", base="x"),
        Choice(
            "enip.command",
            {
                0x6F: ITEMIZED,
                0x70: ITEMIZED,
                0x65: (le16("enip.rs.version", "Version"), le16("enip.rs.flags", "Flags", base="x")),
            },
            (Raw("enip.data", "Data"),),
        ),
    ),
    "{enip.command} {cip.service}, session {enip.session}",
    _size,
)
