"""Fields of the PROXY protocol's headers, both versions of its specification, sections 2.1 and 2.2."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Bits, Choice, Layout, Lines, Raw, address, hexed, u8, u16

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
PORTS = (u16("proxy.v2.srcport", "Source port"), u16("proxy.v2.dstport", "Destination port"))


def _size(data: bytes) -> int:
    if data.startswith(SIGNATURE) and len(data) >= 16:
        return 16 + int.from_bytes(data[14:16], "big")
    return data.find(b"\n") + 1 if data.startswith(b"PROXY ") else 0


TREE = Layout(
    "proxy",
    "PROXY",
    (
        Choice(
            lambda at, seen: at.peek(1),
            {
                0x50: (
                    Lines(
                        "proxy.line",
                        (
                            (
                                rb"PROXY (\S+) (\S+) (\S+) (\d+) (\d+)",
                                (
                                    ("proxy.v1.proto", "Protocol"),
                                    ("proxy.v1.src", "Source"),
                                    ("proxy.v1.dst", "Destination"),
                                    ("proxy.v1.srcport", "Source port"),
                                    ("proxy.v1.dstport", "Destination port"),
                                ),
                            ),
                        ),
                    ),
                )
            },
            (
                hexed("proxy.v2.magic", "Signature", 12),
                u8(
                    "proxy.v2.ver_cmd",
                    "Version and command",
                    base="x",
                    bits=(
                        Bits("proxy.v2.ver", "Version", 0xF0),
                        Bits("proxy.v2.cmd", "Command", 0x0F, {0: "LOCAL", 1: "PROXY"}),
                    ),
                ),
                u8(
                    "proxy.v2.fam",
                    "Family",
                    base="x",
                    bits=(
                        Bits("proxy.v2.family", "Address", 0xF0, {1: "IPv4", 2: "IPv6", 3: "unix"}),
                        Bits("proxy.v2.transport", "Transport", 0x0F, {1: "stream", 2: "datagram"}),
                    ),
                ),
                u16("proxy.v2.length", "Length", unit=" B"),
                Choice(
                    "proxy.v2.family",
                    {
                        1: (
                            Raw("proxy.v2.src", "Source", 4, address),
                            Raw("proxy.v2.dst", "Destination", 4, address),
                            *PORTS,
                        ),
                        2: (
                            Raw("proxy.v2.src", "Source", 16, address),
                            Raw("proxy.v2.dst", "Destination", 16, address),
                            *PORTS,
                        ),
                    },
                ),
                Raw("proxy.v2.tlv", "Further"),
            ),
        ),
    ),
    "{line} {proxy.v2.cmd} {proxy.v2.src} {proxy.v2.dst}",
    _size,
)
