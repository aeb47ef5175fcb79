"""Fields of RTP's packets, RFC 3550 section 5.1."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Bits, Choice, Layout, Part, Raw, u8, u16, u32

TYPES = {
    0: "PCMU",
    3: "GSM",
    4: "G723",
    5: "DVI4 8 kHz",
    7: "LPC",
    8: "PCMA",
    9: "G722",
    10: "L16 stereo",
    11: "L16 mono",
    12: "QCELP",
    13: "comfort noise",
    14: "MPEG audio",
    15: "G728",
    18: "G729",
    26: "JPEG",
    31: "H261",
    32: "MPEG video",
    33: "MPEG transport",
    34: "H263",
}
TREE = Layout(
    "rtp",
    "RTP",
    (
        u8(
            "rtp.head",
            "Head",
            base="x",
            bits=(
                Bits("rtp.version", "Version", 0xC0),
                Bits("rtp.padding", "Padding", 0x20),
                Bits("rtp.ext", "Extension", 0x10),
                Bits("rtp.cc", "Contributing sources", 0x0F),
            ),
        ),
        u8(
            "rtp.mark",
            "Marker and type",
            base="x",
            bits=(Bits("rtp.marker", "Marker", 0x80), Bits("rtp.p_type", "Payload type", 0x7F, TYPES)),
        ),
        u16("rtp.seq", "Sequence number"),
        u32("rtp.timestamp", "Timestamp"),
        u32("rtp.ssrc", "Source (SSRC)", base="x"),
        Part("rtp.csrc", "Contributing source", (u32("rtp.csrc.item", "CSRC", base="x"),), count="rtp.cc"),
        Choice(
            "rtp.ext",
            {
                1: (
                    u16("rtp.ext.profile", "Extension profile", base="x"),
                    u16("rtp.ext.len", "Length, words"),
                    Raw("rtp.ext.data", "Extension", lambda at, seen: 4 * seen["rtp.ext.len"]),
                )
            },
        ),
        Raw("rtp.payload", "Payload"),
    ),
    "{rtp.p_type}, source {rtp.ssrc}, seq {rtp.seq}, time {rtp.timestamp}",
)
