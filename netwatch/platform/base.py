"""The face that every operating system wears: the protocol of its questions; most of its answers are model.machine's.

Nothing here asks the system anything. Addresses are packed (4 or 16 octets, IPv4 inside IPv6 told as IPv4), times are
nanoseconds since 1970 UTC, protocols are IP protocol numbers. An answer that is not known says why.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from netwatch.model.host import Unavailable
from netwatch.model.machine import BoundSocket, Counters, KernelDrop, Link, Neighbour, Owner, Route, Status, Unknown
from netwatch.model.record import Record
from netwatch.platform.probing import Prober

ICMP, TCP, UDP, ICMP6, SCTP = 1, 6, 17, 58, 132
PROTOCOLS = {"icmp": ICMP, "tcp": TCP, "udp": UDP, "icmp6": ICMP6, "sctp": SCTP, "udplite": 136, "igmp": 2}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a process runs."""

    container: str = ""
    pod: str = ""
    unit: str = ""


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


class Owners(Protocol):
    """Finds the owners of flows. See watch.py for what each call costs and promises."""

    def start(self) -> None: ...
    def lookup(self, proto: str | int, local: str | bytes, lport: int, remote: str | bytes, rport: int,
               first_seen_ns: int = 0, last_seen_ns: int = 0) -> Owner | Unknown: ...
    def of_flow(self, proto: str | int, src: str | bytes, sport: int, dst: str | bytes, dport: int,
                first_seen_ns: int = 0, last_seen_ns: int = 0) -> Owner | Unknown: ...
    def status(self) -> list[Status]: ...
    def drops(self) -> list[KernelDrop]: ...
    def bound_sockets(self) -> list[BoundSocket]: ...
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
    def tcp_info(self, local: bytes, lport: int, remote: bytes, rport: int) -> Record: ...
    def prober(self) -> Prober: ...


class NoTcpInfo:
    """Of systems whose kernel does not tell how it sees a connection, and on which nothing is probed."""

    def tcp_info(self, local: bytes, lport: int, remote: bytes, rport: int) -> Record:
        raise Unavailable("this system does not tell how it sees a connection")

    def prober(self) -> Prober:
        raise Unavailable("probes are sent on Linux alone")


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
