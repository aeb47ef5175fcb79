"""Fields of IEC 60870-5-104's APDUs, its clause 5, and of the ASDU in them, IEC 60870-5-101 clause 7."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Bits, Choice, Layout, Raw, hexed, le16, le24, length_at, u8

TYPES = {
    1: "single point",
    3: "double point",
    5: "step position",
    7: "bit string",
    9: "measured, normalized",
    11: "measured, scaled",
    13: "measured, float",
    30: "single point with time",
    31: "double point with time",
    36: "measured, float, with time",
    45: "single command",
    46: "double command",
    50: "set point, float",
    70: "end of initialization",
    100: "interrogation",
    101: "counter interrogation",
    103: "clock synchronization",
}
CAUSES = {
    1: "periodic",
    3: "spontaneous",
    4: "initialized",
    5: "request",
    6: "activation",
    7: "activation confirmed",
    8: "deactivation",
    9: "deactivation confirmed",
    10: "activation ended",
    20: "interrogated",
    44: "unknown type",
    45: "unknown cause",
    46: "unknown address",
    47: "unknown object",
}
UNNUMBERED = {
    0x07: "STARTDT act",
    0x0B: "STARTDT con",
    0x13: "STOPDT act",
    0x23: "STOPDT con",
    0x43: "TESTFR act",
    0x83: "TESTFR con",
}


def _size(data: bytes) -> int:
    return length_at(1, 1, 2)(data) if data[0] == 0x68 else 0


NUMBER = le16("iec60870_104.tx", "Sent, twice the number")
ASDU = (
    u8("iec60870_asdu.typeid", "Type", TYPES),
    u8(
        "iec60870_asdu.vsq",
        "Structure",
        base="x",
        bits=(Bits("iec60870_asdu.sq", "In sequence", 0x80), Bits("iec60870_asdu.numix", "Objects", 0x7F)),
    ),
    u8(
        "iec60870_asdu.cause",
        "Cause",
        base="x",
        bits=(
            Bits("iec60870_asdu.causetx", "Cause", 0x3F, CAUSES),
            Bits("iec60870_asdu.nega", "Negative", 0x40),
            Bits("iec60870_asdu.test", "Test", 0x80),
        ),
    ),
    u8("iec60870_asdu.oa", "Originator"),
    le16("iec60870_asdu.addr", "Common address"),
    le24("iec60870_asdu.ioa", "Object"),
    Raw("iec60870_asdu.objects", "Objects"),
)
TREE = Layout(
    "iec60870_104",
    "IEC 104",
    (
        u8("iec60870_104.start", "Start", base="x"),
        u8("iec60870_104.apdulen", "Length", unit=" B"),
        Choice(
            lambda at, seen: "I" if not at.peek(1) & 1 else "S" if at.peek(1) & 3 == 1 else "U",
            {
                "I": (NUMBER, le16("iec60870_104.rx", "Received, twice the number"), *ASDU),
                "S": (
                    hexed("iec60870_104.type", "Acknowledgement", 2),
                    le16("iec60870_104.rx", "Received, twice the number"),
                ),
            },
            (u8("iec60870_104.utype", "Unnumbered", UNNUMBERED, "x"), hexed("", "Unused", 3)),
        ),
    ),
    "{iec60870_asdu.typeid} {iec60870_asdu.causetx} {iec60870_104.utype}",
    _size,
)
