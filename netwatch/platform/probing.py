"""What may be probed, and no more: said once, before anything is read, and held by who has the rights to send."""

from __future__ import annotations

import errno
import ipaddress
import socket
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from netwatch.model.host import Host, Unavailable
from netwatch.model.probe import GATEWAY, RESOLVERS, Reply
from netwatch.platform.allowance import Allowance

PLACES_MOST = 64
TRACES_AT_ONCE, TRACE_EVERY_S, TRACES_MOST = 4, 10.0, 100
TRACE_S, TRACE_PROBES = 120.0, 2_000  # for which the host that somebody pointed at may be probed, and how often
NOT_NEAR = "it is of a third party, and probes.third_party is false"
FRESH_S = 2.0  # for which routes and name servers are not asked again
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Prober(Protocol):
    """Sends probes and gathers what comes of them."""

    def send(self, method: str, address: bytes, zone: int, ttl: int, size: int, wait_ms: int, stream: int) -> int: ...
    def replies(self) -> tuple[Reply, ...]: ...
    def close(self) -> None: ...


class Probing:
    """Probes of one process to the places that were named, by whom `make` makes once the first is sent."""

    def __init__(self, host: Host, make: Callable[[], Prober]) -> None:
        self._host, self._make = host, make
        self._places: frozenset[str] | None = None
        self._third_party = False
        self._prober: Prober | None = None
        self._known: dict[str, tuple[float, frozenset[str]]] = {}
        self._traces: bool | None = None  # hosts that somebody points at may be probed: those of third parties, too
        self._traced, self._trace_until, self._trace_left = "", 0.0, 0
        self._allowance = Allowance(TRACES_AT_ONCE, TRACE_EVERY_S, TRACES_MOST)

    def allow(self, places: Sequence[str], third_party: bool) -> None:
        """Addresses, GATEWAY, RESOLVERS. What is not near here only with `third_party`. Raises ValueError the second
        time, and of what is no place."""
        if self._places is not None:
            raise ValueError("what may be probed was said before")
        named = {place if place in (GATEWAY, RESOLVERS) else parsed(place).compressed for place in places}
        if len(named) > PLACES_MOST:
            raise ValueError(f"more than {PLACES_MOST} places to probe")
        self._places, self._third_party = frozenset(named), third_party

    def allow_traces(self, third_party: bool) -> None:
        """One host at a time that somebody points at. Raises ValueError the second time."""
        if self._traces is not None:
            raise ValueError("whether hosts may be traced was said before")
        self._traces = third_party

    def begin_trace(self, address: str) -> None:
        """Raises ValueError of what may not be probed, BlockingIOError of too many."""
        found = parsed(address)
        if self._traces is None:
            raise ValueError(f"{address} is not probed: nobody allowed it at the start")
        why = nobody(found) or ("" if self._traces or self._is_near(found) else NOT_NEAR)
        if why:
            raise ValueError(f"{address} is not probed: {why}")
        why = self._allowance.refusal()
        if why:
            raise BlockingIOError(errno.EAGAIN, why)
        self._traced, self._trace_until, self._trace_left = found.compressed, time.monotonic() + TRACE_S, TRACE_PROBES

    def end_trace(self) -> None:
        self._traced = ""

    def send(self, method: str, address: str, ttl: int, size: int, wait_ms: int, stream: int) -> int:
        """The number of a probe that is under way. Raises ValueError of what may not be probed, OSError."""
        found = parsed(address)
        why = self._refusal(found)
        if why:
            raise ValueError(f"{address} is not probed: {why}")
        if self._prober is None:
            self._prober = self._make()
        zone = getattr(found, "scope_id", None)
        return self._prober.send(method, found.packed, socket.if_nametoindex(zone) if zone else 0, ttl, size, wait_ms,
                                 stream)

    def replies(self) -> tuple[Reply, ...]:
        return self._prober.replies() if self._prober is not None else ()

    def close(self) -> None:
        if self._prober is not None:
            self._prober.close()
            self._prober = None

    def _refusal(self, address: Address) -> str:
        places, text = self._places or frozenset(), address.compressed
        why = nobody(address)
        if why:
            return why
        if text == self._traced and self._trace_left and time.monotonic() < self._trace_until:
            self._trace_left -= 1
            return ""
        if not (text in places or any(place in places and text in self._now(place, of)
                                      for place, of in ((GATEWAY, gateways), (RESOLVERS, resolvers)))):
            return "nobody asked for it at the start"
        return "" if self._third_party or self._is_near(address) else NOT_NEAR

    def _is_near(self, address: Address) -> bool:
        return is_near(address, self._now("links", networks))

    def _now(self, name: str, ask: Callable[[Host], list[str]]) -> frozenset[str]:
        at, found = self._known.get(name, (0.0, frozenset()))
        if not at or time.monotonic() - at > FRESH_S:
            try:
                found = frozenset(ask(self._host))
            except Unavailable:
                found = frozenset()
            self._known[name] = time.monotonic(), found
        return found


def parsed(text: str) -> Address:
    """Raises ValueError."""
    return ipaddress.ip_address(text)


def nobody(address: Address) -> str:
    """Why that cannot be one host; "" of what can."""
    many = address.is_multicast or address.is_unspecified or address.compressed == "255.255.255.255"
    return "it is many, or nobody" if many else ""


def gateways(host: Host) -> list[str]:
    """Of the default routes, the best first, each once. Raises Unavailable."""
    routes = sorted((route for route in host.routes() if route.prefix == 0 and route.gateway),
                    key=lambda route: (len(route.gateway), route.metric))
    found = []
    for route in routes:
        address = ipaddress.ip_address(route.gateway)
        found.append(f"{address}%{route.interface}" if address.is_link_local and address.version == 6 else
                     address.compressed)
    return list(dict.fromkeys(found))


def resolvers(host: Host) -> list[str]:
    """The name servers, in order."""
    found = []
    for text in host.nameservers():
        try:
            found.append(parsed(text).compressed)
        except ValueError:
            continue
    return found


def networks(host: Host) -> list[str]:
    """Those that this machine is on. Raises Unavailable."""
    return [f"{ipaddress.ip_address(address)}/{prefix}" for link in host.links() for address, prefix in link.addresses
            if prefix]


def is_near(address: Address, networks: Sequence[str] | frozenset[str]) -> bool:
    """Is it of this site: no global address, or one of these networks?"""
    return not address.is_global or any(address in network for text in networks
                                        if (network := ipaddress.ip_network(text, strict=False)))
