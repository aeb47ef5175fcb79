"""Fields of RADIUS: RFC 2865 sections 3 and 5, RFC 2866 section 5."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import (
    Choice,
    Layout,
    Part,
    Raw,
    Region,
    Seen,
    address,
    hexed,
    string,
    u8,
    u16,
    u32,
)

CODES = {
    1: "Access-Request",
    2: "Access-Accept",
    3: "Access-Reject",
    4: "Accounting-Request",
    5: "Accounting-Response",
    11: "Access-Challenge",
    12: "Status-Server",
    40: "Disconnect-Request",
    41: "Disconnect-ACK",
    42: "Disconnect-NAK",
    43: "CoA-Request",
    44: "CoA-ACK",
    45: "CoA-NAK",
}
TYPES = {
    1: "User-Name",
    2: "User-Password",
    3: "CHAP-Password",
    4: "NAS-IP-Address",
    5: "NAS-Port",
    6: "Service-Type",
    7: "Framed-Protocol",
    8: "Framed-IP-Address",
    9: "Framed-IP-Netmask",
    11: "Filter-Id",
    12: "Framed-MTU",
    18: "Reply-Message",
    24: "State",
    25: "Class",
    26: "Vendor-Specific",
    27: "Session-Timeout",
    28: "Idle-Timeout",
    30: "Called-Station-Id",
    31: "Calling-Station-Id",
    32: "NAS-Identifier",
    40: "Acct-Status-Type",
    41: "Acct-Delay-Time",
    42: "Acct-Input-Octets",
    43: "Acct-Output-Octets",
    44: "Acct-Session-Id",
    45: "Acct-Authentic",
    46: "Acct-Session-Time",
    49: "Acct-Terminate-Cause",
    61: "NAS-Port-Type",
    64: "Tunnel-Type",
    65: "Tunnel-Medium-Type",
    79: "EAP-Message",
    80: "Message-Authenticator",
    81: "Tunnel-Private-Group-ID",
    87: "NAS-Port-Id",
    89: "Chargeable-User-Identity",
    95: "NAS-IPv6-Address",
}
TEXTS, ADDRESSES = (1, 11, 18, 30, 31, 32, 44, 87), (4, 8, 9, 95)
NUMBERS = (5, 6, 7, 12, 27, 28, 40, 41, 42, 43, 45, 46, 49, 61)


def _rest(at: Region, seen: Seen) -> int:
    return max(0, seen["radius.avp.length"] - 2)


VALUE = Choice(
    "radius.avp.type",
    {
        **{each: (string("radius.avp.value.text", "Text", _rest),) for each in TEXTS},
        **{each: (Raw("radius.avp.value.address", "Address", _rest, address),) for each in ADDRESSES},
        **{each: (u32("radius.avp.value.number", "Number"),) for each in NUMBERS},
        1: (string("radius.User_Name", "User", _rest),),
        4: (Raw("radius.NAS_IP_Address", "Address", _rest, address),),
        26: (
            u32("radius.avp.vendor_id", "Vendor"),
            hexed("radius.avp.vendor_value", "Value", lambda at, seen: max(0, seen["radius.avp.length"] - 6)),
        ),
    },
    (hexed("radius.avp.value", "Value", _rest),),
)
TREE = Layout(
    "radius",
    "RADIUS",
    (
        u8("radius.code", "Code", CODES),
        u8("radius.id", "Identifier"),
        u16("radius.length", "Length", unit=" B"),
        hexed("radius.authenticator", "Authenticator", 16),
        Part(
            "radius.avp",
            "Attribute",
            (u8("radius.avp.type", "Type", TYPES), u8("radius.avp.length", "Length", unit=" B"), VALUE),
            size=lambda at, seen: at.peek(1, 1),
            count=None,
            title="{radius.avp.type}",
        ),
    ),
    "{radius.code}, id {radius.id}",
)
