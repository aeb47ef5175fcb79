"""Fields of Oracle's TNS packets, as its clients and servers write them."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Choice, Layout, Raw, string, u8, u16, u32

TYPES = {
    1: "connect",
    2: "accept",
    3: "acknowledge",
    4: "refuse",
    5: "redirect",
    6: "data",
    7: "null",
    9: "abort",
    11: "resend",
    12: "marker",
    13: "attention",
    14: "control",
}


def _size(data: bytes) -> int:
    if len(data) < 8 or data[4] not in TYPES:
        return 0
    return int.from_bytes(data[:2], "big") or int.from_bytes(data[:4], "big")


TREE = Layout(
    "tns",
    "TNS",
    (
        u16("tns.length", "Length", unit=" B"),
        u16("tns.packet_checksum", "Checksum", base="x"),
        u8("tns.type", "Type", TYPES),
        u8("tns.reserved_byte", "Flags", base="x"),
        u16("tns.header_checksum", "Checksum of the header", base="x"),
        Choice(
            "tns.type",
            {
                1: (
                    u16("tns.connect.version", "Version"),
                    u16("tns.connect.version_compat", "Compatible version"),
                    u16("tns.connect.service_options", "Options", base="x"),
                    u16("tns.connect.session_data_unit_size", "Session data unit"),
                    u16("tns.connect.max_transmission_data_unit_size", "Transmission data unit"),
                    u16("tns.connect.nt_proto_characteristics", "Characteristics", base="x"),
                    u16("tns.connect.line_turnaround", "Line turnaround"),
                    u16("tns.connect.value_of_one", "One in hardware", base="x"),
                    u16("tns.connect.data_length", "Length of the data", unit=" B"),
                    u16("tns.connect.data_offset", "Offset of the data"),
                    u32("tns.connect.data_maximum", "Largest data"),
                    string("tns.connect.rest", "Connect data"),
                ),
                2: (u16("tns.accept.version", "Version"), Raw("tns.accept.rest", "Content")),
                4: (
                    u8("tns.refuse.reason_user", "Reason, application"),
                    u8("tns.refuse.reason_system", "Reason, system"),
                    u16("tns.refuse.data_length", "Length", unit=" B"),
                    string("tns.refuse.data", "Data"),
                ),
                6: (u16("tns.data_flag", "Flags", base="x"), Raw("tns.data", "Data")),
            },
            (Raw("tns.rest", "Content"),),
        ),
    ),
    "{tns.type}",
    _size,
)
