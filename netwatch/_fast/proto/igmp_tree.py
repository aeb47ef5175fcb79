"""Fields of IGMP (RFC 1112, 2236, 9776) and of MLD (RFC 2710, 9777), which is a kind of ICMPv6."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Bits, Choice, Layout, Part, Raw, address, hexed, ip4, u8, u16

RECORDS = {1: "is include", 2: "is exclude", 3: "to include", 4: "to exclude", 5: "allow new", 6: "block old"}
ROBUSTNESS = (Bits("igmp.s", "Suppress router's processing", 8), Bits("igmp.qrv", "Robustness", 7))

TREE_IGMP = Layout(
    "igmp",
    "IGMP",
    (
        u8(
            "igmp.type",
            "Type",
            {0x11: "membership query", 0x12: "v1 report", 0x16: "v2 report", 0x17: "leave group", 0x22: "v3 report"},
        ),
        u8("igmp.max_resp", "Maximum response time, 0.1 s"),
        u16("igmp.checksum", "Checksum", base="x"),
        Choice(
            "igmp.type",
            {
                0x22: (
                    u16("igmp.reserved", "Reserved"),
                    u16("igmp.num_grp_recs", "Groups"),
                    Part(
                        "igmp.group_record",
                        "Group",
                        (
                            u8("igmp.record_type", "Type", RECORDS),
                            u8("igmp.aux_data_len", "Further data, 4 B"),
                            u16("igmp.num_src", "Senders"),
                            ip4("igmp.maddr", "Group"),
                            Part("", "Senders", (ip4("igmp.saddr", "Sender"),), count="igmp.num_src"),
                            hexed("igmp.aux_data", "Further data", lambda at, seen: 4 * seen["igmp.aux_data_len"]),
                        ),
                        count="igmp.num_grp_recs",
                        title="{igmp.record_type} {igmp.maddr}",
                    ),
                ),
            },
            (
                ip4("igmp.maddr", "Group"),
                Choice(
                    lambda at, seen: seen["igmp.type"] == 0x11 and at.left >= 4,
                    {
                        True: (
                            u8("igmp.s_qrv", "Flags", base="x", bits=ROBUSTNESS),
                            u8("igmp.qqic", "Query interval", unit=" s"),
                            u16("igmp.num_src", "Senders"),
                            Part("", "Senders", (ip4("igmp.saddr", "Sender"),), count="igmp.num_src"),
                        ),
                    },
                ),
            ),
        ),
    ),
    "{igmp.type} {igmp.maddr}",
)


def _six(name: str, label: str) -> Raw:
    return Raw(name, label, 16, address)


TREE_MLD = Layout(
    "icmpv6",
    "ICMPv6",
    (
        u8(
            "icmpv6.type",
            "Type",
            {
                130: "multicast listener query",
                131: "multicast listener report",
                132: "multicast listener done",
                143: "multicast listener report v2",
            },
        ),
        u8("icmpv6.code", "Code"),
        u16("icmpv6.checksum", "Checksum", base="x"),
        Choice(
            "icmpv6.type",
            {
                143: (
                    u16("icmpv6.reserved", "Reserved"),
                    u16("icmpv6.mldr.nb_mcast_records", "Groups"),
                    Part(
                        "icmpv6.mldr.mar",
                        "Group",
                        (
                            u8("icmpv6.mldr.mar.record_type", "Type", RECORDS),
                            u8("icmpv6.mldr.mar.aux_data_len", "Further data, 4 B"),
                            u16("icmpv6.mldr.mar.nb_sources", "Senders"),
                            _six("icmpv6.mldr.mar.multicast_address", "Group"),
                            Part(
                                "",
                                "Senders",
                                (_six("icmpv6.mldr.mar.source_address", "Sender"),),
                                count="icmpv6.mldr.mar.nb_sources",
                            ),
                            hexed(
                                "icmpv6.mldr.mar.auxiliary_data",
                                "Further data",
                                lambda at, seen: 4 * seen["icmpv6.mldr.mar.aux_data_len"],
                            ),
                        ),
                        count="icmpv6.mldr.nb_mcast_records",
                        title="{icmpv6.mldr.mar.record_type} {icmpv6.mldr.mar.multicast_address}",
                    ),
                ),
            },
            (
                u16("icmpv6.mld.maximum_response_delay", "Maximum response delay", unit=" ms"),
                u16("icmpv6.reserved", "Reserved"),
                _six("icmpv6.mld.multicast_address", "Group"),
                Choice(
                    lambda at, seen: seen["icmpv6.type"] == 130 and at.left >= 4,
                    {
                        True: (
                            u8("icmpv6.mld.flag", "Flags", base="x"),
                            u8("icmpv6.mld.qqi", "Query interval", unit=" s"),
                            u16("icmpv6.mld.nb_sources", "Senders"),
                            Part(
                                "",
                                "Senders",
                                (_six("icmpv6.mld.source_address", "Sender"),),
                                count="icmpv6.mld.nb_sources",
                            ),
                        ),
                    },
                ),
            ),
        ),
    ),
    "{icmpv6.type} {icmpv6.mld.multicast_address}{icmpv6.mldr.mar.multicast_address}",
)
