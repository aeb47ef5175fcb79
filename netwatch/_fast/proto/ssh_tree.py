"""Fields of SSH: the version line (RFC 4253 section 4.2), binary packets (section 6), the key exchange (7.1)."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Choice, Field, Layout, Lines, Raw, Region, Seen, hexed, string, u8, u32

CODES = {
    1: "disconnect",
    2: "ignore",
    3: "unimplemented",
    4: "debug",
    5: "service request",
    6: "service accept",
    20: "key exchange init",
    21: "new keys",
    30: "key exchange, client",
    31: "key exchange, server",
    32: "group exchange init",
    33: "group exchange reply",
    34: "group exchange request",
}
LISTS = (
    "kex_algorithms",
    "server_host_key_algorithms",
    "encryption_algorithms_client_to_server",
    "encryption_algorithms_server_to_client",
    "mac_algorithms_client_to_server",
    "mac_algorithms_server_to_client",
    "compression_algorithms_client_to_server",
    "compression_algorithms_server_to_client",
    "languages_client_to_server",
    "languages_server_to_client",
)


def _kind(data: bytes) -> str:
    if data.startswith(b"SSH-"):
        return "version"
    clear = len(data) >= 6 and 2 <= int.from_bytes(data[:4], "big") <= 35000 and 4 <= data[4] < 64 and data[5] in CODES
    return "packet" if clear else "closed"


def _size(data: bytes) -> int:
    kind = _kind(data)
    if kind == "version":
        return (data.find(b"\n") + 1) or len(data)
    return 4 + int.from_bytes(data[:4], "big") if kind == "packet" else len(data)


def _payload(at: Region, seen: Seen) -> int:
    return max(0, min(seen["ssh.packet_length"] - seen["ssh.padding_length"] - 2, at.left))


def _closed(raw: bytes) -> str:
    return f"{len(raw)} B, encrypted or of an earlier message"


def _lists() -> tuple[Field, ...]:
    fields: list[Field] = [hexed("ssh.cookie", "Cookie", 16)]
    for name in LISTS:
        fields += [
            u32(f"ssh.{name}_length", "Length", unit=" B"),
            string(f"ssh.{name}", name.replace("_", " ").capitalize(), f"ssh.{name}_length"),
        ]
    return (*fields, u8("ssh.first_kex_packet_follows", "A guess follows"), u32("ssh.kex.reserved", "Reserved"))


TREE = Layout(
    "ssh",
    "SSH",
    (
        Choice(
            lambda at, seen: _kind(at.data[at.at : at.end]),
            {
                "version": (Lines("ssh.line", ((rb"(SSH-.*)", (("ssh.protocol", "Protocol"),)),)),),
                "packet": (
                    u32("ssh.packet_length", "Length", unit=" B"),
                    u8("ssh.padding_length", "Padding", unit=" B"),
                    u8("ssh.message_code", "Message", CODES),
                    Choice("ssh.message_code", {20: _lists()}, (Raw("ssh.payload", "Payload", _payload),)),
                    Raw("ssh.padding_string", "Padding"),
                ),
            },
            (Raw("ssh.encrypted_packet", "Closed", None, _closed),),
        ),
    ),
    "{line} {ssh.message_code} {ssh.encrypted_packet}",
    _size,
)
