"""The way to a host, hop by hop: who answers when the hops of a packet are used up, how late, and how often not.

All packets of a trace are of one flow, so that a router that spreads flows over several ways sends all of them the
same one (Paris traceroute). How large a packet passes is found as RFC 8899 does: by sending.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from netwatch.health.series import Series
from netwatch.model.host import Host, Unavailable
from netwatch.model.probe import ANSWER, ECHO, EXPIRED, SILENT, TOO_BIG, UNREACHABLE, UNSENT, Reply
from netwatch.model.record import Record

SIZE = 64  # bytes of the IP packets of a trace
POLL_S = 0.02
WAVE = 4  # hops asked at a time before it is known how far it is
QUIET_MOST = 8  # hops without an answer at the end, after which none is asked for behind them
LEAST_MTU = {4: 68, 6: 1280}  # RFC 791, RFC 8200
USUAL_MTU, SIZE_MOST = 1500, 9_216
MTU_TRIES = 3
UNCLAIMED_MOST = 2048  # answers to probes for which nobody waits any more
NEVER = "it answers no probe; what it passes on is measured behind it"
NOBODY = "neither it nor anybody behind it answers"
_fetching = threading.Lock()
_unclaimed: WeakKeyDictionary[Host, dict[int, Reply]] = WeakKeyDictionary()


@dataclass
class Hop:
    """Who is so many hops away. `answers`: how often each address answered; `said` what it says where packets end."""

    ttl: int
    series: Series = field(default_factory=Series)
    answers: dict[bytes, int] = field(default_factory=dict)
    said: str = ""

    def take(self, reply: Reply) -> None:
        if reply.kind == SILENT or reply.rtt_us is None:
            self.series.missed()
            return
        self.series.answered(reply.rtt_us)
        self.answers[reply.address] = self.answers.get(reply.address, 0) + 1
        if reply.kind == UNREACHABLE:
            self.said = f"unreachable (code {reply.code})"


class Trace:
    """One of them. `hops` as far as they are known; `reached`: the host itself has answered."""

    def __init__(self, host: Host, address: str, method: str = ECHO, most: int = 30, wait_ms: int = 1000,
                 stream: int = 0) -> None:
        self.address, self.method = address, method
        self.hops: list[Hop] = []
        self.reached = False
        self.why = ""  # nothing could be sent
        self._host, self._most, self._wait_ms, self._stream = host, most, wait_ms, stream
        self._end: int | None = None  # hops to whoever answers last
        self.stopped = False  # nothing more is sent
        self.heard: Callable[[], None] = lambda: None  # called after each answer, and what came instead of one

    def run(self, rounds: int, every_s: float, tell: Callable[[], None] = lambda: None) -> None:
        """Raises OSError, ValueError, Unavailable. `tell` is called after each round."""
        for number in range(rounds):
            began = time.monotonic()
            self._round()
            tell()
            if self.why or self.stopped:
                return
            if number + 1 < rounds:
                time.sleep(max(0.0, began + every_s - time.monotonic()))

    def _round(self) -> None:
        if self._end is not None:
            self._ask(range(1, self._end + 1))
        else:
            self._ask_in_waves()
        del self.hops[self._last():]

    def _ask_in_waves(self) -> None:
        for first in range(1, self._most + 1, WAVE):
            self._ask(range(first, min(first + WAVE, self._most + 1)))
            if self.stopped:
                return
            quiet = len(self.hops) >= QUIET_MOST and not any(hop.answers for hop in self.hops[-QUIET_MOST:])
            if self._end is not None or self.why or quiet:
                return

    def _last(self) -> int:
        """How many hops are known: to the end of the way, or to the last that answered and the one behind it."""
        if self._end is not None:
            return self._end
        last = max((hop.ttl for hop in self.hops if hop.answers), default=0)
        return min(last + 1, len(self.hops))

    def _ask(self, ttls: range) -> None:
        if self.stopped:
            return
        while len(self.hops) < ttls[-1]:
            self.hops.append(Hop(len(self.hops) + 1))
        waiting = {self._host.probe(self.method, self.address, ttl, SIZE, self._wait_ms, self._stream): ttl
                   for ttl in ttls}
        for reply in answers(self._host, set(waiting), self._wait_ms):
            hop = self.hops[waiting[reply.number] - 1]
            if reply.kind == UNSENT:
                self.why = reply.reason
                continue
            hop.take(reply)
            if reply.kind in (ANSWER, UNREACHABLE):
                self.reached = self.reached or reply.kind == ANSWER
                self._end = min(hop.ttl, self._end or hop.ttl)
            self.heard()

    def record(self, named: Callable[[str], str] = lambda address: "") -> Record:
        """netwatch.trace/1, without `schema` and times."""
        found: Record = {"address": self.address, "method": self.method, "reached": self.reached,
                         "hops": list(self._told(named))}
        again = self._again()
        found |= {"loop": ipaddress.ip_address(again).compressed} if again else {}
        return found | ({"reason": self.why} if self.why else {})

    def _again(self) -> bytes:
        """Who answers at two hops that do not touch, so that packets go round; b"" where nobody does."""
        first: dict[bytes, int] = {}
        for hop in self.hops:
            for address in hop.answers:
                if hop.ttl - first.setdefault(address, hop.ttl) > 1:
                    return address
        return b""

    def _told(self, named: Callable[[str], str]) -> Iterator[Record]:
        losses = [hop.series.loss_percent() if hop.answers else None for hop in self.hops]
        for at, hop in enumerate(self.hops):
            found: Record = {"hop": hop.ttl}
            addresses = [ipaddress.ip_address(each).compressed for each in hop.answers]
            if addresses:
                found["address"] = addresses[0]
                name = named(addresses[0])
                found |= {"name": name} if name else {}
                found |= {"also": addresses[1:]} if addresses[1:] else {}
                found |= hop.series.record()
                behind = [loss for loss in losses[at:] if loss is not None]
                if behind:
                    found["way_loss_percent"] = round(min(behind), 1)
            else:
                found |= {"sent": hop.series.sent, "unmeasured": NEVER if any(losses[at:] or ()) or any(
                    each.answers for each in self.hops[at:]) else NOBODY}
            yield found | ({"says": hop.said} if hop.said else {})


@dataclass
class PathMtu:
    """The largest packet that passes, in bytes with its IP header; None where that was not measured, and why. `by`: who
    said that a larger one does not fit ("": nobody; larger ones were lost without a word)."""

    mtu: int | None = None
    by: str = ""
    reason: str = ""

    def record(self) -> Record:
        found: Record = {"path_mtu": self.mtu} if self.mtu is not None else {"path_mtu_unmeasured": self.reason}
        return found | ({"path_mtu_by": self.by} if self.by else {})


def path_mtu(host: Host, address: str, interface_mtu: int | None, wait_ms: int = 1000) -> PathMtu:
    """By ICMP echo with packets that may not be cut. Raises OSError, ValueError, Unavailable."""
    least = LEAST_MTU[ipaddress.ip_address(address).version]
    if not _passes(host, address, least, wait_ms, said := PathMtu()):
        return PathMtu(reason="it does not answer ICMP echo")
    size = min(interface_mtu or USUAL_MTU, SIZE_MOST)
    low, high = least, size + 1
    while low + 1 < high:
        if _passes(host, address, size, wait_ms, said):
            low = size
        else:
            high = size
        told = said.mtu or 0
        likely = told if told > low else told + 1  # what somebody says may be a lie: both sides of it are tried
        size = likely if low < likely < high else (low + high) // 2
    return PathMtu(low, said.by)


def interface_mtu(host: Host) -> int | None:
    """The largest of any interface that is up but the loopback: how large a packet may leave at all."""
    try:
        found = [each.mtu for each in host.counters() if each.up and each.mtu and each.name != "lo"]
    except Unavailable:
        return None
    return max(found, default=None)


def _passes(host: Host, address: str, size: int, wait_ms: int, said: PathMtu) -> bool:
    """Is a packet of that size answered? What a router tells of it is put into `said`."""
    for _ in range(MTU_TRIES):
        number = host.probe(ECHO, address, 64, size, wait_ms, 1)
        (reply,) = answers(host, {number}, wait_ms)
        if reply.kind == ANSWER:
            return True
        if reply.kind == TOO_BIG:
            if reply.address:
                said.mtu, said.by = reply.mtu or None, ipaddress.ip_address(reply.address).compressed
            return False
        if reply.kind in (EXPIRED, UNREACHABLE, UNSENT):
            return False
    return False


def answers(host: Host, waiting: set[int], wait_ms: int) -> Iterator[Reply]:
    """What comes of these probes, in the order in which it does. What never does, which nobody may rely on, is told
    as silent."""
    waiting = set(waiting)
    until = time.monotonic() + wait_ms / 1000 + 1
    while waiting and time.monotonic() < until:
        for reply in _fetched(host, waiting):
            waiting.discard(reply.number)
            yield reply
        if waiting:
            time.sleep(POLL_S)
    for number in sorted(waiting):
        yield Reply(number, SILENT)


def _fetched(host: Host, waiting: set[int]) -> list[Reply]:
    """What has come of these probes. What came of others is kept for who waits for it: several may probe at a time."""
    with _fetching:
        kept = _unclaimed.setdefault(host, {})
        kept |= {reply.number: reply for reply in host.replies()}
        found = [kept.pop(number) for number in [each for each in kept if each in waiting]]
        for number in list(kept)[:max(0, len(kept) - UNCLAIMED_MOST)]:
            del kept[number]
    return found
