"""Fields of RDP's packets: TPKT (RFC 1006 section 6), X.224 (MS-RDPBCGR 2.2.1.1) and fast-path (2.2.9.1.2)."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Choice, Layout, Raw, hexed, le16, le32, string, u8, u16

PDUS = {0xD0: "connection confirm", 0xE0: "connection request", 0xF0: "data", 0x80: "disconnect request"}
NEGOTIATION = {1: "request", 2: "response", 3: "failure"}
PROTOCOLS = {
    0: "standard RDP",
    1: "TLS",
    2: "CredSSP",
    3: "TLS or CredSSP",
    8: "CredSSP with early authorization",
    11: "any",
}


def _size(data: bytes) -> int:
    if data[:2] == b"\3\0":
        return int.from_bytes(data[2:4], "big") if len(data) >= 4 else 0
    if len(data) < 3 or data[0] & 3:
        return 0
    return (data[1] & 127) << 8 | data[2] if data[1] & 128 else data[1]


TREE = Layout(
    "rdp",
    "RDP",
    (
        Choice(
            lambda at, seen: at.peek(1),
            {
                3: (
                    u8("tpkt.version", "TPKT version"),
                    u8("tpkt.reserved", "Reserved"),
                    u16("tpkt.length", "Length", unit=" B"),
                    u8("cotp.li", "X.224 header", unit=" B"),
                    u8("cotp.type", "Type", PDUS, "x"),
                    Choice(
                        "cotp.type",
                        {0xF0: (u8("cotp.eot", "Last", base="x"), Raw("t125.data", "MCS PDU"))},
                        (
                            u16("cotp.destref", "Destination"),
                            u16("cotp.srcref", "Source"),
                            u8("cotp.class", "Class"),
                            Choice(
                                lambda at, seen: at.left >= 8 and at.data[at.end - 8] in NEGOTIATION,
                                {
                                    True: (
                                        string("rdp.routing_token", "Cookie or token", lambda at, seen: at.left - 8),
                                        u8("rdp.neg_type", "Negotiation", NEGOTIATION),
                                        u8("rdp.negReq.flags", "Flags", base="x"),
                                        le16("rdp.neg_length", "Length", unit=" B"),
                                        le32("rdp.negReq.requestedProtocols", "Protocols", PROTOCOLS),
                                    )
                                },
                                (string("rdp.routing_token", "Cookie or token"),),
                            ),
                        ),
                    ),
                ),
            },
            (
                u8("rdp.fastpath.header", "Fast-path header", base="x"),
                u8("rdp.fastpath.length", "Length", base="x"),
                hexed("rdp.fastpath.data", "Content"),
            ),
        ),
    ),
    "{cotp.type} {rdp.routing_token} {rdp.neg_type} {rdp.negReq.requestedProtocols}",
    _size,
)
