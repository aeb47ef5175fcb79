"""Fields of memcached: lines of its text protocol, and the header of its binary one."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import (
    Choice,
    Layout,
    Lines,
    Raw,
    hexed,
    string,
    texty,
    u8,
    u16,
    u32,
    u64,
)

MAGIC = {0x80: "request", 0x81: "response"}
OPCODES = {
    0: "get",
    1: "set",
    2: "add",
    3: "replace",
    4: "delete",
    5: "increment",
    6: "decrement",
    7: "quit",
    8: "flush",
    9: "getq",
    10: "noop",
    11: "version",
    12: "getk",
    13: "getkq",
    14: "append",
    15: "prepend",
    16: "stat",
    32: "SASL list",
    33: "SASL auth",
    34: "SASL step",
}
STATUS = {
    0: "no error",
    1: "key not found",
    2: "key exists",
    3: "value too large",
    4: "invalid arguments",
    5: "not stored",
    6: "not a number",
    32: "authentication error",
    129: "unknown command",
    130: "out of memory",
}
HEAD = (
    u8("memcache.magic", "Magic", MAGIC, "x"),
    u8("memcache.opcode", "Operation", OPCODES),
    u16("memcache.key.length", "Key length"),
    u8("memcache.extras.length", "Extras length"),
    u8("memcache.data_type", "Data type"),
    u16("memcache.status", "Status or partition", STATUS),
    u32("memcache.total_body_length", "Body length", unit=" B"),
    u32("memcache.opaque", "Opaque"),
    u64("memcache.cas", "CAS"),
    hexed("memcache.extras", "Extras", "memcache.extras.length"),
    string("memcache.key", "Key", "memcache.key.length"),
    Raw("memcache.value", "Value"),
)
FRAME = (
    u16("memcache.udp.id", "Request"),
    u16("memcache.udp.sequence", "Number"),
    u16("memcache.udp.count", "Datagrams"),
    u16("memcache.udp.reserved", "Reserved"),
)
TEXT = Lines(
    "memcache.line",
    (
        (rb"(STORED|NOT_STORED|EXISTS|NOT_FOUND|DELETED|TOUCHED|OK|END|ERROR)$", (("memcache.response", "Response"),)),
        (
            rb"VALUE (\S+) (\d+) (\d+)",
            (("memcache.key", "Key"), ("memcache.flags", "Flags"), ("memcache.value.length", "Length")),
        ),
        (
            rb"(gets?|set|add|replace|append|prepend|cas|delete|incr|decr|touch|stats|version|quit)\b ?(\S*)(.*)",
            (("memcache.command", "Command"), ("memcache.key", "Key"), ("memcache.arguments", "Arguments")),
        ),
    ),
)


def _size(data: bytes) -> int:
    if data[0] in MAGIC:
        return 24 + int.from_bytes(data[8:12], "big") if len(data) >= 24 else 0
    return texty(data) or (len(data) if len(data) > 8 and texty(data[8:]) else 0)


TREE = Layout(
    "memcache",
    "memcached",
    (
        Choice(
            lambda at, seen: at.peek(1),
            {0x80: HEAD, 0x81: HEAD},
            (Choice(lambda at, seen: at.left > 8 and at.peek(2, 6) == 0, {True: FRAME}), TEXT),
        ),
    ),
    "{memcache.magic} {memcache.opcode} {memcache.key} {line}",
    _size,
)
