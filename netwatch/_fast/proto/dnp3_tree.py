"""Fields of DNP3's link frames and what is said in them, IEEE 1815 clauses 4, 8 and 9."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Bits, Choice, Layout, Raw, Region, Seen, le16, u8, u16

FUNCTIONS = {
    0: "confirm",
    1: "read",
    2: "write",
    3: "select",
    4: "operate",
    5: "direct operate",
    6: "direct operate, no answer",
    13: "cold restart",
    14: "warm restart",
    20: "enable unsolicited",
    21: "disable unsolicited",
    23: "delay measurement",
    129: "response",
    130: "unsolicited response",
}


def _size(data: bytes) -> int:
    if not data.startswith(b"\x05\x64") or len(data) < 3:
        return 0
    user = max(0, data[2] - 5)
    return 10 + user + 2 * -(-user // 16)


def _user(at: Region, seen: Seen) -> object:
    return at.left >= 4


TREE = Layout(
    "dnp3",
    "DNP3",
    (
        u16("dnp3.start", "Start", base="x"),
        u8("dnp3.len", "Length", unit=" B"),
        u8(
            "dnp3.ctl",
            "Control",
            base="x",
            bits=(
                Bits("dnp3.ctl.dir", "From the master", 0x80),
                Bits("dnp3.ctl.prm", "Primary", 0x40),
                Bits("dnp3.ctl.prifunc", "Function", 0x0F),
            ),
        ),
        le16("dnp3.dst", "Destination"),
        le16("dnp3.src", "Source"),
        le16("dnp3.hdr.CRC", "Checksum", base="x"),
        Choice(
            _user,
            {
                True: (
                    u8(
                        "dnp3.tr.ctl",
                        "Transport control",
                        base="x",
                        bits=(
                            Bits("dnp3.tr.fin", "Last", 0x80),
                            Bits("dnp3.tr.fir", "First", 0x40),
                            Bits("dnp3.tr.seq", "Number", 0x3F),
                        ),
                    ),
                    Choice(
                        "dnp3.tr.fir",
                        {
                            1: (
                                u8(
                                    "dnp3.al.ctl",
                                    "Application control",
                                    base="x",
                                    bits=(
                                        Bits("dnp3.al.fir", "First", 0x80),
                                        Bits("dnp3.al.fin", "Last", 0x40),
                                        Bits("dnp3.al.con", "To be confirmed", 0x20),
                                        Bits("dnp3.al.seq", "Number", 0x0F),
                                    ),
                                ),
                                u8("dnp3.al.func", "Function", FUNCTIONS),
                                Choice(
                                    "dnp3.al.func",
                                    {
                                        129: (u16("dnp3.al.iin", "Internal indications", base="x"),),
                                        130: (u16("dnp3.al.iin", "Internal indications", base="x"),),
                                    },
                                ),
                            )
                        },
                    ),
                    Raw("dnp3.al.objects", "Objects, with a checksum each 16 bytes"),
                )
            },
        ),
    ),
    "{dnp3.al.func}, {dnp3.src} to {dnp3.dst}",
    _size,
)
