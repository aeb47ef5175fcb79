"""Fields of Redis: the lines of its serialization protocol, RESP 2 and 3."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Layout, Lines, texty

TREE = Layout(
    "resp",
    "Redis",
    (
        Lines(
            "resp.line",
            (
                (rb"\*(-?\d+)$", (("resp.array_length", "Array of"),)),
                (rb"\$(-?\d+)$", (("resp.bulk_string.length", "Text of"),)),
                (rb"\+(.*)", (("resp.string", "Text"),)),
                (rb"-(.*)", (("resp.error", "Error"),)),
                (rb":(-?\d+)$", (("resp.integer", "Number"),)),
                (rb"%(\d+)$", (("resp.map_length", "Map of"),)),
                (rb"~(\d+)$", (("resp.set_length", "Set of"),)),
                (rb"(.*)", (("resp.bulk_string.value", "Value"),)),
            ),
        ),
    ),
    "{resp.bulk_string.value*} {resp.string} {resp.error} {resp.integer}",
    texty,
)
