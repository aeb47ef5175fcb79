"""Fields of WireGuard's messages, its whitepaper section 5.4."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Choice, Layout, Raw, hexed, le32, le64, u8, u24

TYPES = {1: "handshake initiation", 2: "handshake response", 3: "cookie reply", 4: "transport data"}
MACS = (hexed("wg.mac1", "MAC 1", 16), hexed("wg.mac2", "MAC 2", 16))
TREE = Layout(
    "wg",
    "WireGuard",
    (
        u8("wg.type", "Type", TYPES),
        u24("wg.reserved", "Reserved", base="x"),
        Choice(
            "wg.type",
            {
                1: (
                    le32("wg.sender", "Sender", base="x"),
                    hexed("wg.ephemeral", "Ephemeral key", 32),
                    Raw("wg.encrypted_static", "Static key, encrypted", 48),
                    Raw("wg.encrypted_timestamp", "Time, encrypted", 28),
                    *MACS,
                ),
                2: (
                    le32("wg.sender", "Sender", base="x"),
                    le32("wg.receiver", "Receiver", base="x"),
                    hexed("wg.ephemeral", "Ephemeral key", 32),
                    Raw("wg.encrypted_empty", "Nothing, encrypted", 16),
                    *MACS,
                ),
                3: (
                    le32("wg.receiver", "Receiver", base="x"),
                    hexed("wg.nonce", "Nonce", 24),
                    Raw("wg.encrypted_cookie", "Cookie, encrypted", 32),
                ),
                4: (
                    le32("wg.receiver", "Receiver", base="x"),
                    le64("wg.counter", "Counter"),
                    Raw("wg.encrypted_packet", "Packet, encrypted"),
                ),
            },
        ),
    ),
    "{wg.type} {wg.sender} {wg.receiver} {wg.counter}",
)
