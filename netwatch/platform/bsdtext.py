"""Reads what the BSD family's tools print, macOS and FreeBSD alike: netstat -ibn, netstat -rn, arp -an, ndp -an.

The formats are those of the manual pages; a line that is not understood is passed over. Nothing here runs a program.
"""

from __future__ import annotations

import re

from netwatch.model.machine import Counters, Neighbour, Route
from netwatch.platform.base import packed

ARP = re.compile(r"^\S+ \(([\d.]+)\) at ([0-9a-f:]+) on (\S+)", re.M)
NDP = re.compile(r"^([0-9a-f:]+(?:%\S+)?)\s+([0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5})\s+(\S+)", re.M)
LINK_LINE = re.compile(r"^(\S+?)\*?\s+(\d+)\s+<Link#\d+>\s+(.*)$")


def end_of(text: str) -> tuple[bytes, int]:
    """(address, port) of `127.0.0.1:80`, `[::1]:80`, `*:*`; b"" and 0 for what is open. Raises ValueError."""
    address, _, port = text.rpartition(":")
    address = address.strip("[]")
    return (b"" if address in ("*", "") else _or_open(packed(address))), 0 if port == "*" else int(port)


def interfaces(text: str) -> list[Counters]:
    """`netstat -ibn`: one line a link; the columns are counted from the right, since an address may be missing.

    FreeBSD has a column of drops (Idrop) after the input errors, macOS has not, unless -d is given.
    """
    lines = text.splitlines()
    heads = lines[0].split() if lines else []
    if "Ipkts" not in heads:
        return []
    columns = heads[heads.index("Ipkts"):]
    found = []
    for line in lines[1:]:
        match = LINK_LINE.match(line)
        if not match:
            continue
        words = match[3].split()
        values = dict(zip(columns, words[-len(columns):], strict=False))
        if len(words) < len(columns) or not all(v.isdigit() for v in values.values() if v != "-"):
            continue
        n = {name: int(value) if value.isdigit() else 0 for name, value in values.items()}
        mac = words[0] if len(words) > len(columns) and words[0].count(":") == 5 else ""
        found.append(Counters(
            match[1], n.get("Ibytes", 0), n.get("Obytes", 0), n["Ipkts"], n.get("Opkts", 0), n.get("Ierrs", 0),
            n.get("Oerrs", 0), n.get("Idrop"), n.get("Drop"), n.get("Coll"), mtu=int(match[2]), mac=mac))
    return found


def routes(text: str) -> list[Route]:
    """`netstat -rn`. The order stands for the metric; one bound to an interface (flag I) comes after the others."""
    found: list[Route] = []
    for line in text.splitlines():
        words = line.split()
        if len(words) < 4 or words[0] in ("Destination", "Routing"):
            continue
        try:
            network, prefix = _network(words[0], ":" in words[1] or ":" in words[0])
            gateway = b"" if words[1].startswith("link#") or words[1].count(":") == 5 else packed(words[1])
        except ValueError:
            continue
        flags = words[2]
        if "U" in flags and "R" not in flags and "B" not in flags:
            found.append(Route(network, prefix, gateway, words[3], len(found) + (1000 if "I" in flags else 0)))
    return found


def neighbours(arp: str, ndp: str) -> list[Neighbour]:
    """`arp -an` and `ndp -an`."""
    found = [Neighbour(packed(address), _mac(mac), interface) for address, mac, interface in ARP.findall(arp)
             if mac.count(":") == 5]
    for address, mac, interface in NDP.findall(ndp):
        try:
            found.append(Neighbour(packed(address), _mac(mac), interface))
        except ValueError:
            continue
    return found


def _mac(text: str) -> str:
    """These tools leave out leading zeros."""
    return ":".join(part.zfill(2) for part in text.split(":"))


def _network(text: str, six: bool) -> tuple[bytes, int]:
    """`default`, `10`, `192.168.1`, `127.0.0.1`, `10.0.0.0/8`, `fe80::%en0/64`: what is left out of IPv4 is zero."""
    if text == "default":
        return (bytes(16), 0) if six else (bytes(4), 0)
    address, _, prefix = text.partition("/")
    if ":" in address:
        return packed(address), int(prefix or 128)
    parts = address.split(".")
    if not all(p.isdigit() for p in parts) or len(parts) > 4:
        raise ValueError(text)
    return bytes(int(p) for p in (*parts, *["0"] * (4 - len(parts)))), int(prefix or 8 * len(parts))


def _or_open(address: bytes) -> bytes:
    return address if any(address) else b""


