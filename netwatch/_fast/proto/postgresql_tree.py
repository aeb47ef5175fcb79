"""Fields of PostgreSQL's messages, its manual's chapter "Frontend/Backend Protocol"."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import (
    Choice,
    Layout,
    Part,
    Raw,
    Region,
    Seen,
    Until,
    hexed,
    string,
    u8,
    u16,
    u32,
)

KINDS = {
    ord(key): name
    for key, name in {
        "Q": "query",
        "P": "parse",
        "B": "bind",
        "E": "execute or error",
        "D": "describe or data row",
        "S": "sync or parameter",
        "C": "close or complete",
        "X": "terminate",
        "p": "password",
        "R": "authentication",
        "K": "backend key",
        "Z": "ready for query",
        "T": "row description",
        "N": "notice",
        "1": "parse complete",
        "2": "bind complete",
        "3": "close complete",
        "n": "no data",
        "I": "empty query",
        "t": "parameter description",
        "A": "notification",
        "d": "copy data",
        "c": "copy done",
        "f": "copy fail",
        "G": "copy in",
        "H": "flush or copy out",
        "s": "portal suspended",
        "v": "protocol version",
    }.items()
}
CODES = {
    196608: "version 3.0",
    196610: "version 3.2",
    80877103: "TLS asked for",
    80877104: "GSS encryption asked for",
    80877102: "cancel",
}
AUTH = {0: "OK", 3: "clear text password", 5: "MD5", 10: "SASL", 11: "SASL continues", 12: "SASL ends"}


def _size(data: bytes) -> int:
    if data in (b"S", b"N"):
        return 1
    if len(data) >= 8 and data[0] == 0 and int.from_bytes(data[4:8], "big") in CODES:
        return int.from_bytes(data[:4], "big")
    if len(data) < 5 or data[0] not in KINDS:
        return 0
    size = int.from_bytes(data[1:5], "big")
    return 1 + size if 4 <= size < 1 << 30 else 0


def _kind(at: Region, seen: Seen) -> object:
    return "answer" if at.left == 1 else "start" if at.peek(1) == 0 else "message"


def _fielded(at: Region, seen: Seen) -> object:
    return at.peek(1) in b"SVCMHPRFLDsntd" if at.left else False


FIELD = Part(
    "pgsql.field",
    "Field",
    (
        string("pgsql.field.type", "Field", 1),
        Choice(lambda at, seen: at.left > 0, {True: (Until("pgsql.field.value", "Value"),)}),
    ),
    count=None,
    title="{pgsql.field.type} {pgsql.field.value}",
)
TREE = Layout(
    "pgsql",
    "PostgreSQL",
    (
        Choice(
            _kind,
            {
                "answer": (string("pgsql.ssl_response", "Answer to the request for TLS", 1),),
                "start": (
                    u32("pgsql.length", "Length", unit=" B"),
                    u32("pgsql.code", "Request", CODES),
                    Part(
                        "pgsql.parameter",
                        "Parameter",
                        (
                            Until("pgsql.parameter_name", "Name"),
                            Choice(lambda at, seen: at.left > 0, {True: (Until("pgsql.parameter_value", "Value"),)}),
                        ),
                        count=None,
                        title="{pgsql.parameter_name}",
                    ),
                ),
            },
            (
                u8("pgsql.type", "Type", KINDS, "x"),
                u32("pgsql.length", "Length", unit=" B"),
                Choice(
                    "pgsql.type",
                    {
                        ord("Q"): (Until("pgsql.query", "Query"),),
                        ord("p"): (Raw("pgsql.password", "Password or answer"),),
                        ord("P"): (
                            Until("pgsql.statement", "Statement"),
                            Until("pgsql.query", "Query"),
                            Raw("pgsql.parse", "Types of parameters"),
                        ),
                        ord("R"): (u32("pgsql.authtype", "Authentication", AUTH), hexed("pgsql.auth.data", "Data")),
                        ord("K"): (u32("pgsql.pid", "Process"), hexed("pgsql.key", "Key")),
                        ord("Z"): (string("pgsql.status", "Status", 1),),
                        ord("C"): (Until("pgsql.tag", "Tag"),),
                        ord("T"): (u16("pgsql.field.count", "Columns"), Raw("pgsql.columns", "Descriptions")),
                        ord("D"): (Raw("pgsql.val", "Values"),),
                        ord("S"): (Raw("pgsql.parameters", "Parameter"),),
                        ord("E"): (Choice(_fielded, {True: (FIELD,)}, (Raw("pgsql.execute", "Portal and rows"),)),),
                        ord("N"): (FIELD,),
                    },
                    (Raw("pgsql.data", "Content"),),
                ),
            ),
        ),
    ),
    "{pgsql.type} {pgsql.code} {pgsql.query} {pgsql.tag} {pgsql.authtype} {pgsql.ssl_response}",
    _size,
)
