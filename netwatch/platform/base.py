"""The face that every operating system wears: the types of its answers and the protocol of its questions.

Nothing here asks the system anything. Addresses are packed (4 or 16 octets, IPv4 inside IPv6 told as IPv4), times are
nanoseconds since 1970 UTC, protocols are IP protocol numbers. An answer that is not known says why.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

ICMP, TCP, UDP, ICMP6, SCTP = 1, 6, 17, 58, 132
PROTOCOLS = {"icmp": ICMP, "tcp": TCP, "udp": UDP, "icmp6": ICMP6, "sctp": SCTP, "udplite": 136, "igmp": 2}

# How good an answer is, best first. The documentation (docs/processes.md) has the same list.
EXACT = "exact"            # this very socket, both its ends
SHARED = "shared"          # this very socket, but several processes hold it; the one named used it first
PORT = "port"              # the socket is bound to the local port and not connected
LISTENER = "listener"      # the connection's own socket was not seen: the process that listens on the port
LATE = "late"              # the socket of this connection was closed a short while before

NOT_NEEDED = "not needed beside a better method"   # why a method that might work was not started


class Unavailable(Exception):
    """A method cannot work here. Its text is the reason, for people."""


class Identity(NamedTuple):
    """One process, for ever: pids are used again, a pid with its start time is not.

    `start` is in the unit of its platform (Linux: clock ticks since boot), 0 when not known.
    """

    pid: int
    start: int = 0


@dataclass(frozen=True, slots=True)
class Process:
    """The facts of a process; "" and None for what is not known."""

    pid: int
    name: str = ""
    exe: str = ""
    cmdline: str = ""
    uid: int | None = None
    user: str = ""
    ppid: int | None = None
    parents: tuple[tuple[int, str], ...] = ()
    started_ns: int | None = None
    container: str = ""
    pod: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a process runs."""

    container: str = ""
    pod: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who owns a flow's local socket, by which method, how sure, and how long ago that was last confirmed."""

    process: Process
    method: str
    quality: str
    age_s: float
    others: tuple[int, ...] = ()       # pids that hold the same socket

    def record(self) -> dict[str, Any]:
        """The object `process` of the flow record (CONTRACT section 3); what is not known is left out."""
        p = self.process
        told: dict[str, Any] = {
            "pid": p.pid, "name": p.name, "exe": p.exe, "cmdline": p.cmdline, "uid": p.uid, "user": p.user,
            "ppid": p.ppid, "container": p.container, "pod": p.pod, "unit": p.unit, "method": self.method,
            "quality": self.quality, "age_s": round(self.age_s, 3), "shared_with": list(self.others) or None,
            "parents": [{"pid": pid, "name": name} for pid, name in p.parents] or None,
        }
        return {key: value for key, value in told.items() if value not in ("", None)}


@dataclass(frozen=True, slots=True)
class Unknown:
    """No owner, and why. `retry`: the answer may be different within two seconds."""

    reason: str
    retry: bool = False

    def record(self) -> dict[str, Any]:
        return {"unknown": self.reason}


@dataclass(frozen=True, slots=True)
class Status:
    """One method of finding owners: whether it works here, and the reason when it does not."""

    method: str
    active: bool
    reason: str = ""                   # why not, or what it cannot see
    fix: str = ""                      # the command that would make it work, "" when there is none
    details: dict[str, Any] = field(default_factory=dict)


class Socket(NamedTuple):
    """A row of the system's table of sockets. An unspecified address is b"", a port that is none 0."""

    proto: int
    local: bytes
    lport: int
    remote: bytes
    rport: int
    state: str = ""
    pids: tuple[int, ...] = ()
    uid: int | None = None
    inode: int = 0


@dataclass(frozen=True, slots=True)
class Counters:
    """An interface's counters since it came up, all growing; None for what the system does not count."""

    name: str
    rx_bytes: int
    tx_bytes: int
    rx_packets: int
    tx_packets: int
    rx_errors: int
    tx_errors: int
    rx_drops: int | None = None
    tx_drops: int | None = None
    collisions: int | None = None
    up: bool | None = None
    mtu: int | None = None
    speed_mbps: int | None = None
    mac: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """What an interface is; "" and None for what the system does not tell.

    `kind`: "ethernet", "loopback", "wireless", "tunnel" (and of which sort), or the system's own word: "bridge".
    """

    name: str
    kind: str = ""
    addresses: tuple[tuple[bytes, int], ...] = ()      # (address, length of its prefix)
    carrier: bool | None = None
    duplex: str = ""
    driver: str = ""
    master: str = ""                   # the bridge or bond it is part of


@dataclass(frozen=True, slots=True)
class Route:
    """A way out: `network` / `prefix` by `gateway` (b"": on the link) through `interface`; lower `metric` wins."""

    network: bytes
    prefix: int
    gateway: bytes
    interface: str
    metric: int = 0


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An address on the link and the MAC it answered with."""

    address: bytes
    mac: str
    interface: str
    state: str = ""


class Owners(Protocol):
    """Finds the owners of flows. See owners.py for what each call costs and promises."""

    def start(self) -> None: ...
    def lookup(self, proto: str | int, local: str | bytes, lport: int, remote: str | bytes, rport: int,
               first_seen_ns: int = 0) -> Owner | Unknown: ...
    def of_flow(self, proto: str | int, src: str | bytes, sport: int, dst: str | bytes, dport: int,
                first_seen_ns: int = 0) -> Owner | Unknown: ...
    def status(self) -> list[Status]: ...
    def close(self) -> None: ...


class Platform(Protocol):
    """One operating system. Every call may raise Unavailable with the reason, and nothing else."""

    name: str

    def owners(self) -> Owners: ...
    def sockets(self) -> list[Socket]: ...
    def counters(self) -> list[Counters]: ...
    def links(self) -> list[Link]: ...
    def routes(self) -> list[Route]: ...
    def neighbours(self) -> list[Neighbour]: ...
    def addresses(self) -> frozenset[bytes]: ...
    def capabilities(self) -> list[Status]: ...


def packed(address: str | bytes) -> bytes:
    """The address in 4 or 16 octets. Raises ValueError."""
    if isinstance(address, bytes):
        return address[12:] if address[:12] == MAPPED else address
    try:
        if ":" in address:
            return packed(socket.inet_pton(socket.AF_INET6, address.partition("%")[0]))
        return socket.inet_pton(socket.AF_INET, address)
    except OSError:
        raise ValueError(f"{address!r} is no address") from None


def clean(text: str) -> str:
    """Text as records have it: valid, bounded, without control characters. A process chooses its own name."""
    short = text[:MAX_TEXT]
    if not short.isprintable():
        short = "".join(c if c.isprintable() else "\ufffd" for c in short)
    return short.encode("utf-8", "replace").decode("utf-8", "replace")


MAX_TEXT = 4096                # characters of a command line or path
MAPPED = b"\0\0\0\0\0\0\0\0\0\0\xff\xff"


def is_loopback(address: bytes) -> bool:
    return address[0] == 127 if len(address) == 4 else address == b"\0" * 15 + b"\1"


def is_group(address: bytes) -> bool:
    """Multicast, or the limited broadcast address."""
    return 224 <= address[0] < 240 or address == b"\xff\xff\xff\xff" if len(address) == 4 else address[0] == 0xFF


def is_unspecified(address: bytes) -> bool:
    return not any(address)


def default_route(routes: list[Route], family_octets: int = 4) -> Route | None:
    """The default route of a family (4: IPv4, 16: IPv6) with the lowest metric."""
    found = [r for r in routes if r.prefix == 0 and len(r.network) == family_octets]
    return min(found, key=lambda r: r.metric, default=None)
