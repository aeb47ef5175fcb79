"""The machine that is captured on, which knows what packets do not tell: one Host, whoever asks and wherever it runs.

Nothing here asks the system anything. What it tells is in machine.py. An answer that is not known says why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netwatch.model.machine import BoundSocket, Counters, KernelDrop, Link, Neighbour, Owner, Route, Status, Unknown
    from netwatch.model.probe import Reply
    from netwatch.model.record import Record
    from netwatch.model.whois import RegistryAnswer

Ends = tuple[str | int, str | bytes, int, str | bytes, int, int, int]  # the arguments of Owners.of_flow
NOBODY = "nobody is asked about this machine"


class Unavailable(Exception):
    """A method cannot work here. Its text is the reason, for people."""


class Owners(Protocol):
    """Finds the owners of flows."""

    @property
    def ready(self) -> bool:
        """Is what finds them loaded?"""

    def of_flow(self, proto: str | int, src: str | bytes, sport: int, dst: str | bytes, dport: int,
                first_seen_ns: int = 0, last_seen_ns: int = 0) -> Owner | Unknown:
        """Who owns the socket at either end of the flow whose first frame came at `first_seen_ns` (0: now), and of
        which `last_seen_ns` is the newest time at which it was known to be still the same (0: no later)."""

    def of_flows(self, asked: Sequence[Ends]) -> Sequence[Owner | Unknown]:
        """The same of several, which costs one question."""

    def status(self) -> list[Status]:
        """The methods, best first."""


class Host:
    """The machine. Every call may raise Unavailable with the reason, and nothing else; this one knows nothing."""

    owners: Owners | None = None  # None: nobody looks for the owners of flows

    def counters(self) -> list[Counters]:
        """Of every interface."""
        raise Unavailable(NOBODY)

    def links(self) -> list[Link]:
        """Every interface."""
        raise Unavailable(NOBODY)

    def routes(self) -> list[Route]:
        raise Unavailable(NOBODY)

    def neighbours(self) -> list[Neighbour]:
        raise Unavailable(NOBODY)

    def addresses(self) -> frozenset[bytes]:
        """Its own, of all interfaces."""
        raise Unavailable(NOBODY)

    def nameservers(self) -> tuple[str, ...]:
        """Those it asks, in order; none when it does not tell."""
        return ()

    def cpu_seconds(self, pid: int) -> float:
        """CPU time that a process has used since it began."""
        raise Unavailable(NOBODY)

    def tcp_info(self, local: str, lport: int, remote: str, rport: int) -> Record:
        """The kernel's own view of one of its TCP connections."""
        raise Unavailable(NOBODY)

    def kernel_drops(self) -> list[KernelDrop]:
        """What the kernel has dropped since owners are looked for, and why; the most first."""
        raise Unavailable(NOBODY)

    def bound_sockets(self) -> list[BoundSocket]:
        """What listens or is bound now in this network namespace, as far as owners are looked for; by port."""
        raise Unavailable(NOBODY)

    def allow_probes(self, places: Sequence[str], third_party: bool) -> None:
        """Say once what may be probed: addresses, and the words of model.probe. Nothing else ever is, and what is not
        of this site only with `third_party`. Raises ValueError the second time, too."""
        raise Unavailable(NOBODY)

    def probe(self, method: str, address: str, ttl: int, size: int, wait_ms: int, stream: int) -> int:
        """Send a probe of that size in bytes (of ECHO), of one of STREAMS flows; its number. Raises ValueError of what
        is not allowed, and OSError: BlockingIOError of too many at a time, PermissionError without the right."""
        raise Unavailable(NOBODY)

    def replies(self) -> tuple[Reply, ...]:
        """What came of probes since the last time; of every probe something does."""
        raise Unavailable(NOBODY)

    def allow_traces(self, third_party: bool) -> None:
        """Say once that hosts may be probed to which somebody points, see begin_trace(); what is not of this site only
        with `third_party`. Raises ValueError the second time."""
        raise Unavailable(NOBODY)

    def allow_no_more(self) -> None:
        """What was not allowed by now never is. Nothing that reads frames runs before this."""

    def begin_trace(self, address: str) -> None:
        """Probe that address too, from now on and in place of the one before, for some time and some probes. Raises
        ValueError of what is not allowed, BlockingIOError of too many."""
        raise Unavailable(NOBODY)

    def end_trace(self) -> None:
        """Probe it no more."""
        raise Unavailable(NOBODY)

    def allow_whois(self) -> None:
        """Say once that registries may be asked. Raises ValueError the second time."""
        raise Unavailable(NOBODY)

    def ask_registry(self, registry: str, address: str) -> None:
        """Ask one of whois.SERVERS whose a global address is. Raises ValueError of anything else, BlockingIOError of
        too many, or while another is asked."""
        raise Unavailable(NOBODY)

    def registry_answer(self) -> RegistryAnswer | None:
        """To what was asked last; None while it is under way."""
        raise Unavailable(NOBODY)

    def close(self) -> None:
        """Nobody will ask any more."""

    def devices(self) -> list[Record]:
        """What can be captured on, as capture.live.list_devices tells it."""
        raise Unavailable(NOBODY)
