"""Fields of GTP-C's messages, version 2 (TS 29.274 clauses 5 and 8) and version 1 (TS 29.060 clause 6)."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Bits, Choice, Layout, Part, Raw, hexed, u8, u16, u24, u32

TYPES = {
    1: "echo request",
    2: "echo response",
    16: "create PDP context request",
    17: "create PDP context response",
    20: "delete PDP context request",
    21: "delete PDP context response",
    32: "create session request",
    33: "create session response",
    34: "modify bearer request",
    35: "modify bearer response",
    36: "delete session request",
    37: "delete session response",
    95: "create bearer request",
    96: "create bearer response",
    170: "release access bearers request",
    171: "release access bearers response",
}
ELEMENTS = {
    1: "IMSI",
    2: "cause",
    3: "recovery",
    71: "APN",
    72: "bandwidth (AMBR)",
    73: "EPS bearer id",
    74: "IP address",
    75: "equipment (MEI)",
    76: "MSISDN",
    77: "indication",
    78: "protocol options (PCO)",
    79: "address (PAA)",
    80: "bearer quality",
    82: "radio access",
    83: "serving network",
    86: "location",
    87: "F-TEID",
    93: "bearer context",
    94: "charging id",
    99: "PDN type",
}


def _digits(raw: bytes) -> str:
    """TS 29.274 clause 8.3: two digits a byte, the low half first."""
    return "".join(f"{byte & 15:x}{byte >> 4:x}" for byte in raw).rstrip("f")


ELEMENT = Part(
    "gtpv2.ie",
    "Element",
    (
        u8("gtpv2.ie_type", "Type", ELEMENTS),
        u16("gtpv2.ie_len", "Length", unit=" B"),
        u8("gtpv2.instance", "Instance", base="x"),
        Choice(
            "gtpv2.ie_type",
            {
                1: (Raw("e212.imsi", "IMSI", "gtpv2.ie_len", _digits),),
                2: (u8("gtpv2.cause", "Cause"),),
                3: (u8("gtpv2.rec", "Restart counter"),),
                76: (Raw("e164.msisdn", "MSISDN", "gtpv2.ie_len", _digits),),
                75: (Raw("gtpv2.mei", "MEI", "gtpv2.ie_len", _digits),),
            },
            (hexed("gtpv2.ie_value", "Value"),),
        ),
    ),
    size=lambda at, seen: 4 + at.peek(2, 1),
    count=None,
    title="{gtpv2.ie_type}",
)
TREE = Layout(
    "gtpv2",
    "GTP-C",
    (
        u8(
            "gtpv2.flags",
            "Flags",
            base="x",
            bits=(
                Bits("gtpv2.version", "Version", 0xE0),
                Bits("gtpv2.p", "Piggybacked", 0x10),
                Bits("gtpv2.t", "With TEID", 0x08),
            ),
        ),
        u8("gtpv2.message_type", "Message", TYPES),
        u16("gtpv2.msg_length", "Length", unit=" B"),
        Choice(
            "gtpv2.version",
            {
                2: (
                    Choice("gtpv2.t", {1: (u32("gtpv2.teid", "TEID", base="x"),)}),
                    u24("gtpv2.seq", "Sequence number"),
                    u8("gtpv2.spare", "Spare"),
                    ELEMENT,
                ),
                1: (
                    u32("gtp.teid", "TEID", base="x"),
                    u16("gtp.seq_number", "Sequence number"),
                    u16("gtp.npdu_number", "N-PDU and extension"),
                    Raw("gtp.ie", "Elements"),
                ),
            },
            (Raw("gtp.data", "Data"),),
        ),
    ),
    "v{gtpv2.version} {gtpv2.message_type}",
)
