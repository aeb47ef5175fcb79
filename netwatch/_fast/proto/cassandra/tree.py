"""Fields of Cassandra's frames: its native protocol, versions 3 to 5, section 2; what version
5 frames anew after its handshake is told as data."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Bits, Choice, Layout, Raw, string, u8, u16, u32

OPS = {
    0: "error",
    1: "startup",
    2: "ready",
    3: "authenticate",
    5: "options",
    6: "supported",
    7: "query",
    8: "result",
    9: "prepare",
    10: "execute",
    11: "register",
    12: "event",
    13: "batch",
    14: "authentication challenge",
    15: "authentication answer",
    16: "authentication success",
}
RESULTS = {1: "void", 2: "rows", 3: "keyspace", 4: "prepared", 5: "schema change"}


def _size(data: bytes) -> int:
    return 9 + int.from_bytes(data[5:9], "big") if len(data) >= 9 and 3 <= data[0] & 127 <= 5 and data[4] in OPS else 0


QUERY = (
    u32("cql.string_length", "Length", unit=" B"),
    string("cql.query", "Query", "cql.string_length"),
    Raw("cql.query.rest", "Consistency and values"),
)
TREE = Layout(
    "cql",
    "Cassandra",
    (
        u8(
            "cql.version_byte",
            "Version and direction",
            base="x",
            bits=(
                Bits("cql.direction", "Direction", 0x80, {0: "request", 1: "response"}),
                Bits("cql.version", "Version", 0x7F),
            ),
        ),
        u8("cql.flags", "Flags", base="x"),
        u16("cql.stream", "Stream"),
        u8("cql.opcode", "Operation", OPS),
        u32("cql.length", "Length", unit=" B"),
        Choice(
            "cql.opcode",
            {
                7: QUERY,
                9: QUERY,
                0: (
                    u32("cql.error_code", "Error", base="x"),
                    u16("cql.string_length", "Length", unit=" B"),
                    string("cql.string", "Message", "cql.string_length"),
                ),
                8: (u32("cql.result.kind", "Result", RESULTS), Raw("cql.result", "Content")),
            },
            (Raw("cql.bytes", "Content"),),
        ),
    ),
    "{cql.opcode} {cql.query} {cql.result.kind}, stream {cql.stream}",
    _size,
)
