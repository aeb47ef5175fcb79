"""Fields of Diameter's messages and AVPs, RFC 6733 sections 3 and 4."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import (
    Bits,
    Choice,
    Layout,
    Part,
    Region,
    Seen,
    hexed,
    length_at,
    string,
    u8,
    u24,
    u32,
)

COMMANDS = {
    257: "Capabilities-Exchange",
    258: "Re-Auth",
    265: "AA",
    268: "Diameter-EAP",
    271: "Accounting",
    272: "Credit-Control",
    274: "Abort-Session",
    275: "Session-Termination",
    280: "Device-Watchdog",
    282: "Disconnect-Peer",
    316: "Update-Location",
    318: "Authentication-Information",
}
AVPS = {
    1: "User-Name",
    25: "Class",
    27: "Session-Timeout",
    257: "Host-IP-Address",
    258: "Auth-Application-Id",
    259: "Acct-Application-Id",
    260: "Vendor-Specific-Application-Id",
    263: "Session-Id",
    264: "Origin-Host",
    265: "Supported-Vendor-Id",
    266: "Vendor-Id",
    267: "Firmware-Revision",
    268: "Result-Code",
    269: "Product-Name",
    278: "Origin-State-Id",
    281: "Error-Message",
    283: "Destination-Realm",
    293: "Destination-Host",
    296: "Origin-Realm",
    415: "CC-Request-Number",
    416: "CC-Request-Type",
}
TEXTS, NUMBERS = (1, 263, 264, 269, 281, 283, 293, 296), (27, 258, 259, 265, 266, 267, 268, 278, 415, 416)


def _value(at: Region, seen: Seen) -> int:
    return max(0, seen["diameter.avp.len"] - (12 if seen["diameter.avp.flags.vendorspecific"] else 8))


def _size(data: bytes) -> int:
    return length_at(1, 3, 0)(data) if data[0] == 1 else 0


AVP = Part(
    "diameter.avp",
    "AVP",
    (
        u32("diameter.avp.code", "Code", AVPS),
        u8(
            "diameter.avp.flags",
            "Flags",
            base="x",
            bits=(
                Bits("diameter.avp.flags.vendorspecific", "Vendor's", 0x80),
                Bits("diameter.avp.flags.mandatory", "Mandatory", 0x40),
            ),
        ),
        u24("diameter.avp.len", "Length", unit=" B"),
        Choice("diameter.avp.flags.vendorspecific", {1: (u32("diameter.avp.vendorId", "Vendor"),)}),
        Choice(
            "diameter.avp.code",
            {
                **{each: (string("diameter.avp.text", "Text", _value),) for each in TEXTS},
                **{each: (u32("diameter.avp.number", "Number"),) for each in NUMBERS},
            },
            (hexed("diameter.avp.data", "Data", _value),),
        ),
    ),
    size=lambda at, seen: min(at.left, -(-max(8, at.peek(3, 5)) // 4) * 4),
    count=None,
    title="{diameter.avp.code}",
)
TREE = Layout(
    "diameter",
    "Diameter",
    (
        u8("diameter.version", "Version"),
        u24("diameter.length", "Length", unit=" B"),
        u8(
            "diameter.flags",
            "Flags",
            base="x",
            bits=(
                Bits("diameter.flags.request", "Request", 0x80, {0: "answer", 1: "request"}),
                Bits("diameter.flags.proxyable", "Proxyable", 0x40),
                Bits("diameter.flags.error", "Error", 0x20),
                Bits("diameter.flags.T", "Sent again", 0x10),
            ),
        ),
        u24("diameter.cmd.code", "Command", COMMANDS),
        u32("diameter.applicationId", "Application"),
        u32("diameter.hopbyhopid", "Hop by hop", base="x"),
        u32("diameter.endtoendid", "End to end", base="x"),
        AVP,
    ),
    "{diameter.cmd.code} {diameter.flags.request}",
    _size,
)
