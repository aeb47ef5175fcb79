"""Interfaces with their counters, routes, neighbours and addresses by rtnetlink (rtnetlink(7)), without a subprocess.

Each answer is a list of messages: a fixed head and attributes (rtattr: length, type, value). What is too short, or of a
type that is not known here, is passed over.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator

from netwatch.model.host import Unavailable
from netwatch.model.machine import Counters, Link, Neighbour, Route

NETLINK_ROUTE = 0
GETLINK, GETADDR, GETROUTE, GETNEIGH = 18, 22, 26, 30
IFF_UP = 1
IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU, IFLA_MASTER, IFLA_LINKINFO, IFLA_STATS64, IFLA_CARRIER = 1, 3, 4, 10, 18, 23, 33
IFLA_INFO_KIND = 1
# linux/if_arp.h, of those that say what an interface is for
HARDWARE = {1: "ethernet", 512: "tunnel", 768: "tunnel", 769: "tunnel", 772: "loopback", 776: "tunnel", 778: "tunnel",
            801: "wireless", 802: "wireless", 803: "wireless", 823: "tunnel", 65534: "tunnel"}
TUNNELS = frozenset(("wireguard", "tun", "gre", "gretap", "ip6gre", "ip6gretap", "ipip", "ip6tnl", "sit", "vti", "vti6",
                     "xfrm", "vxlan", "geneve", "erspan", "ppp", "ovpn", "ovpn-dco", "bareudp"))
IFA_ADDRESS, IFA_LOCAL = 1, 2
RTA_DST, RTA_OIF, RTA_GATEWAY, RTA_PRIORITY, RTA_MULTIPATH, RTA_TABLE = 1, 4, 5, 6, 9, 15
RT_TABLE_MAIN, RTN_UNICAST = 254, 1
NDA_DST, NDA_LLADDR = 1, 2
STATES = {0x01: "incomplete", 0x02: "reachable", 0x04: "stale", 0x08: "delay", 0x10: "probe", 0x20: "failed",
          0x40: "noarp", 0x80: "permanent"}
NO_NEIGHBOUR = 0x01 | 0x20 | 0x40
LINK, ADDRESS = struct.Struct("=BxHiII"), struct.Struct("=BBBBI")
ROUTE, NEIGHBOUR = struct.Struct("=8BI"), struct.Struct("=BxxxiHBB")
STATS = struct.Struct("=10Q")  # the first ten of rtnl_link_stats64


def counters() -> list[Counters]:
    """Every interface. Raises Unavailable."""
    found = []
    for head, attributes in _ask(GETLINK, LINK):
        values = dict(attributes)
        stats = values.get(IFLA_STATS64, b"")
        if IFLA_IFNAME not in values or len(stats) < STATS.size:
            continue
        rx_packets, tx_packets, rx_bytes, tx_bytes, rx_errors, tx_errors, rx_drops, tx_drops, _, collisions = (
            STATS.unpack_from(stats))
        name = _name(values)
        found.append(Counters(name, rx_bytes, tx_bytes, rx_packets, tx_packets, rx_errors, tx_errors, rx_drops,
                              tx_drops, collisions, bool(head[3] & IFF_UP), _u32(values.get(IFLA_MTU)), _speed(name),
                              values.get(IFLA_ADDRESS, b"").hex(":")))
    return found


def links() -> list[Link]:
    """Every interface: what it is, and its addresses. Raises Unavailable."""
    held: dict[int, list[tuple[bytes, int]]] = {}
    for head, attributes in _ask(GETADDR, ADDRESS):
        values = dict(attributes)
        address = values.get(IFA_LOCAL) or values.get(IFA_ADDRESS)
        if address:
            held.setdefault(head[4], []).append((address, head[1]))
    messages = [(head, dict(attributes)) for head, attributes in _ask(GETLINK, LINK)]
    names = {head[2]: _name(values) for head, values in messages}
    found = []
    for head, values in messages:
        name, carrier = names[head[2]], values.get(IFLA_CARRIER)
        found.append(Link(
            name, _kind(name, head[1], values), tuple(held.get(head[2], ())), bool(carrier[0]) if carrier else None,
            _told(name, "duplex").replace("unknown", ""), os.path.basename(_driver(name)),
            names.get(_u32(values.get(IFLA_MASTER)) or 0, "")))
    return found


def _kind(name: str, hardware: int, values: dict[int, bytes]) -> str:
    info = dict(_attributes(values.get(IFLA_LINKINFO, b"")))
    kind = info.get(IFLA_INFO_KIND, b"").rstrip(b"\0").decode("utf-8", "replace")
    if kind:
        return f"tunnel ({kind})" if kind in TUNNELS else kind
    found = HARDWARE.get(hardware, "")
    return "wireless" if found == "ethernet" and os.path.exists(f"/sys/class/net/{name}/phy80211") else found


def _driver(name: str) -> str:
    try:
        return os.readlink(f"/sys/class/net/{name}/device/driver")
    except OSError:
        return ""


def _told(name: str, fact: str) -> str:
    """What sysfs says of an interface, "" when it does not."""
    try:
        with open(f"/sys/class/net/{name}/{fact}") as f:
            return f.read(64).strip()
    except (OSError, ValueError):
        return ""


def addresses() -> frozenset[bytes]:
    """The addresses of all interfaces. Raises Unavailable."""
    found = set()
    for _, attributes in _ask(GETADDR, ADDRESS):
        values = dict(attributes)
        address = values.get(IFA_LOCAL) or values.get(IFA_ADDRESS)
        if address:
            found.add(address)
    return frozenset(found)


def routes() -> list[Route]:
    """The unicast routes of the main table. Raises Unavailable."""
    names = _names()
    found = []
    for head, attributes in _ask(GETROUTE, ROUTE):
        family, prefix, table, kind = head[0], head[1], head[4], head[7]
        values = dict(attributes)
        if kind != RTN_UNICAST or (_u32(values.get(RTA_TABLE)) or table) != RT_TABLE_MAIN:
            continue
        size = {int(socket.AF_INET): 4, int(socket.AF_INET6): 16}.get(family)
        if size is None:
            continue
        network = values.get(RTA_DST, bytes(size))
        metric = _u32(values.get(RTA_PRIORITY)) or 0
        for index, gateway in _hops(values):
            found.append(Route(network, prefix, gateway, names.get(index, ""), metric))
    return found


def neighbours() -> list[Neighbour]:
    """What ARP and neighbour discovery have learnt. Raises Unavailable."""
    names = _names()
    found = []
    for head, attributes in _ask(GETNEIGH, NEIGHBOUR):
        values = dict(attributes)
        if head[2] & NO_NEIGHBOUR or head[0] not in (socket.AF_INET, socket.AF_INET6):
            continue
        if NDA_DST in values and NDA_LLADDR in values:
            found.append(Neighbour(values[NDA_DST], values[NDA_LLADDR].hex(":"), names.get(head[1], ""),
                                   STATES.get(head[2], "")))
    return found


def _names() -> dict[int, str]:
    return {head[2]: _name(dict(attributes)) for head, attributes in _ask(GETLINK, LINK)}


def _name(values: dict[int, bytes]) -> str:
    return values.get(IFLA_IFNAME, b"").rstrip(b"\0").decode("utf-8", "replace")


def _hops(values: dict[int, bytes]) -> Iterator[tuple[int, bytes]]:
    """(interface, gateway) of each way a route may take; rtnexthop: length, flags, hops, interface, attributes."""
    if RTA_OIF in values:
        yield _u32(values[RTA_OIF]) or 0, values.get(RTA_GATEWAY, b"")
    ways = values.get(RTA_MULTIPATH, b"")
    while len(ways) >= 8:
        length, index = struct.unpack_from("=HxxI", ways)
        if not 8 <= length <= len(ways):
            return
        yield index, dict(_attributes(ways[8:length])).get(RTA_GATEWAY, b"")
        ways = ways[(length + 3) & ~3:]


def _speed(name: str) -> int | None:
    """Mbit/s as the driver says it, None for what has none."""
    told = _told(name, "speed")
    return int(told) if told.isdecimal() and int(told) > 0 else None


def _u32(value: bytes | None) -> int | None:
    return struct.unpack_from("=I", value)[0] if value and len(value) >= 4 else None


def _ask(kind: int, head: struct.Struct) -> list[tuple[tuple[int, ...], list[tuple[int, bytes]]]]:
    """The messages of a dump: (fields of the head, attributes)."""
    from netwatch._fast.os.netlink import Netlink

    try:
        netlink = Netlink(NETLINK_ROUTE)
        try:
            messages = netlink.request(kind, bytes(16 if kind == GETLINK else 12))
        finally:
            netlink.close()
    except OSError as e:
        raise Unavailable(f"rtnetlink: {e.strerror}") from None
    return [(head.unpack_from(body), list(_attributes(body[head.size:])))
            for _, body in messages if len(body) >= head.size]


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while len(data) - at >= 4:
        length, kind = struct.unpack_from("=HH", data, at)
        if not 4 <= length <= len(data) - at:
            return
        yield kind & 0x3FFF, data[at + 4:at + length]
        at += (length + 3) & ~3
