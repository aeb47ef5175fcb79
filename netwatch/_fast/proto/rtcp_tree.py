"""Fields of RTCP's packets, RFC 3550 section 6."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Bits, Choice, Layout, Part, Raw, hexed, string, u8, u16, u24, u32

TYPES = {
    200: "sender report",
    201: "receiver report",
    202: "source description",
    203: "goodbye",
    204: "application",
    205: "feedback",
    206: "payload feedback",
    207: "extended report",
}
ITEMS = {0: "end", 1: "CNAME", 2: "NAME", 3: "EMAIL", 4: "PHONE", 5: "LOC", 6: "TOOL", 7: "NOTE", 8: "PRIV"}
BLOCK = Part(
    "rtcp.report",
    "Report",
    (
        u32("rtcp.ssrc.identifier", "Source (SSRC)", base="x"),
        u8("rtcp.ssrc.fraction", "Fraction lost, 1/256"),
        u24("rtcp.ssrc.cum_nr", "Packets lost"),
        u32("rtcp.ssrc.ext_high", "Highest sequence number"),
        u32("rtcp.ssrc.jitter", "Jitter"),
        u32("rtcp.ssrc.lsr", "Last sender report", base="x"),
        u32("rtcp.ssrc.dlsr", "Since then, 1/65536 s"),
    ),
    count="rtcp.rc",
    title="{rtcp.ssrc.identifier}",
)
SSRC = u32("rtcp.senderssrc", "Source (SSRC)", base="x")
ITEM = Part(
    "rtcp.sdes.item",
    "Item",
    (
        u8("rtcp.sdes.type", "Type", ITEMS),
        Choice(
            "rtcp.sdes.type",
            {0: (hexed("", "Padding"),)},
            (u8("rtcp.sdes.length", "Length"), string("rtcp.sdes.text", "Text", "rtcp.sdes.length")),
        ),
    ),
    count=None,
    title="{rtcp.sdes.type} {rtcp.sdes.text}",
)
TREE = Layout(
    "rtcp",
    "RTCP",
    (
        Part(
            "rtcp.packet",
            "Packet",
            (
                u8(
                    "rtcp.head",
                    "Head",
                    base="x",
                    bits=(
                        Bits("rtcp.version", "Version", 0xC0),
                        Bits("rtcp.padding", "Padding", 0x20),
                        Bits("rtcp.rc", "Count", 0x1F),
                    ),
                ),
                u8("rtcp.pt", "Type", TYPES),
                u16("rtcp.length", "Length, words"),
                Choice(
                    "rtcp.pt",
                    {
                        200: (
                            SSRC,
                            u32("rtcp.timestamp.ntp.msw", "NTP time, seconds"),
                            u32("rtcp.timestamp.ntp.lsw", "NTP time, fraction"),
                            u32("rtcp.timestamp.rtp", "RTP time"),
                            u32("rtcp.sender.packetcount", "Packets sent"),
                            u32("rtcp.sender.octetcount", "Bytes sent"),
                            BLOCK,
                        ),
                        201: (SSRC, BLOCK),
                        202: (u32("rtcp.ssrc.identifier", "Source (SSRC)", base="x"), ITEM),
                        203: (SSRC,),
                        204: (SSRC, string("rtcp.app.name", "Name", 4), Raw("rtcp.app.data", "Data")),
                    },
                    (Raw("rtcp.data", "Data"),),
                ),
            ),
            size=lambda at, seen: 4 + 4 * at.peek(2, 2),
            count=None,
            title="{rtcp.pt}",
        ),
    ),
    "{rtcp.packet*}",
)
