"""Fields of RDP's UDP transport, MS-RDPEUDP 2.2.2."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Bits, Layout, Raw, u16, u32

TREE = Layout(
    "rdpudp",
    "RDP-UDP",
    (
        u32("rdpudp.snsourceack", "Acknowledged", base="x"),
        u16("rdpudp.ursourceackreceivewindowsize", "Receive window"),
        u16(
            "rdpudp.flags",
            "Flags",
            base="x",
            bits=(
                Bits("rdpudp.flags.syn", "SYN", 1),
                Bits("rdpudp.flags.fin", "FIN", 2),
                Bits("rdpudp.flags.ack", "ACK", 4),
                Bits("rdpudp.flags.data", "Data", 8),
                Bits("rdpudp.flags.fec", "Forward error correction", 16),
                Bits("rdpudp.flags.synlossy", "Lossy", 0x200),
                Bits("rdpudp.flags.synex", "Extended", 0x1000),
            ),
        ),
        Raw("rdpudp.data", "Content"),
    ),
    "acknowledges {rdpudp.snsourceack}",
)
