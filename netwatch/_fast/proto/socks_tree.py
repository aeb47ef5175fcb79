"""Fields of SOCKS' negotiation: RFC 1928 sections 3, 4 and 6, RFC 1929 section 2, and version 4 of its memo."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Choice, Layout, Part, Raw, Region, Seen, Until, address, string, u8, u16

COMMANDS = {1: "connect", 2: "bind", 3: "UDP associate"}
METHODS = {0: "none", 1: "GSS-API", 2: "user name and password", 255: "none acceptable"}


def _kind(at: Region, seen: Seen) -> object:
    version, second = at.peek(1), at.peek(1, 1)
    if version == 5 and at.left == 2:
        return "chosen"
    if version == 5:
        return "methods" if at.left == 2 + second else "request"
    if version == 1:
        return "reply to login" if at.left == 2 else "login"
    return {4: "version 4", 0: "reply of version 4"}.get(version, "data")


def _size(data: bytes) -> int:
    return len(data) if len(data) >= 2 and data[0] in (0, 1, 4, 5) and len(data) < 1024 else 0


VERSION = u8("socks.version", "Version")
ENDPOINT = (
    u8("socks.address_type", "Address", {1: "IPv4", 3: "name", 4: "IPv6"}),
    Choice(
        "socks.address_type",
        {
            1: (Raw("socks.dst", "Address", 4, address),),
            4: (Raw("socks.dstV6", "Address", 16, address),),
            3: (
                u8("socks.hostname_length", "Length of the name"),
                string("socks.remote_name", "Name", "socks.hostname_length"),
            ),
        },
    ),
    u16("socks.dstport", "Port"),
)
TREE = Layout(
    "socks",
    "SOCKS",
    (
        Choice(
            _kind,
            {
                "chosen": (VERSION, u8("socks.auth_accepted_method", "Method", METHODS)),
                "methods": (
                    VERSION,
                    u8("socks.auth_method_count", "Methods"),
                    Part("socks.auth_methods", "Method", (u8("socks.auth_method", "Method", METHODS),), count=None),
                ),
                "request": (
                    VERSION,
                    u8("socks.command", "Command or reply", COMMANDS),
                    u8("socks.reserved", "Reserved"),
                    *ENDPOINT,
                ),
                "login": (
                    VERSION,
                    u8("socks.username_length", "Length of the name"),
                    string("socks.username", "User", "socks.username_length"),
                    u8("socks.password_length", "Length of the password"),
                    string("socks.password", "Password", "socks.password_length"),
                ),
                "reply to login": (VERSION, u8("socks.subnegotiation_status", "Status", {0: "success"})),
                "version 4": (
                    VERSION,
                    u8("socks.command", "Command", COMMANDS),
                    u16("socks.dstport", "Port"),
                    Raw("socks.dst", "Address", 4, address),
                    Until("socks.username", "User"),
                    Choice(lambda at, seen: at.left > 0, {True: (Until("socks.remote_name", "Name"),)}),
                ),
                "reply of version 4": (
                    VERSION,
                    u8("socks.results_v4", "Result", {90: "granted", 91: "rejected"}),
                    u16("socks.dstport", "Port"),
                    Raw("socks.dst", "Address", 4, address),
                ),
            },
            (Raw("socks.data", "Data"),),
        ),
    ),
    "v{socks.version} {socks.command} {socks.remote_name} {socks.username} {socks.dst} {socks.auth_accepted_method}",
    _size,
)
