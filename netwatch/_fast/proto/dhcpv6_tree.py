"""Fields of DHCPv6's messages and options, RFC 8415 sections 8, 9 and 21."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Choice, Layout, Part, Raw, address, hexed, string, u8, u16, u24, u32

TYPES = {
    1: "solicit",
    2: "advertise",
    3: "request",
    4: "confirm",
    5: "renew",
    6: "rebind",
    7: "reply",
    8: "release",
    9: "decline",
    10: "reconfigure",
    11: "information-request",
    12: "relay-forward",
    13: "relay-reply",
}
OPTIONS = {
    1: "client identifier",
    2: "server identifier",
    3: "addresses (IA_NA)",
    4: "temporary addresses (IA_TA)",
    5: "address",
    6: "options asked",
    7: "preference",
    8: "elapsed time",
    9: "relayed message",
    11: "authentication",
    13: "status",
    14: "rapid commit",
    16: "vendor class",
    17: "vendor options",
    18: "interface",
    23: "DNS servers",
    24: "domain list",
    25: "prefixes (IA_PD)",
    26: "prefix",
    39: "client name (FQDN)",
    59: "boot file",
    82: "SOL_MAX_RT",
}


def _addresses(raw: bytes) -> str:
    return ", ".join(address(raw[at : at + 16]) for at in range(0, len(raw) - 15, 16))


def _asked(raw: bytes) -> str:
    kinds = [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw) - 1, 2)]
    return ", ".join(OPTIONS.get(kind, str(kind)) for kind in kinds)


def _option(depth: int) -> Part:
    """Options hold options, four deep at most."""
    within = (_option(depth - 1),) if depth else (hexed("dhcpv6.option.value", "Value"),)
    lifetimes = (
        u32("dhcpv6.iaaddr.pref_lifetime", "Preferred", unit=" s"),
        u32("dhcpv6.iaaddr.valid_lifetime", "Valid", unit=" s"),
    )
    return Part(
        "dhcpv6.option",
        "Option",
        (
            u16("dhcpv6.option.type", "Option", OPTIONS),
            u16("dhcpv6.option.length", "Length", unit=" B"),
            Part(
                "",
                "Value",
                (
                    Choice(
                        "dhcpv6.option.type",
                        {
                            1: (hexed("dhcpv6.duid.bytes", "DUID"),),
                            2: (hexed("dhcpv6.duid.bytes", "DUID"),),
                            3: (
                                hexed("dhcpv6.iaid", "IAID", 4),
                                u32("dhcpv6.iaid.t1", "T1", unit=" s"),
                                u32("dhcpv6.iaid.t2", "T2", unit=" s"),
                                *within,
                            ),
                            25: (
                                hexed("dhcpv6.iaid", "IAID", 4),
                                u32("dhcpv6.iaid.t1", "T1", unit=" s"),
                                u32("dhcpv6.iaid.t2", "T2", unit=" s"),
                                *within,
                            ),
                            5: (Raw("dhcpv6.iaaddr.ip", "Address", 16, address), *lifetimes, *within),
                            26: (
                                *lifetimes,
                                u8("dhcpv6.iaprefix.pref_len", "Length of the prefix"),
                                Raw("dhcpv6.iaprefix.pref_addr", "Prefix", 16, address),
                                *within,
                            ),
                            6: (Raw("dhcpv6.requested_options", "Asked for", None, _asked),),
                            8: (u16("dhcpv6.elapsed_time", "Elapsed, 10 ms"),),
                            7: (u8("dhcpv6.option_preference", "Preference"),),
                            13: (u16("dhcpv6.status_code", "Status"), string("dhcpv6.status_message", "Message")),
                            23: (Raw("dhcpv6.dns_server", "Servers", None, _addresses),),
                        },
                        (hexed("dhcpv6.option.value", "Value"),),
                    ),
                ),
                "dhcpv6.option.length",
            ),
        ),
        count=None,
        title="{dhcpv6.option.type}",
    )


RELAY = (
    u8("dhcpv6.hopcount", "Hops"),
    Raw("dhcpv6.linkaddr", "Link", 16, address),
    Raw("dhcpv6.peeraddr", "Peer", 16, address),
)
TREE = Layout(
    "dhcpv6",
    "DHCPv6",
    (
        u8("dhcpv6.msgtype", "Message", TYPES),
        Choice("dhcpv6.msgtype", {12: RELAY, 13: RELAY}, (u24("dhcpv6.xid", "Transaction", base="x"),)),
        _option(4),
    ),
    "{dhcpv6.msgtype}, transaction {dhcpv6.xid}",
)
