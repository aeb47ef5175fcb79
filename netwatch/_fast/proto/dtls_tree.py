"""Fields of DTLS' records and handshake messages, RFC 6347 section 4."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Choice, Layout, Part, Raw, Region, Seen, hexed, u8, u16, u24
from netwatch._fast.proto.tls.names import ALERTS

CONTENT = {
    20: "change cipher spec",
    21: "alert",
    22: "handshake",
    23: "application data",
    24: "heartbeat",
    25: "connection id",
}
VERSIONS = {0xFEFF: "DTLS 1.0", 0xFEFD: "DTLS 1.2", 0xFEFC: "DTLS 1.3", 0x0100: "DTLS 1.0 (OpenSSL)"}
HANDSHAKE = {
    0: "hello request",
    1: "ClientHello",
    2: "ServerHello",
    3: "hello verify request",
    4: "new session ticket",
    11: "certificate",
    12: "server key exchange",
    13: "certificate request",
    14: "server hello done",
    15: "certificate verify",
    16: "client key exchange",
    20: "finished",
}


def _clear(at: Region, seen: Seen) -> object:
    """Is the handshake in the clear? Of epoch 0, and a message that fits."""
    return seen["dtls.record.epoch"] == 0 and at.left >= 12


RECORD = Part(
    "dtls.record",
    "Record",
    (
        u8("dtls.record.content_type", "Content", CONTENT),
        u16("dtls.record.version", "Version", VERSIONS, "x"),
        u16("dtls.record.epoch", "Epoch"),
        hexed("dtls.record.sequence_number", "Number", 6),
        u16("dtls.record.length", "Length", unit=" B"),
        Part(
            "",
            "Content",
            (
                Choice(
                    "dtls.record.content_type",
                    {
                        22: (
                            Choice(
                                _clear,
                                {
                                    True: (
                                        u8("dtls.handshake.type", "Message", HANDSHAKE),
                                        u24("dtls.handshake.length", "Length", unit=" B"),
                                        u16("dtls.handshake.message_seq", "Number"),
                                        u24("dtls.handshake.fragment_offset", "Offset of the fragment"),
                                        u24("dtls.handshake.fragment_length", "Length of the fragment", unit=" B"),
                                        Raw("dtls.handshake", "Content"),
                                    )
                                },
                                (Raw("dtls.handshake", "Encrypted handshake"),),
                            ),
                        ),
                        21: (
                            Choice(
                                lambda at, seen: at.left == 2,
                                {
                                    True: (
                                        u8("dtls.alert_message.level", "Level", {1: "warning", 2: "fatal"}),
                                        u8("dtls.alert_message.desc", "Alert", ALERTS),
                                    )
                                },
                                (Raw("dtls.alert_message", "Encrypted alert"),),
                            ),
                        ),
                    },
                    (Raw("dtls.app_data", "Content"),),
                ),
            ),
            "dtls.record.length",
        ),
    ),
    count=None,
    title="{dtls.record.content_type} {dtls.handshake.type}",
)
TREE = Layout("dtls", "DTLS", (RECORD,), "{dtls.record*}")
