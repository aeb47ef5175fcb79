"""What the machine that is captured on knows and packets do not tell: processes, interfaces, routes, neighbours.

Addresses are packed (4 or 16 octets, IPv4 inside IPv6 told as IPv4), times are nanoseconds since 1970 UTC, protocols
are IP protocol numbers. What is not known is None or empty.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from netwatch.model.record import Record

NOT_NEEDED = "not needed beside a better method"  # why a method that might work was not started

# How good an answer is, best first. The documentation (docs/processes.md) has the same list.
EXACT = "exact"            # this very socket, both its ends
SHARED = "shared"          # this very socket, but several processes hold it; the one named used it first
PORT = "port"              # the socket is bound to the local port and not connected
LISTENER = "listener"      # the connection's own socket was not seen: the process that listens on the port
LATE = "late"              # the socket of this connection was closed a short while before


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
class Owner:
    """Who owns a flow's local socket, by which method, how sure, and how long ago that was last confirmed."""

    process: Process
    method: str
    quality: str
    age_s: float
    others: tuple[int, ...] = ()       # pids that hold the same socket

    def record(self) -> Record:
        """The object `process` of the flow record (CONTRACT section 3); what is not known is left out."""
        p = self.process
        told: Record = {
            "pid": p.pid, "name": p.name, "exe": p.exe, "cmdline": p.cmdline, "uid": p.uid, "user": p.user,
            "ppid": p.ppid, "container": p.container, "pod": p.pod, "unit": p.unit, "method": self.method,
            "quality": self.quality, "age_s": round(self.age_s, 3), "shared_with": list(self.others) or None,
            "parents": [{"pid": pid, "name": name} for pid, name in p.parents] or None,
        }
        return {key: value for key, value in told.items() if value not in ("", None)}


@dataclass(frozen=True, slots=True)
class Unknown:
    """No owner, and why. `retry`: the answer may be different within two seconds; `far`: hardly, as neither end is an
    address of this machine."""

    reason: str
    retry: bool = False
    far: bool = False

    def record(self) -> Record:
        return {"unknown": self.reason}


@dataclass(frozen=True, slots=True)
class Status:
    """One method of finding owners: whether it works here, and the reason when it does not."""

    method: str
    active: bool
    reason: str = ""                   # why not, or what it cannot see
    fix: str = ""                      # the command that would make it work, "" when there is none
    details: Record = field(default_factory=dict)


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


@dataclass(frozen=True, slots=True)
class KernelDrop:
    """Packets that the kernel dropped since it was asked to count. `reason` is its own word for why, `meaning` ours, ""
    where there is none; `port`: of this machine, 0 where none is known; `owner` of that port's socket."""

    reason: str
    meaning: str
    count: int
    proto: int
    port: int
    last_ns: int
    owner: Owner | None = None

    def record(self) -> Record:
        """An entry of `kernel_drops`; what is not known is left out."""
        told: Record = {"reason": self.reason, "meaning": self.meaning, "count": self.count, "proto": self.proto,
                        "port": self.port, "process": self.owner.record() if self.owner is not None else None}
        return {key: value for key, value in told.items() if value not in ("", 0, None)}


@dataclass(frozen=True, slots=True)
class BoundSocket:
    """A socket of this machine that takes what comes to its port from anybody: TCP that listens, UDP that is bound and
    connected to nobody. `address` is b"" for every address of the machine; `others`: pids that hold it too; `method`
    found it."""

    proto: int
    address: bytes
    port: int
    listening: bool
    process: Process
    others: tuple[int, ...] = ()
    method: str = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """Per second, over `seconds`. Of errors and drops the number in that time, not a rate."""

    seconds: float
    rx_bytes_s: float
    tx_bytes_s: float
    rx_packets_s: float
    tx_packets_s: float
    errors: int
    drops: int
