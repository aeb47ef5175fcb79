"""Fields of BGP's messages, RFC 4271 section 4."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Bits, Choice, Layout, Part, Raw, address, hexed, ip4, length_at, u8, u16

TYPES = {1: "OPEN", 2: "UPDATE", 3: "NOTIFICATION", 4: "KEEPALIVE", 5: "ROUTE-REFRESH"}
ATTRIBUTES = {
    1: "ORIGIN",
    2: "AS_PATH",
    3: "NEXT_HOP",
    4: "MULTI_EXIT_DISC",
    5: "LOCAL_PREF",
    6: "ATOMIC_AGGREGATE",
    7: "AGGREGATOR",
    8: "COMMUNITIES",
    9: "ORIGINATOR_ID",
    10: "CLUSTER_LIST",
    14: "MP_REACH_NLRI",
    15: "MP_UNREACH_NLRI",
    16: "EXTENDED_COMMUNITIES",
    17: "AS4_PATH",
    18: "AS4_AGGREGATOR",
    32: "LARGE_COMMUNITY",
}
CAPABILITIES = {
    1: "multiprotocol",
    2: "route refresh",
    6: "extended messages",
    64: "graceful restart",
    65: "4-byte AS numbers",
    69: "additional paths",
    70: "enhanced route refresh",
}
ERRORS = {
    1: "message header",
    2: "OPEN message",
    3: "UPDATE message",
    4: "hold timer expired",
    5: "state machine",
    6: "cease",
}


def _prefix(label: str, name: str) -> Part:
    return Part(
        name,
        label,
        (
            u8(f"{name}_length", "Length of the prefix"),
            Raw(
                f"{name}_address",
                "Prefix",
                lambda at, seen: (min(seen[f"{name}_length"], 128) + 7) // 8,
                lambda raw: address(raw.ljust(4, b"\0")[:4]),
            ),
        ),
        count=None,
        title=f"{{{name}_address}}/{{{name}_length}}",
    )


ATTRIBUTE = Part(
    "bgp.update.path_attribute",
    "Path attribute",
    (
        u8(
            "bgp.update.path_attribute.flags",
            "Flags",
            base="x",
            bits=(
                Bits("bgp.update.path_attribute.flags.optional", "Optional", 0x80),
                Bits("bgp.update.path_attribute.flags.transitive", "Transitive", 0x40),
                Bits("bgp.update.path_attribute.flags.partial", "Partial", 0x20),
                Bits("bgp.update.path_attribute.flags.extended_length", "Long", 0x10),
            ),
        ),
        u8("bgp.update.path_attribute.type_code", "Type", ATTRIBUTES),
        Choice(
            "bgp.update.path_attribute.flags.extended_length",
            {1: (u16("bgp.update.path_attribute.length", "Length", unit=" B"),)},
            (u8("bgp.update.path_attribute.length", "Length", unit=" B"),),
        ),
        Choice(
            "bgp.update.path_attribute.type_code",
            {
                1: (u8("bgp.update.path_attribute.origin", "Origin", {0: "IGP", 1: "EGP", 2: "incomplete"}),),
                3: (ip4("bgp.update.path_attribute.next_hop", "Next hop"),),
            },
            (hexed("bgp.update.path_attribute.value", "Value", "bgp.update.path_attribute.length"),),
        ),
    ),
    count=None,
    title="{bgp.update.path_attribute.type_code}",
)
PARAMETER = Part(
    "bgp.open.opt.param",
    "Parameter",
    (
        u8("bgp.open.opt.param.type", "Type", {2: "capabilities"}),
        u8("bgp.open.opt.param.length", "Length", unit=" B"),
        Part(
            "bgp.cap",
            "Capability",
            (
                u8("bgp.cap.type", "Capability", CAPABILITIES),
                u8("bgp.cap.length", "Length", unit=" B"),
                hexed("bgp.cap.value", "Value", "bgp.cap.length"),
            ),
            count=None,
            title="{bgp.cap.type}",
        ),
    ),
    size=lambda at, seen: 2 + at.peek(1, 1),
    count=None,
    title="{bgp.open.opt.param.type}",
)
TREE = Layout(
    "bgp",
    "BGP",
    (
        hexed("bgp.marker", "Marker", 16),
        u16("bgp.length", "Length", unit=" B"),
        u8("bgp.type", "Type", TYPES),
        Choice(
            "bgp.type",
            {
                1: (
                    u8("bgp.open.version", "Version"),
                    u16("bgp.open.myas", "AS"),
                    u16("bgp.open.holdtime", "Hold time", unit=" s"),
                    ip4("bgp.open.identifier", "Identifier"),
                    u8("bgp.open.opt.len", "Parameters", unit=" B"),
                    PARAMETER,
                ),
                2: (
                    u16("bgp.update.withdrawn_routes.length", "Withdrawn routes", unit=" B"),
                    Part(
                        "bgp.update.withdrawn_routes",
                        "Withdrawn routes",
                        (_prefix("Route", "bgp.withdrawn_prefix"),),
                        "bgp.update.withdrawn_routes.length",
                    ),
                    u16("bgp.update.path_attributes.length", "Path attributes", unit=" B"),
                    Part(
                        "bgp.update.path_attributes",
                        "Path attributes",
                        (ATTRIBUTE,),
                        "bgp.update.path_attributes.length",
                    ),
                    _prefix("Route", "bgp.nlri_prefix"),
                ),
                3: (
                    u8("bgp.notify.major_error", "Error", ERRORS),
                    u8("bgp.notify.minor_error", "Sub-code"),
                    hexed("bgp.notify.data", "Data"),
                ),
                5: (
                    u16("bgp.route_refresh.afi", "Address family"),
                    u8("bgp.route_refresh.subtype", "Sub-type"),
                    u8("bgp.route_refresh.safi", "Sub-family"),
                ),
            },
        ),
    ),
    "{bgp.type} {bgp.notify.major_error}",
    length_at(16, 2, 0),
)
