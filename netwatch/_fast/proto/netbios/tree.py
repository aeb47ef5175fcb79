"""Fields of NetBIOS over TCP/IP: the session service (RFC 1002 section 4.3), names (4.2) and datagrams (4.4)."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import (
    Bits,
    Choice,
    Layout,
    Part,
    Raw,
    Region,
    Seen,
    ip4,
    text,
    u8,
    u16,
    u24,
    u32,
)

SESSION = {
    0x00: "message",
    0x81: "request",
    0x82: "positive response",
    0x83: "negative response",
    0x84: "retarget",
    0x85: "keep-alive",
}
DATAGRAM = {
    16: "direct unique",
    17: "direct group",
    18: "broadcast",
    19: "error",
    20: "query request",
    21: "positive query response",
    22: "negative query response",
}
OPS = {0: "query", 5: "registration", 6: "release", 7: "wait", 8: "refresh"}


def _decoded(raw: bytes) -> str:
    """RFC 1001 section 14.1: each half byte is a letter from A on."""
    body = raw[1:33]
    if len(body) < 32 or not all(65 <= byte <= 80 for byte in body):
        return text(raw)
    plain = bytes((body[at] - 65) << 4 | body[at + 1] - 65 for at in range(0, 32, 2))
    return f"{text(plain[:15].rstrip())}<{plain[15]:02x}>"


def _name_size(at: Region, seen: Seen) -> int:
    """Up to the empty label, or a pointer (RFC 1035 section 4.1)."""
    place = at.at
    while place < at.end and at.data[place]:
        if at.data[place] >= 0xC0:
            return place + 2 - at.at
        place += 1 + at.data[place]
    return place + 1 - at.at


def _kind(at: Region, seen: Seen) -> object:
    first = at.peek(1)
    if first in SESSION and at.left >= 4 and at.peek(1, 1) < 2 and at.left <= 4 + at.peek(3, 1) < 0x20004:
        return "session"
    return "datagram" if first in DATAGRAM and at.left >= 14 and at.peek(1, 1) & 0xF0 == 0 else "name"


NAME = Raw("nbns.name", "Name", _name_size, _decoded)
TREE = Layout(
    "netbios",
    "NetBIOS",
    (
        Choice(
            _kind,
            {
                "session": (
                    u8("nbss.type", "Type", SESSION, "x"),
                    u24("nbss.length", "Length", unit=" B"),
                    Raw("nbss.payload", "Content"),
                ),
                "datagram": (
                    u8("nbdgm.type", "Type", DATAGRAM),
                    u8(
                        "nbdgm.flags",
                        "Flags",
                        base="x",
                        bits=(Bits("nbdgm.first", "First", 2), Bits("nbdgm.next", "More", 1)),
                    ),
                    u16("nbdgm.dgram_id", "Datagram", base="x"),
                    ip4("nbdgm.src.ip", "Source"),
                    u16("nbdgm.src.port", "Source port"),
                    Choice(
                        "nbdgm.type",
                        {
                            each: (
                                u16("nbdgm.dgram_len", "Length", unit=" B"),
                                u16("nbdgm.pkt_offset", "Offset"),
                                Raw("nbdgm.source_name", "Source name", _name_size, _decoded),
                                Raw("nbdgm.destination_name", "Destination name", _name_size, _decoded),
                                Raw("nbdgm.data", "Data"),
                            )
                            for each in (16, 17, 18)
                        },
                    ),
                ),
            },
            (
                u16("nbns.id", "Identification", base="x"),
                u16(
                    "nbns.flags",
                    "Flags",
                    base="x",
                    bits=(
                        Bits("nbns.flags.response", "Response", 0x8000, {0: "request", 1: "response"}),
                        Bits("nbns.flags.opcode", "Operation", 0x7800, OPS),
                        Bits("nbns.flags.rcode", "Answer code", 0x000F),
                    ),
                ),
                u16("nbns.count.queries", "Questions"),
                u16("nbns.count.answers", "Answers"),
                u16("nbns.count.auth_rr", "Authorities"),
                u16("nbns.count.add_rr", "Additional records"),
                Part(
                    "nbns.query",
                    "Question",
                    (NAME, u16("nbns.type", "Type", {0x20: "NB", 0x21: "NBSTAT"}), u16("nbns.class", "Class")),
                    count="nbns.count.queries",
                    title="{nbns.name}",
                ),
                Part(
                    "nbns.answer",
                    "Answer",
                    (
                        NAME,
                        u16("nbns.type", "Type", {0x20: "NB", 0x21: "NBSTAT"}),
                        u16("nbns.class", "Class"),
                        u32("nbns.ttl", "Time to live", unit=" s"),
                        u16("nbns.data_length", "Length", unit=" B"),
                        Raw("nbns.data", "Data", "nbns.data_length"),
                    ),
                    count="nbns.count.answers",
                    title="{nbns.name}",
                ),
            ),
        ),
    ),
    "{nbss.type} {nbdgm.type} {nbdgm.source_name} {nbns.flags.opcode} {nbns.flags.response} {nbns.name}",
)
