"""Fields of NetFlow's and IPFIX' datagrams: RFC 3954 section 5, RFC 7011 section 3, and version 5."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Choice, Layout, Part, Raw, ip4, u8, u16, u32

SETS = {0: "templates", 1: "option templates", 2: "templates", 3: "option templates"}
FLOW = Part(
    "cflow.pdu",
    "Flow",
    (
        ip4("cflow.srcaddr", "Source"),
        ip4("cflow.dstaddr", "Destination"),
        ip4("cflow.nexthop", "Next hop"),
        u16("cflow.inputint", "In by"),
        u16("cflow.outputint", "Out by"),
        u32("cflow.packets", "Packets"),
        u32("cflow.octets", "Bytes"),
        u32("cflow.timestart", "Start, ms of uptime"),
        u32("cflow.timeend", "End, ms of uptime"),
        u16("cflow.srcport", "Source port"),
        u16("cflow.dstport", "Destination port"),
        u8("", "Padding"),
        u8("cflow.tcpflags", "TCP flags", base="x"),
        u8("cflow.protocol", "Protocol"),
        u8("cflow.tos", "Type of service", base="x"),
        u16("cflow.srcas", "Source AS"),
        u16("cflow.dstas", "Destination AS"),
        u8("cflow.srcmask", "Source mask"),
        u8("cflow.dstmask", "Destination mask"),
        u16("", "Padding"),
    ),
    count="cflow.count",
    title="{cflow.srcaddr} to {cflow.dstaddr}",
)
SET = Part(
    "cflow.flowset",
    "Set",
    (
        u16("cflow.flowset_id", "Set", SETS),
        u16("cflow.flowset_length", "Length", unit=" B"),
        Choice(
            "cflow.flowset_id",
            {
                each: (
                    Part(
                        "cflow.template",
                        "Template",
                        (
                            u16("cflow.template_id", "Template"),
                            u16("cflow.template_field_count", "Fields"),
                            Part(
                                "cflow.template_field",
                                "Field",
                                (
                                    u16("cflow.template_field_type", "Type"),
                                    u16("cflow.template_field_length", "Length", unit=" B"),
                                    Choice(
                                        lambda at, seen: (
                                            seen["cflow.template_field_type"] >= 0x8000 and seen["cflow.version"] == 10
                                        ),
                                        {True: (u32("cflow.template_field_pen", "Enterprise"),)},
                                    ),
                                ),
                                count="cflow.template_field_count",
                                title="{cflow.template_field_type}",
                            ),
                        ),
                        count=None,
                        title="{cflow.template_id}",
                    ),
                )
                for each in (0, 2)
            },
            (Raw("cflow.flowset_data", "Records"),),
        ),
    ),
    size=lambda at, seen: at.peek(2, 2),
    count=None,
    title="{cflow.flowset_id}",
)
TREE = Layout(
    "cflow",
    "NetFlow",
    (
        u16("cflow.version", "Version"),
        Choice(
            "cflow.version",
            {
                5: (
                    u16("cflow.count", "Flows"),
                    u32("cflow.sysuptime", "Uptime, ms"),
                    u32("cflow.unix_secs", "Time, s since 1970"),
                    u32("cflow.unix_nsecs", "Nanoseconds"),
                    u32("cflow.sequence", "Sequence number"),
                    u8("cflow.engine_type", "Engine type"),
                    u8("cflow.engine_id", "Engine"),
                    u16("cflow.samplingmode", "Sampling", base="x"),
                    FLOW,
                ),
                9: (
                    u16("cflow.count", "Records"),
                    u32("cflow.sysuptime", "Uptime, ms"),
                    u32("cflow.unix_secs", "Time, s since 1970"),
                    u32("cflow.sequence", "Sequence number"),
                    u32("cflow.source_id", "Source"),
                    SET,
                ),
                10: (
                    u16("cflow.len", "Length", unit=" B"),
                    u32("cflow.exporttime", "Time, s since 1970"),
                    u32("cflow.sequence", "Sequence number"),
                    u32("cflow.od_id", "Observation domain"),
                    SET,
                ),
            },
            (Raw("cflow.data", "Data"),),
        ),
    ),
    "version {cflow.version}, sequence {cflow.sequence}",
)
