"""Fields of LDAP's messages, RFC 4511 section 4."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Ber, Layout

OPS = {
    0: "bindRequest",
    1: "bindResponse",
    2: "unbindRequest",
    3: "searchRequest",
    4: "searchResEntry",
    5: "searchResDone",
    6: "modifyRequest",
    7: "modifyResponse",
    8: "addRequest",
    9: "addResponse",
    10: "delRequest",
    11: "delResponse",
    12: "modDNRequest",
    13: "modDNResponse",
    14: "compareRequest",
    15: "compareResponse",
    16: "abandonRequest",
    19: "searchResRef",
    23: "extendedReq",
    24: "extendedResp",
    25: "intermediateResponse",
}


def _size(data: bytes) -> int:
    """Of a SEQUENCE of definite length."""
    if len(data) < 2 or data[0] != 0x30:
        return 0
    more = data[1] & 127 if data[1] > 128 else 0
    if more > 4:
        return 0
    return 2 + more + (int.from_bytes(data[2 : 2 + more], "big") if more else data[1])


TREE = Layout(
    "ldap",
    "LDAP",
    (
        Ber(
            {
                "0": ("ldap.LDAPMessage_element", "Message", None),
                "0.0": ("ldap.messageID", "Message", None),
                "0.1": ("ldap.protocolOp", "Operation", OPS),
                "0.2": ("ldap.controls", "Controls", None),
            }
        ),
    ),
    "{ldap.protocolOp}, message {ldap.messageID}",
    _size,
)
