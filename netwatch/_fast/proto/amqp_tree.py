"""Fields of AMQP: frames of 0-9-1 (section 4.2.3) and of 1.0 (part 2.3), and the headers that begin them."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Choice, Layout, Raw, Region, Seen, string, u8, u16, u32

TYPES = {1: "method", 2: "content header", 3: "content body", 8: "heartbeat"}
CLASSES = {10: "connection", 20: "channel", 40: "exchange", 50: "queue", 60: "basic", 85: "confirm", 90: "transaction"}
METHODS = {
    10: {
        10: "start",
        11: "start-ok",
        20: "secure",
        21: "secure-ok",
        30: "tune",
        31: "tune-ok",
        40: "open",
        41: "open-ok",
        50: "close",
        51: "close-ok",
    },
    20: {10: "open", 11: "open-ok", 20: "flow", 21: "flow-ok", 40: "close", 41: "close-ok"},
    40: {10: "declare", 11: "declare-ok", 20: "delete", 21: "delete-ok"},
    50: {
        10: "declare",
        11: "declare-ok",
        20: "bind",
        21: "bind-ok",
        30: "purge",
        31: "purge-ok",
        40: "delete",
        41: "delete-ok",
    },
    60: {
        10: "qos",
        11: "qos-ok",
        20: "consume",
        21: "consume-ok",
        30: "cancel",
        31: "cancel-ok",
        40: "publish",
        50: "return",
        60: "deliver",
        70: "get",
        71: "get-ok",
        72: "get-empty",
        80: "ack",
        90: "reject",
    },
}
PERFORMATIVES = {
    0x10: "open",
    0x11: "begin",
    0x12: "attach",
    0x13: "flow",
    0x14: "transfer",
    0x15: "disposition",
    0x16: "detach",
    0x17: "end",
    0x18: "close",
    0x40: "SASL mechanisms",
    0x41: "SASL init",
    0x42: "SASL challenge",
    0x43: "SASL response",
    0x44: "SASL outcome",
}


def _size(data: bytes) -> int:
    if data.startswith(b"AMQP"):
        return 8
    if len(data) < 8:
        return 0
    if data[0] in TYPES and data[4] < 0x80 and not (data[4] == 2 and data[5] < 2 and data[0] == 0):
        size = int.from_bytes(data[3:7], "big")
        return 8 + size if size < 1 << 26 else 0
    return int.from_bytes(data[:4], "big") if data[0] == 0 and 2 <= data[4] < 16 else 0


def _kind(at: Region, seen: Seen) -> object:
    first = at.peek(1)
    return "header" if first == 0x41 else "old" if first in TYPES else "new"


TREE = Layout(
    "amqp",
    "AMQP",
    (
        Choice(
            _kind,
            {
                "header": (
                    string("amqp.init.protocol", "Protocol", 4),
                    u8("amqp.init.id", "Id"),
                    u8("amqp.init.version_major", "Major version"),
                    u8("amqp.init.version_minor", "Minor version"),
                    u8("amqp.init.version_revision", "Revision"),
                ),
                "old": (
                    u8("amqp.type", "Type", TYPES),
                    u16("amqp.channel", "Channel"),
                    u32("amqp.length", "Length", unit=" B"),
                    Choice(
                        "amqp.type",
                        {
                            1: (
                                u16("amqp.method.class", "Class", CLASSES),
                                Choice(
                                    "amqp.method.class",
                                    {
                                        each: (u16("amqp.method.method", "Method", names),)
                                        for each, names in METHODS.items()
                                    },
                                    (u16("amqp.method.method", "Method"),),
                                ),
                                Raw("amqp.method.arguments", "Arguments", lambda at, seen: max(0, at.left - 1)),
                            ),
                            2: (
                                u16("amqp.header.class", "Class", CLASSES),
                                u16("amqp.header.weight", "Weight"),
                                u32("amqp.header.size_high", "Body size, high half"),
                                u32("amqp.header.size_low", "Body size, low half"),
                                Raw("amqp.header.properties", "Properties", lambda at, seen: max(0, at.left - 1)),
                            ),
                        },
                        (Raw("amqp.payload", "Content", lambda at, seen: max(0, at.left - 1)),),
                    ),
                    u8("amqp.end", "End of the frame", base="x"),
                ),
            },
            (
                u32("amqp.length", "Length", unit=" B"),
                u8("amqp.doff", "Data offset, words"),
                u8("amqp.type", "Type", {0: "AMQP", 1: "SASL"}),
                u16("amqp.channel", "Channel"),
                Choice(
                    lambda at, seen: at.left >= 3 and at.peek(2) == 0x0053,
                    {
                        True: (
                            u16("amqp.described", "Described", base="x"),
                            u8("amqp.performative", "Performative", PERFORMATIVES),
                        )
                    },
                ),
                Raw("amqp.arguments", "Arguments"),
            ),
        ),
    ),
    "{amqp.init.protocol} {amqp.type} {amqp.method.class} {amqp.method.method} {amqp.performative}",
    _size,
)
