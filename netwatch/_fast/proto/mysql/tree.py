"""Fields of MySQL's packets, of its client/server protocol: the greeting, commands, and how answers begin."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import (
    Choice,
    Layout,
    Raw,
    Region,
    Seen,
    Until,
    hexed,
    le16,
    le24,
    le32,
    string,
    u8,
)

COMMANDS = {
    1: "quit",
    2: "use database",
    3: "query",
    4: "list fields",
    9: "statistics",
    14: "ping",
    17: "change user",
    22: "prepare",
    23: "execute",
    24: "send long data",
    25: "close statement",
    26: "reset statement",
    28: "fetch",
    31: "reset connection",
}
TEXTS = frozenset((2, 3, 22))


def _size(data: bytes) -> int:
    return 4 + int.from_bytes(data[:3], "little") if len(data) >= 4 else 0


def _kind(at: Region, seen: Seen) -> object:
    """By the first byte and the number in the exchange: commands have number 0, the greeting begins with 10."""
    if not at.left:
        return "empty"
    first = at.peek(1)
    if seen["mysql.packet_number"] == 0:
        return "greeting" if first == 10 and at.left > 40 else "text" if first in TEXTS else "command"
    if first == 0xFF:
        return "error"
    return (
        "ok"
        if first == 0 and at.left >= 7
        else "login"
        if seen["mysql.packet_number"] == 1 and at.left > 36 and not any(at.data[at.at + 9 : at.at + 28])
        else "answer"
    )


TREE = Layout(
    "mysql",
    "MySQL",
    (
        le24("mysql.packet_length", "Length", unit=" B"),
        u8("mysql.packet_number", "Packet"),
        Choice(
            _kind,
            {
                "greeting": (
                    u8("mysql.protocol", "Protocol"),
                    Until("mysql.version", "Version"),
                    le32("mysql.thread_id", "Thread"),
                    hexed("mysql.salt", "Salt", 8),
                    u8("", "End of the salt"),
                    le16("mysql.caps.server", "Capabilities", base="x"),
                    u8("mysql.server_language", "Character set"),
                    le16("mysql.server_status", "Status", base="x"),
                    Raw("mysql.greeting.rest", "Further"),
                ),
                "login": (
                    le32("mysql.caps.client", "Capabilities", base="x"),
                    le32("mysql.max_packet", "Largest packet"),
                    u8("mysql.charset", "Character set"),
                    hexed("mysql.unused", "Unused", 23),
                    Until("mysql.user", "User"),
                    Raw("mysql.login.rest", "Answer to the salt, database and further"),
                ),
                "text": (u8("mysql.command", "Command", COMMANDS), string("mysql.query", "Query")),
                "command": (u8("mysql.command", "Command", COMMANDS), Raw("mysql.payload", "Arguments")),
                "error": (
                    u8("mysql.response_code", "Answer", {0xFF: "error"}, "x"),
                    le16("mysql.error_code", "Error"),
                    Choice(
                        lambda at, seen: at.left > 6 and at.peek(1) == 0x23,
                        {True: (string("mysql.sqlstate", "State", 6),)},
                    ),
                    string("mysql.error.message", "Message"),
                ),
                "ok": (
                    u8("mysql.response_code", "Answer", {0: "OK"}, "x"),
                    Raw("mysql.ok", "Rows, status and further"),
                ),
                "empty": (),
            },
            (Raw("mysql.payload", "Payload"),),
        ),
    ),
    "{mysql.version} {mysql.user} {mysql.command} {mysql.query} {mysql.response_code} {mysql.error.message}",
    _size,
)
