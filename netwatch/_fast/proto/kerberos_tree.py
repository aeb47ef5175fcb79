"""Fields of Kerberos' messages, RFC 4120 section 5; over TCP each with its length before it, section 7.2.2."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Ber, Choice, Layout, u32

TYPES = {
    10: "AS-REQ",
    11: "AS-REP",
    12: "TGS-REQ",
    13: "TGS-REP",
    14: "AP-REQ",
    15: "AP-REP",
    20: "KRB-SAFE",
    21: "KRB-PRIV",
    22: "KRB-CRED",
    30: "KRB-ERROR",
}


def _size(data: bytes) -> int:
    if data[0] & 0xE0 == 0x60:
        return len(data)
    return 4 + int.from_bytes(data[:4], "big") if len(data) > 4 and data[4] & 0xE0 == 0x60 else 0


TREE = Layout(
    "kerberos",
    "Kerberos",
    (
        Choice(lambda at, seen: at.peek(1) & 0xE0 == 0x60, {False: (u32("kerberos.rm.length", "Length", unit=" B"),)}),
        Ber({"0": ("kerberos.msg", "Message", TYPES)}),
    ),
    "{kerberos.msg}",
    _size,
)
