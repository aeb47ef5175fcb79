"""Fields of QUIC's packets that stand in the clear, RFC 8999 and RFC 9000 section 17."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Bits, Choice, Layout, Part, Raw, Region, Seen, hexed, u8, u32

VERSIONS = {0: "version negotiation", 1: "1", 0x6B3343CF: "2", 0xFF00001D: "draft 29"}
KINDS = {0: "Initial", 1: "0-RTT", 2: "Handshake", 3: "Retry"}
SECOND = {0: "Retry", 1: "Initial", 2: "0-RTT", 3: "Handshake"}  # of version 2, RFC 9369 section 3.2


def _wide(at: Region, seen: Seen) -> int:
    """Bytes of a number of variable length, RFC 9000 section 16."""
    return 1 << (at.peek(1) >> 6)


def _number(raw: bytes) -> str:
    return str(int.from_bytes(raw, "big") & (1 << 8 * len(raw) - 2) - 1)


def _token(at: Region, seen: Seen) -> int:
    size = _wide(at, seen)
    return size + (at.peek(size) & (1 << 8 * size - 2) - 1)


def _protected(at: Region, seen: Seen) -> int:
    return min(at.left, seen["length"])


def _length(at: Region, seen: Seen) -> int:
    size = _wide(at, seen)
    seen["length"] = at.peek(size) & (1 << 8 * size - 2) - 1
    return size


def _kind(at: Region, seen: Seen) -> object:
    if not at.peek(1) & 0x80:
        return "short" if at.peek(1) & 0x40 else "padding"
    version, kind = at.peek(4, 1), at.peek(1) >> 4 & 3
    if version == 0:
        return "negotiation"
    return (SECOND if version == 0x6B3343CF else KINDS)[kind]


FIRST = u8(
    "quic.header",
    "Header",
    base="x",
    bits=(
        Bits("quic.header_form", "Form", 0x80, {0: "short", 1: "long"}),
        Bits("quic.fixed_bit", "Fixed bit", 0x40),
        Bits("quic.long.packet_type", "Type", 0x30, KINDS),
    ),
)
IDS = (
    FIRST,
    u32("quic.version", "Version", VERSIONS, "x"),
    u8("quic.dcil", "Length of the destination's id", unit=" B"),
    hexed("quic.dcid", "Destination connection", "quic.dcil"),
    u8("quic.scil", "Length of the source's id", unit=" B"),
    hexed("quic.scid", "Source connection", "quic.scil"),
)
LENGTH, PROTECTED = (
    Raw("quic.length", "Length", _length, _number),
    Raw("quic.remaining_payload", "Protected number and payload", _protected),
)
PACKET = Part(
    "quic.packet",
    "Packet",
    (
        Choice(
            _kind,
            {
                "short": (
                    u8(
                        "quic.short",
                        "Header",
                        base="x",
                        bits=(
                            Bits("quic.header_form", "Form", 0x80, {0: "short", 1: "long"}),
                            Bits("quic.fixed_bit", "Fixed bit", 0x40),
                            Bits("quic.spin_bit", "Spin bit", 0x20),
                        ),
                    ),
                    Raw("quic.remaining_payload", "Connection id, protected number and payload"),
                ),
                "negotiation": (
                    *IDS,
                    Part(
                        "quic.supported_versions",
                        "Versions",
                        (u32("quic.supported_version", "Version", VERSIONS, "x"),),
                        count=None,
                    ),
                ),
                "Initial": (*IDS, Raw("quic.token", "Token, with its length", _token), LENGTH, PROTECTED),
                "0-RTT": (*IDS, LENGTH, PROTECTED),
                "Handshake": (*IDS, LENGTH, PROTECTED),
                "Retry": (
                    *IDS,
                    Raw("quic.retry_token", "Token", lambda at, seen: max(0, at.left - 16)),
                    hexed("quic.retry_integrity_tag", "Integrity tag", 16),
                ),
            },
            (Raw("quic.padding", "Padding, or another packet"),),
        ),
    ),
    count=None,
    title="{quic.header_form} {quic.long.packet_type}",
)
TREE = Layout("quic", "QUIC", (PACKET,), "{quic.packet*} {quic.dcid}")
