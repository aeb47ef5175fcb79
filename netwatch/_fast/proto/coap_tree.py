"""Fields of CoAP's messages, RFC 7252 sections 3 and 12."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Bits, Choice, Layout, Part, Raw, Region, Seen, hexed, string, u8, u16

TYPES = {0: "confirmable", 1: "non-confirmable", 2: "acknowledgement", 3: "reset"}
CODES = {
    0: "empty",
    1: "GET",
    2: "POST",
    3: "PUT",
    4: "DELETE",
    5: "FETCH",
    6: "PATCH",
    7: "iPATCH",
    65: "2.01 Created",
    66: "2.02 Deleted",
    67: "2.03 Valid",
    68: "2.04 Changed",
    69: "2.05 Content",
    95: "2.31 Continue",
    128: "4.00 Bad Request",
    129: "4.01 Unauthorized",
    130: "4.02 Bad Option",
    131: "4.03 Forbidden",
    132: "4.04 Not Found",
    133: "4.05 Method Not Allowed",
    134: "4.06 Not Acceptable",
    136: "4.08 Request Entity Incomplete",
    140: "4.12 Precondition Failed",
    141: "4.13 Request Entity Too Large",
    143: "4.15 Unsupported Content-Format",
    160: "5.00 Internal Server Error",
    161: "5.01 Not Implemented",
    162: "5.02 Bad Gateway",
    163: "5.03 Service Unavailable",
    164: "5.04 Gateway Timeout",
}
OPTIONS = {
    1: "If-Match",
    3: "Uri-Host",
    4: "ETag",
    5: "If-None-Match",
    6: "Observe",
    7: "Uri-Port",
    8: "Location-Path",
    9: "OSCORE",
    11: "Uri-Path",
    12: "Content-Format",
    14: "Max-Age",
    15: "Uri-Query",
    17: "Accept",
    20: "Location-Query",
    23: "Block2",
    27: "Block1",
    28: "Size2",
    35: "Proxy-Uri",
    39: "Proxy-Scheme",
    60: "Size1",
}
TEXTS = frozenset((3, 8, 11, 15, 20, 35, 39))


def _more(nibble: int, at: Region, ahead: int) -> tuple[int, int]:
    """(number, bytes it takes behind the first), RFC 7252 section 3.1."""
    if nibble == 13:
        return 13 + at.peek(1, ahead), 1
    if nibble == 14:
        return 269 + at.peek(2, ahead), 2
    return nibble, 0


def _parts(at: Region) -> tuple[int, int, int]:
    """(delta, bytes of the head, bytes of the value)"""
    first = at.peek(1)
    delta, more = _more(first >> 4, at, 1)
    length, again = _more(first & 15, at, 1 + more)
    return delta, 1 + more + again, length


def _size(at: Region, seen: Seen) -> int:
    delta, head, length = _parts(at)
    seen["option"] = seen.get("option", 0) + delta
    seen["head"] = head
    return head + length


def _name(number: int) -> Raw:
    label = OPTIONS.get(number, f"option {number}")
    return string("coap.opt.value", label) if number in TEXTS else hexed("coap.opt.value", label)


OPTION = Part(
    "coap.opt",
    "Option",
    (
        hexed("coap.opt.head", "Delta and length", "head"),
        Choice("option", {each: (_name(each),) for each in OPTIONS}, (hexed("coap.opt.value", "Value"),)),
    ),
    size=_size,
    title="{coap.opt.value}",
)
TREE = Layout(
    "coap",
    "CoAP",
    (
        u8(
            "coap.head",
            "Head",
            base="x",
            bits=(
                Bits("coap.version", "Version", 0xC0),
                Bits("coap.type", "Type", 0x30, TYPES),
                Bits("coap.token_len", "Token length", 0x0F),
            ),
        ),
        u8("coap.code", "Code", CODES),
        u16("coap.mid", "Message id"),
        hexed("coap.token", "Token", "coap.token_len"),
        Part(
            "coap.options",
            "Options",
            (
                Part(
                    "",
                    "Options",
                    (
                        Choice(
                            lambda at, seen: at.left and at.peek(1) != 0xFF,
                            {True: (OPTION,)},
                            (u8("coap.opt.end_marker", "End of the options", base="x"), Raw("coap.payload", "Payload")),
                        ),
                    ),
                    count=None,
                ),
            ),
            count=None,
        ),
    ),
    "{coap.type} {coap.code}, id {coap.mid}",
)
