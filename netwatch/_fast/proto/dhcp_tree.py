"""Fields of DHCP's messages, RFC 2131 section 2, and its options, RFC 2132."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import (
    Bits,
    Choice,
    Layout,
    Part,
    Raw,
    address,
    hexed,
    ip4,
    mac,
    string,
    u8,
    u16,
    u32,
    zero,
)

TYPES = {
    1: "discover",
    2: "offer",
    3: "request",
    4: "decline",
    5: "ACK",
    6: "NAK",
    7: "release",
    8: "inform",
    10: "lease query",
}
OPTIONS = {
    0: "padding",
    1: "subnet mask",
    3: "router",
    6: "DNS servers",
    12: "host name",
    15: "domain name",
    26: "MTU",
    28: "broadcast address",
    33: "static routes",
    42: "NTP servers",
    43: "vendor specific",
    44: "NetBIOS name servers",
    50: "requested address",
    51: "lease time",
    52: "overload",
    53: "message type",
    54: "server",
    55: "parameters asked",
    56: "message",
    57: "largest message",
    58: "renewal time",
    59: "rebinding time",
    60: "vendor class",
    61: "client identifier",
    66: "TFTP server",
    67: "boot file",
    77: "user class",
    81: "client name (FQDN)",
    82: "relay agent",
    93: "client architecture",
    94: "network interface",
    97: "machine identifier",
    119: "domain search",
    121: "classless routes",
    150: "TFTP servers",
    252: "proxy autodiscovery",
    255: "end",
}
SECONDS = u32("dhcp.option.value.seconds", "Time", unit=" s")
TEXT = string("dhcp.option.value.text", "Text", "dhcp.option.length")


def _addresses(raw: bytes) -> str:
    return ", ".join(address(raw[at : at + 4]) for at in range(0, len(raw) - 3, 4))


def _asked(raw: bytes) -> str:
    return ", ".join(OPTIONS.get(each, str(each)) for each in raw)


ADDRESSES = Raw("dhcp.option.value.address", "Address", "dhcp.option.length", _addresses)
ASKED = Raw("dhcp.option.request_list", "Asked for", "dhcp.option.length", _asked)
LENGTH = u8("dhcp.option.length", "Length", unit=" B")
OPTION = (
    u8("dhcp.option.type", "Option", OPTIONS),
    Choice(
        "dhcp.option.type",
        {0: (), 255: (hexed("", "Padding"),)},
        (
            LENGTH,
            Part(
                "",
                "Value",
                (
                    Choice(
                        "dhcp.option.type",
                        {
                            53: (u8("dhcp.option.dhcp", "Message", TYPES),),
                            51: (u32("dhcp.option.ip_address_lease_time", "Lease", unit=" s"),),
                            12: (string("dhcp.option.hostname", "Host name"),),
                            15: (string("dhcp.option.domain_name", "Domain"),),
                            50: (ip4("dhcp.option.requested_ip_address", "Address"),),
                            54: (ip4("dhcp.option.dhcp_server_id", "Server"),),
                            1: (ip4("dhcp.option.subnet_mask", "Mask"),),
                            3: (ADDRESSES,),
                            6: (ADDRESSES,),
                            28: (ADDRESSES,),
                            42: (ADDRESSES,),
                            44: (ADDRESSES,),
                            150: (ADDRESSES,),
                            55: (ASKED,),
                            58: (SECONDS,),
                            59: (SECONDS,),
                            56: (TEXT,),
                            60: (TEXT,),
                            66: (TEXT,),
                            67: (TEXT,),
                            252: (TEXT,),
                            57: (u16("dhcp.option.dhcp_max_message_size", "Largest", unit=" B"),),
                            61: (hexed("dhcp.option.value", "Identifier"),),
                        },
                        (hexed("dhcp.option.value", "Value"),),
                    ),
                ),
                "dhcp.option.length",
            ),
        ),
    ),
)
TREE = Layout(
    "dhcp",
    "DHCP",
    (
        u8("dhcp.type", "Operation", {1: "request", 2: "reply"}),
        u8("dhcp.hw.type", "Hardware", {1: "Ethernet"}),
        u8("dhcp.hw.len", "Hardware address length"),
        u8("dhcp.hops", "Hops"),
        u32("dhcp.id", "Transaction", base="x"),
        u16("dhcp.secs", "Elapsed", unit=" s"),
        u16("dhcp.flags", "Flags", base="x", bits=(Bits("dhcp.flags.bc", "Broadcast", 0x8000),)),
        ip4("dhcp.ip.client", "Client address"),
        ip4("dhcp.ip.your", "Your address"),
        ip4("dhcp.ip.server", "Next server"),
        ip4("dhcp.ip.relay", "Relay agent"),
        mac("dhcp.hw.mac_addr", "Client MAC"),
        Raw("dhcp.hw.addr_padding", "Padding", 10),
        Raw("dhcp.server", "Server name", 64, zero),
        Raw("dhcp.file", "Boot file", 128, zero),
        u32("dhcp.cookie", "Magic cookie", base="x"),
        Part("dhcp.option", "Option", OPTION, count=None, title="{dhcp.option.type}"),
    ),
    "{dhcp.option.dhcp}, client {dhcp.hw.mac_addr}, transaction {dhcp.id}",
)
