"""Fields of S7 communication in TPKT (RFC 1006 section 6) and COTP (RFC 905 section 13)."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Choice, Layout, Raw, hexed, length_at, u8, u16

ROSCTR = {1: "job", 2: "acknowledgement", 3: "acknowledgement with data", 7: "user data"}
FUNCTIONS = {
    0x04: "read",
    0x05: "write",
    0x1A: "request download",
    0x1B: "download block",
    0x1C: "download ended",
    0x1D: "start upload",
    0x1E: "upload",
    0x1F: "end upload",
    0x28: "PLC control",
    0x29: "PLC stop",
    0xF0: "set up communication",
    0: "CPU services",
}
PDUS = {0xD0: "connect confirm", 0xE0: "connect request", 0xF0: "data", 0x80: "disconnect request"}


def _size(data: bytes) -> int:
    return length_at(2, 2, 0)(data) if data[:2] == b"\3\0" else 0


TREE = Layout(
    "s7comm",
    "S7",
    (
        u8("tpkt.version", "TPKT version"),
        u8("tpkt.reserved", "Reserved"),
        u16("tpkt.length", "Length", unit=" B"),
        u8("cotp.li", "COTP header", unit=" B"),
        u8("cotp.type", "COTP type", PDUS, "x"),
        Choice(
            "cotp.type",
            {
                0xF0: (
                    u8("cotp.tpdu-number", "Last and number", base="x"),
                    u8("s7comm.header.protid", "Protocol", base="x"),
                    u8("s7comm.header.rosctr", "Kind", ROSCTR),
                    u16("s7comm.header.redid", "Redundancy"),
                    u16("s7comm.header.pduref", "Reference"),
                    u16("s7comm.header.parlg", "Parameter length", unit=" B"),
                    u16("s7comm.header.datlg", "Data length", unit=" B"),
                    Choice(
                        "s7comm.header.rosctr",
                        {
                            2: (u16("s7comm.header.err", "Error", base="x"),),
                            3: (u16("s7comm.header.err", "Error", base="x"),),
                        },
                    ),
                    Choice(
                        lambda at, seen: at.left > 0,
                        {
                            True: (
                                u8("s7comm.param.func", "Function", FUNCTIONS, "x"),
                                Raw("s7comm.rest", "Parameters and data"),
                            )
                        },
                    ),
                )
            },
            (u16("cotp.destref", "Destination"), u16("cotp.srcref", "Source"), hexed("cotp.parameters", "Parameters")),
        ),
    ),
    "{cotp.type} {s7comm.header.rosctr} {s7comm.param.func}",
    _size,
)
