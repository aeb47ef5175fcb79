"""Fields of IKE's messages: RFC 7296 section 3, RFC 2408 section 3."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import (
    Bits,
    Choice,
    Layout,
    Part,
    Raw,
    Region,
    Seen,
    hexed,
    string,
    u8,
    u16,
    u32,
)

EXCHANGES = {
    2: "identity protection",
    4: "aggressive",
    5: "informational",
    32: "quick mode",
    33: "new group",
    34: "IKE_SA_INIT",
    35: "IKE_AUTH",
    36: "CREATE_CHILD_SA",
    37: "INFORMATIONAL",
}
PAYLOADS = {
    0: "none",
    1: "security association",
    4: "key exchange",
    5: "identification",
    6: "certificate",
    8: "hash",
    9: "signature",
    10: "nonce",
    11: "notification",
    12: "delete",
    13: "vendor id",
    20: "NAT discovery",
    33: "security association",
    34: "key exchange",
    35: "initiator's id",
    36: "responder's id",
    37: "certificate",
    38: "certificate request",
    39: "authentication",
    40: "nonce",
    41: "notify",
    42: "delete",
    43: "vendor id",
    44: "initiator's traffic",
    45: "responder's traffic",
    46: "encrypted and authenticated",
    47: "configuration",
    48: "EAP",
    53: "encrypted fragment",
}


def _next(at: Region, seen: Seen) -> object:
    """What the payload is said to be by the one before it; of an encrypted message none is told."""
    seen["kind"] = seen.get("next", seen["isakmp.nextpayload"])
    if seen["isakmp.version"] < 0x20 and seen["isakmp.flags"] & 1:
        return "closed"
    return "none" if seen["kind"] == 0 else "more"


def _kind(at: Region, seen: Seen) -> object:
    kind, seen["next"] = seen["kind"], seen["isakmp.payload.next"]
    if kind in (46, 53):
        seen["next"] = 0
    return kind


PAYLOAD = Part(
    "isakmp.payload",
    "Payload",
    (
        u8("isakmp.payload.next", "Next payload", PAYLOADS),
        u8("isakmp.criticalpayload", "Critical", base="x"),
        u16("isakmp.payloadlength", "Length", unit=" B"),
        Choice(
            _kind,
            {
                34: (
                    u16("isakmp.key_exchange.dh_group", "Group"),
                    u16("isakmp.reserved", "Reserved"),
                    Raw("isakmp.key_exchange.data", "Key"),
                ),
                40: (hexed("isakmp.nonce", "Nonce"),),
                10: (hexed("isakmp.nonce", "Nonce"),),
                41: (
                    u8("isakmp.notify.protoid", "Protocol"),
                    u8("isakmp.spisize", "SPI size"),
                    u16("isakmp.notify.msgtype", "Message"),
                    hexed("isakmp.notify.data", "Data"),
                ),
                13: (hexed("isakmp.vid_bytes", "Vendor"),),
                43: (hexed("isakmp.vid_bytes", "Vendor"),),
                35: (
                    u8("isakmp.id.type", "Type"),
                    hexed("isakmp.id.reserved", "Reserved", 3),
                    string("isakmp.id.data", "Identity"),
                ),
                46: (Raw("isakmp.enc.contained", "Encrypted"),),
            },
            (Raw("isakmp.datapayload", "Data"),),
        ),
    ),
    size=lambda at, seen: at.peek(2, 2),
    title="{isakmp.payload.next}",
)
TREE = Layout(
    "isakmp",
    "IKE",
    (
        Choice(
            lambda at, seen: at.left > 4 and at.peek(4) == 0,
            {True: (u32("udpencap.non_esp_marker", "Non-ESP marker", base="x"),)},
        ),
        hexed("isakmp.ispi", "Initiator SPI", 8),
        hexed("isakmp.rspi", "Responder SPI", 8),
        u8("isakmp.nextpayload", "Next payload", PAYLOADS),
        u8("isakmp.version", "Version", base="x"),
        u8("isakmp.exchangetype", "Exchange", EXCHANGES),
        u8(
            "isakmp.flags",
            "Flags",
            base="x",
            bits=(
                Bits("isakmp.flag_e", "Encrypted (IKEv1)", 1),
                Bits("isakmp.flag_initiator", "Initiator (IKEv2)", 8),
                Bits("isakmp.flag_response", "Response (IKEv2)", 32),
            ),
        ),
        u32("isakmp.messageid", "Message id", base="x"),
        u32("isakmp.length", "Length", unit=" B"),
        Part(
            "isakmp.payloads",
            "Payloads",
            (Choice(_next, {"more": (PAYLOAD,)}, (Raw("isakmp.enc.data", "Encrypted or padding"),)),),
            count=None,
        ),
    ),
    "{isakmp.exchangetype}, message {isakmp.messageid}",
)
