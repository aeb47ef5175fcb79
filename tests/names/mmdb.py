"""Writes the smallest MaxMind databases that a reader accepts, after the published description of format 2.0."""

from __future__ import annotations

import ipaddress

UINT16, UINT32, UINT64 = 5, 6, 9
MARKER = b"\xab\xcd\xefMaxMind.com"


def encoded(value: object) -> bytes:
    """A control byte with type and size, then the value; sizes below 285 only."""
    if isinstance(value, str):
        return control(2, len(value.encode())) + value.encode()
    if isinstance(value, dict):
        return control(7, len(value)) + b"".join(encoded(key) + encoded(item) for key, item in value.items())
    if isinstance(value, list):
        return control(11, len(value)) + b"".join(map(encoded, value))
    kind, number = value if isinstance(value, tuple) else (UINT32, value)
    octets = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return control(kind, len(octets)) + octets


def control(kind: int, size: int) -> bytes:
    first, more = (size, b"") if size < 29 else (29, bytes([size - 29]))
    return bytes([kind << 5 | first]) + more if kind < 8 else bytes([first, kind - 7]) + more


def database(kind: str, networks: dict[str, dict]) -> bytes:
    """IPv4 networks and what is known of them, in a tree of 24-bit records."""
    data, places = b"", {}
    for network, value in networks.items():
        places[network] = len(data)
        data += encoded(value)
    nodes: list[list[object]] = [[None, None]]
    for network in networks:
        net = ipaddress.ip_network(network)
        at, bits = 0, int(net.network_address)
        for depth in range(net.prefixlen - 1):
            side = bits >> 31 - depth & 1
            if nodes[at][side] is None:
                nodes.append([None, None])
                nodes[at][side] = len(nodes) - 1
            at = nodes[at][side]
        nodes[at][bits >> 32 - net.prefixlen & 1] = network
    tree = b""
    for node in nodes:
        for to in node:
            number = len(nodes) if to is None else to
            tree += (len(nodes) + 16 + places[to] if isinstance(to, str) else number).to_bytes(3, "big")
    about = {"node_count": len(nodes), "record_size": (UINT16, 24), "ip_version": (UINT16, 4),
             "database_type": kind, "languages": ["en"], "binary_format_major_version": (UINT16, 2),
             "binary_format_minor_version": (UINT16, 0),
             "build_epoch": (UINT64, 1_700_000_000), "description": {"en": "made by a test"}}
    return tree + bytes(16) + data + MARKER + encoded(about)
