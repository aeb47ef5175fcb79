"""Fields of STUN's messages and attributes, RFC 8489 sections 5 and 14, and of TURN's, RFC 8656."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Choice, Layout, Part, Raw, address, hexed, string, u8, u16, u32

COOKIE = 0x2112A442
TYPES = {
    0x0001: "binding request",
    0x0101: "binding success",
    0x0111: "binding error",
    0x0011: "binding indication",
    0x0003: "allocate request",
    0x0103: "allocate success",
    0x0113: "allocate error",
    0x0004: "refresh request",
    0x0104: "refresh success",
    0x0114: "refresh error",
    0x0008: "permission request",
    0x0108: "permission success",
    0x0118: "permission error",
    0x0009: "channel request",
    0x0109: "channel success",
    0x0119: "channel error",
    0x0016: "send indication",
    0x0017: "data indication",
}
ATTRIBUTES = {
    0x0001: "MAPPED-ADDRESS",
    0x0006: "USERNAME",
    0x0008: "MESSAGE-INTEGRITY",
    0x0009: "ERROR-CODE",
    0x000A: "UNKNOWN-ATTRIBUTES",
    0x000C: "CHANNEL-NUMBER",
    0x000D: "LIFETIME",
    0x0012: "XOR-PEER-ADDRESS",
    0x0013: "DATA",
    0x0014: "REALM",
    0x0015: "NONCE",
    0x0016: "XOR-RELAYED-ADDRESS",
    0x0019: "REQUESTED-TRANSPORT",
    0x001C: "MESSAGE-INTEGRITY-SHA256",
    0x0020: "XOR-MAPPED-ADDRESS",
    0x0024: "PRIORITY",
    0x0025: "USE-CANDIDATE",
    0x8022: "SOFTWARE",
    0x8023: "ALTERNATE-SERVER",
    0x8028: "FINGERPRINT",
    0x8029: "ICE-CONTROLLED",
    0x802A: "ICE-CONTROLLING",
    0x802B: "RESPONSE-ORIGIN",
    0x802C: "OTHER-ADDRESS",
}


def _xored(raw: bytes) -> str:
    """An address of IPv4 as it was; one of IPv6 needs the transaction too, and stays as it stands."""
    if len(raw) != 4:
        return raw.hex()
    return address((int.from_bytes(raw, "big") ^ COOKIE).to_bytes(4, "big"))


ENDPOINT = (u8("stun.reserved", "Reserved"), u8("stun.att.family", "Family", {1: "IPv4", 2: "IPv6"}))
PLAIN = (*ENDPOINT, u16("stun.att.port", "Port"), Raw("stun.att.ipv4", "Address", None, address))
XORED = (
    *ENDPOINT,
    u16("stun.att.port-xord", "Port, XORed", base="x"),
    Raw("stun.att.ipv4-xord", "Address", None, _xored),
)
ATTRIBUTE = (
    u16("stun.att.type", "Attribute", ATTRIBUTES, "x"),
    u16("stun.att.length", "Length", unit=" B"),
    Part(
        "",
        "Value",
        (
            Choice(
                "stun.att.type",
                {
                    0x0001: PLAIN,
                    0x8023: PLAIN,
                    0x802B: PLAIN,
                    0x802C: PLAIN,
                    0x0012: XORED,
                    0x0016: XORED,
                    0x0020: XORED,
                    0x0006: (string("stun.att.username", "User"),),
                    0x0014: (string("stun.att.realm", "Realm"),),
                    0x0015: (string("stun.att.nonce", "Nonce"),),
                    0x8022: (string("stun.att.software", "Software"),),
                    0x0009: (
                        u16("stun.att.error.reserved", "Reserved"),
                        u8("stun.att.error.class", "Class"),
                        u8("stun.att.error", "Code"),
                        string("stun.att.error.reason", "Reason"),
                    ),
                    0x000D: (u32("stun.att.lifetime", "Lifetime", unit=" s"),),
                    0x0024: (u32("stun.att.priority", "Priority"),),
                    0x8028: (u32("stun.att.crc32", "CRC-32", base="x"),),
                    0x0019: (u8("stun.att.transp", "Transport", {6: "TCP", 17: "UDP"}),),
                    0x000C: (u16("stun.att.channelnum", "Channel", base="x"),),
                },
                (hexed("stun.value", "Value"),),
            ),
        ),
        "stun.att.length",
    ),
    Choice(
        lambda at, seen: -seen["stun.att.length"] % 4 if at.left else 0,
        {each: (Raw("stun.att.padding", "Padding", each),) for each in (1, 2, 3)},
    ),
)
CHANNEL = (u16("stun.channel", "Channel", base="x"), u16("stun.length", "Length", unit=" B"), Raw("stun.data", "Data"))
MESSAGE = (
    u16("stun.type", "Message", TYPES, "x"),
    u16("stun.length", "Length", unit=" B"),
    u32("stun.cookie", "Magic cookie", base="x"),
    hexed("stun.id", "Transaction", 12),
    Part("stun.attribute", "Attribute", ATTRIBUTE, count=None, title="{stun.att.type}"),
)


def _size(data: bytes) -> int:
    if len(data) < 4 or data[0] >= 0x80:
        return 0
    return int.from_bytes(data[2:4], "big") + (4 if data[0] & 0x40 else 20)


TREE = Layout(
    "stun",
    "STUN",
    (Choice(lambda at, seen: at.peek(1) >= 0x40, {True: CHANNEL}, MESSAGE),),
    "{stun.type} {stun.channel}",
    _size,
)
