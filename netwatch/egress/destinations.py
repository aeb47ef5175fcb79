"""Flows summed up by who began them and where they go. Bounded; what found no room is counted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import NamedTuple

from netwatch.egress.policy import Destination
from netwatch.model.record import Record, look_up
from netwatch.model.timespan import Span

MOST = 65_536  # destinations
KEYS = frozenset({"src", "dst", "dport", "proto", "first", "last", "bytes_out", "bytes_in", "tls", "quic", "http",
                  "app", "process", "geo"})  # of flow records, that are looked at
SAID = ("tls.sni", "quic.sni", "http.host")


class Way(NamedTuple):
    """From whom to where, over what."""

    who: str
    container: str
    name: str
    address: str
    port: int | None
    proto: str


@dataclass(slots=True)
class Seen:
    """Of one way. Times as records have them, bytes of frames."""

    span: Span = field(default_factory=Span)
    app: str = ""
    asn: int | None = None
    org: str = ""
    ech: bool = False
    process: bool = False  # `who` is a program, not an address
    flows: int = 0
    bytes_out: int = 0
    bytes_in: int = 0


class Destinations:
    """What was seen, way by way, in the order in which it was."""

    def __init__(self) -> None:
        self.seen: dict[Way, Seen] = {}
        self.left_out = 0  # flows for which there was no room
        self.stayed = 0  # flows that go nowhere

    def take(self, flow: Record, flows: int = 1) -> None:
        """Count a flow record that goes somewhere: not to a group, to everybody, or to the machine itself. `flows`: 0
        for what a flow moved since it was counted."""
        if not counts(flow):
            self.stayed += 1
            return
        way = _way(flow)
        seen = self.seen.get(way)
        if seen is None:
            if len(self.seen) >= MOST:
                self.left_out += 1
                return
            seen = self.seen[way] = Seen()
        seen.span.take(flow)
        seen.app = str(flow.get("app") or seen.app)
        seen.asn, seen.org = look_up(flow, "geo.asn") or seen.asn, look_up(flow, "geo.org") or seen.org
        seen.ech = seen.ech or bool(look_up(flow, "tls.ech") or look_up(flow, "quic.ech"))
        seen.process = look_up(flow, "process.name") is not None
        seen.flows += flows
        seen.bytes_out += flow.get("bytes_out", 0)
        seen.bytes_in += flow.get("bytes_in", 0)

    def each(self) -> Iterator[tuple[Way, Seen, Destination]]:
        """By program, those of most bytes first."""
        order = sorted(self.seen.items(), key=lambda pair: (pair[0].who, -pair[1].bytes_out - pair[1].bytes_in,
                                                            pair[0][2:4], pair[0].port or 0, pair[0].proto))
        for way, seen in order:
            yield way, seen, Destination(way.name, way.address, way.port, seen.asn, seen.ech)


def counts(flow: Record) -> bool:
    """Does it go somewhere: not to a group, to everybody, or to the machine itself?"""
    return flow.get("proto") in ("tcp", "udp", "sctp", "icmp", "icmp6") and goes_out(str(flow.get("dst", "")))


def program_of(flow: Record) -> str:
    """Who began it: the program, else the address."""
    return str(look_up(flow, "process.name") or flow["src"])


def _way(flow: Record) -> Way:
    name = next((said for path in SAID if (said := name_of(str(look_up(flow, path) or "")))), "")
    return Way(program_of(flow), str(look_up(flow, "process.container") or ""), name, flow["dst"], flow.get("dport"),
               flow["proto"])


def name_of(text: str) -> str:
    """A host's name as policies have it: without port and dot at its end; an address is no name."""
    host = text.lower().rpartition(":")[0] if re.fullmatch(r"[^:]+:\d*|\[.*\]:\d*", text) else text.lower()
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return host.rstrip(".")
    return ""


def goes_out(address: str) -> bool:
    try:
        to = ip_address(address)
    except ValueError:
        return False
    return not (to.is_multicast or to.is_loopback or to.is_unspecified or to.is_link_local
                or address == "255.255.255.255")
