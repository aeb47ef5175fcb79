"""Owners by passes over a machine that is invented: few ports, used again and again by other processes, between passes
too. Whoever is named is who it was; and the ways by which a pass, a closing or an event may come late or not at all."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from netwatch.model.machine import Identity, Process, Unknown
from netwatch.platform import polled
from netwatch.platform.attribution import AGAIN, BETWEEN, GONE, LINGER, MS, SECOND, UNPROVED, Found, Sight, Sights
from netwatch.platform.base import Socket
from netwatch.platform.facts import Facts
from netwatch.platform.linux import bcc, bpf_events, diag, ebpf
from netwatch.platform.linux.socket_close import ATTRIBUTE, COOKIE, DIAG, Closing, Closings, closing

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")
OWN = 100
HERE, THERE = b"\x0a\0\0\1", b"\x0a\0\0\2"
TCP, UDP = 6, 17
START = 1_700_000_000 * SECOND
PASSES = 400


@dataclass(frozen=True)
class Use:
    """A socket of a process, and the first and last packet of its flow."""

    proto: int
    connected: bool
    port: int
    pid: int
    opened: int
    closed: int
    first: int
    last: int
    cookie: int

    @property
    def row(self) -> tuple[Any, ...]:
        local, remote = (HERE, THERE) if self.connected else (bytes(4), bytes(4))
        state = 1 if self.connected else 7
        return (self.proto, state, False, local, self.port, remote, 80 if self.connected else 0, 0,
                self.cookie + 5000, self.cookie)

    def there(self, when: int) -> bool:
        return self.opened <= when < self.closed


class World:
    """What is there when. It is the clock, the table of sockets, /proc and the kernel's word of closings."""

    own = OWN
    hidden = too_many = 0

    def __init__(self, uses: list[Use], chance: random.Random, late: int = 0, misses: float = 0.0) -> None:
        self.uses, self.chance, self.late, self.misses = uses, chance, late, misses
        self.now = START
        self.members: dict[int, int] = {}
        self._known: set[int] = set()
        self._taken = START

    def time_ns(self) -> int:
        return self.now

    def monotonic(self) -> float:
        return self.now / SECOND

    def changes(self) -> tuple[list[Any], list[int], bool]:
        self.now += self.chance.randrange(5 * MS)
        met = {use.cookie: use for use in self.uses if use.there(self.now) and self.chance.random() >= self.misses}
        self.now += self.chance.randrange(5 * MS)
        fresh = [use.row for cookie, use in met.items() if cookie not in self._known]
        gone = list(self._known - met.keys())
        self._known = set(met)
        return fresh, gone, True

    def pids(self) -> list[int]:
        return list({use.pid for use in self.uses if use.there(self.now)})

    def inodes(self, pid: int) -> list[int]:
        return [use.cookie + 5000 for use in self.uses if use.pid == pid and use.there(self.now)]

    def glance(self, pid: int) -> tuple[Identity, Process] | None:
        return Identity(pid, pid), Process(pid)

    def take(self) -> tuple[list[Closing], bool]:
        """What was closed; the kernel's word of it may be `late`."""
        until = self.now - self.late
        told = [Closing(use.proto, HERE if use.connected else b"", use.port, THERE if use.connected else b"",
                        80 if use.connected else 0, use.cookie)
                for use in self.uses if self._taken <= use.closed < until]
        self._taken = max(self._taken, until)
        return told, True

    def raw_sockets(self, pid: int | str) -> list[Socket]:
        return []

    def hides_others(self) -> bool:
        return False

    def look(self, again: bool) -> None:
        """No other namespaces."""

    def sockets(self) -> list[Socket]:
        self.changes()
        return [Socket(use.proto, HERE if use.connected else b"", use.port, THERE if use.connected else b"",
                       80 if use.connected else 0, "", (use.pid,)) for use in self.uses if use.there(self.now)]


def uses(chance: random.Random, brief: int) -> Iterator[Use]:
    """Each port is used by one after the other, of `brief` ns or longer, with little time between."""
    cookie = 0
    for proto, connected, port in ((TCP, True, 4001), (UDP, True, 4002), (UDP, False, 4003), (UDP, False, 4004)):
        now = START + SECOND
        while now < START + 12 * SECOND:
            cookie += 1
            closed = now + 1 + chance.randrange(chance.choice((brief, brief, 20 * brief)))
            first = chance.randrange(now, closed)
            yield Use(proto, connected, port, 100 + cookie, now, closed, first,
                      chance.choice((first, chance.randrange(first, closed))), cookie)
            now = closed + 1 + chance.randrange(chance.choice((MS, brief, 40 * brief)))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    def start(world: World) -> None:
        monkeypatch.setattr(diag, "time", world)
        monkeypatch.setattr(polled, "time", world)
    return start


def tracker_of(method: str, world: World, sights: Sights, closings: bool) -> Any:
    facts = Facts()
    if method == "lsof":
        facts.identify = lambda pid: Identity(pid, pid)  # type: ignore[method-assign]
        facts.of = lambda who: Process(who.pid)  # type: ignore[method-assign]
        return polled.PolledTracker(method, sights, facts, world.sockets)
    tracker = diag.DiagTracker(sights, facts, world, world)  # type: ignore[arg-type]
    tracker._tables = {OWN: world}  # type: ignore[dict-item]
    if closings:
        tracker._closings, tracker._begun = {OWN: world}, {OWN: deque(maxlen=diag.PASSES_KEPT)}  # type: ignore[dict-item]
        sights.covered[OWN] = world.now, world.now
    return tracker


def merged(every: list[Use]) -> list[tuple[Use, int, set[int]]]:
    """The flows: (its first use, its newest packet, whose packets are in it). Datagrams with the same ends are one flow
    while they come within a second."""
    flows: list[tuple[Use, int, set[int]]] = []
    for use in every:
        same = [at for at, (first, last, _) in enumerate(flows) if use.proto == UDP and
                (first.proto, first.port) == (use.proto, use.port) and use.first - last < SECOND]
        if same:
            first, last, pids = flows[same[-1]]
            flows[same[-1]] = first, max(last, use.last), pids | {use.pid}
        else:
            flows.append((use, use.last, {use.pid}))
    return flows


def packets_until(every: list[Use], flow: Use, pids: set[int], now: int) -> int:
    return max(p for use in every if use.pid in pids and use.port == flow.port
               for p in (use.first, use.last) if p <= now)


@pytest.mark.parametrize(("method", "closings", "late", "misses", "least"), [
    ("sock_diag", True, 0, 0.0, 0.25), ("sock_diag", True, 40 * MS, 0.0, 0.25), ("sock_diag", True, 0, 0.2, 0.1),
    ("sock_diag", False, 0, 0.0, 0.1), ("lsof", False, 0, 0.0, 0.1)])
@pytest.mark.parametrize("seed", range(12))
def test_nobody_is_named_wrongly(clock: Any, method: str, closings: bool, late: int, misses: float, least: float,
                                 seed: int) -> None:
    """`least`: of the flows, so many have an owner at all."""
    chance = random.Random(seed)
    every = list(uses(chance, (30, 60, 100, 200)[seed % 4] * MS))
    world = World(every, chance, late, misses)
    netns = 0 if method == "lsof" else OWN
    sights = Sights(netns, lambda _: frozenset({HERE}))
    clock(world)
    tracker = tracker_of(method, world, sights, closings)
    flows, named = merged(every), set()
    for _ in range(PASSES):
        tracker.sweep()
        for number, (flow, _, pids) in enumerate(flows):
            if not flow.first + 100 * MS <= world.now <= flow.first + 2 * SECOND:
                continue
            until = packets_until(every, flow, pids, world.now - 10 * MS)
            found = sights.find(flow.proto, HERE, flow.port, THERE, 80, flow.first, until)
            if isinstance(found, Found):
                named.add(number)
                assert found.sight.who.pid in pids, (flow, found)
        world.now += chance.choice((5, 20, 20, 150)) * MS
    assert len(named) >= least * len(flows), (len(named), len(flows))


def seen(pid: int, cookie: int, first: int, **more: Any) -> Sight:
    return Sight(Identity(pid, pid), OWN, cookie, "sock_diag", **{
        "local": HERE, "first": first, "begin": first - 20 * MS, "last": first, "ending": 1, "passes": True, **more})


def asked(sights: Sights, when: int, until: int = 0, proto: int = UDP) -> str:
    found = sights.find(proto, HERE, 4000, THERE, 80, when, until)
    return found.reason if isinstance(found, Unknown) else str(found.sight.who.pid)


@pytest.fixture
def sights() -> Sights:
    made = Sights(OWN, lambda _: frozenset({HERE}))
    made.looked[OWN] = START + SECOND
    return made


def test_what_was_met_later_is_no_proof_but_with_all_closings(sights: Sights) -> None:
    sights.saw(seen(1, 11, START), UDP, 4000, THERE, 80)
    assert asked(sights, START - 10 * MS) == UNPROVED
    assert asked(sights, START - 10 * MS, START + MS) == "1", "its newest packet came while the socket was there"
    sights.covered[OWN] = START - SECOND, START + 10 * MS
    assert asked(sights, START - 10 * MS) == UNPROVED, "word of a closing may still come"
    sights.covered[OWN] = START - SECOND, START + SECOND
    assert asked(sights, START - 10 * MS) == "1"
    sights.unseen(OWN, UDP, HERE, 4000, THERE, 80, START - 20 * MS, START)
    assert asked(sights, START - 10 * MS) == AGAIN
    assert asked(sights, START + 20 * MS) == "1"


def test_what_nobody_met_is_nobodys(sights: Sights) -> None:
    sights.unseen(OWN, TCP, HERE, 4000, THERE, 80, START, START + 20 * MS)
    assert asked(sights, START + MS, proto=TCP) == BETWEEN
    sights.saw(seen(1, 11, START - SECOND, local=b"", listening=True), TCP, 4000, b"", 0)
    assert asked(sights, START + MS, proto=TCP) == "1", "one that it accepted"
    sights.prune(START + LINGER + SECOND)
    assert not sights._unseen


def test_a_listener_that_came_later_is_not_named(sights: Sights) -> None:
    sights.saw(seen(1, 11, START, local=b"", listening=True), TCP, 4000, b"", 0)
    assert asked(sights, START - 10 * MS, START + SECOND, TCP) == UNPROVED
    assert asked(sights, START + MS, proto=TCP) == "1"


def test_two_that_were_met(sights: Sights) -> None:
    """The first was closed, and the second opened, between two passes: so was the flow begun."""
    sights.saw(seen(1, 11, START), UDP, 4000, THERE, 80)
    sights.closed(11, START + 40 * MS, START + 20 * MS)
    sights.saw(seen(2, 12, START + 40 * MS), UDP, 4000, THERE, 80)
    assert asked(sights, START + 30 * MS) == AGAIN
    assert asked(sights, START + 10 * MS) == "1"
    assert asked(sights, START + 60 * MS) == "2"


def made_of(kind: int, pid: int, cookie: int, at: int) -> bytes:
    return bpf_events.SOCKET.pack(kind, pid, pid * bpf_events.TICK_NS, at, cookie, OWN, 2, TCP, 4000, 80, 0,
                                  HERE + bytes(12), THERE + bytes(12))


class Programs:
    """The BPF programs: what they have told lately, and how many events were lost."""

    def __init__(self, tracker: ebpf.EbpfTracker) -> None:
        self.lost = 0
        self.there: list[bytes] = []
        tracker._object = self  # type: ignore[assignment]
        tracker._programs = set(ebpf.FIND)
        tracker._consume = lambda: 0
        tracker._find = lambda: b"".join(self.there)

    def number(self, name: str) -> int:
        return self.lost


@pytest.mark.parametrize("lost", [0, 1])
def test_events_that_were_lost_may_have_been_anothers(lost: int) -> None:
    """A connection that began before an event was lost is not given to one whose word came afterwards."""
    sights = Sights(OWN, lambda _: frozenset({HERE}))
    tracker = ebpf.EbpfTracker(sights, Facts(), None, World([], random.Random(0)))  # type: ignore[arg-type]
    programs = Programs(tracker)
    tracker.sweep()
    began = time.time_ns()
    time.sleep(0.03)
    programs.lost = lost
    tracker._taken = [made_of(bpf_events.CONNECTED, 7, 11, time.monotonic_ns())]
    tracker.drain()
    answer = asked(sights, began, proto=TCP)
    assert answer == ("7" if not lost else GONE)
    assert asked(sights, time.time_ns(), proto=TCP) == "7"


@pytest.mark.parametrize("lost", [0, 1])
def test_a_sweep_finds_what_may_have_been_anothers(lost: int) -> None:
    sights = Sights(OWN, lambda _: frozenset({HERE}))
    tracker = ebpf.EbpfTracker(sights, Facts(), None, World([], random.Random(0)))  # type: ignore[arg-type]
    programs = Programs(tracker)
    tracker.sweep()
    before = time.time_ns() - SECOND
    between = time.time_ns()
    time.sleep(0.03)
    programs.lost, programs.there = lost, [made_of(bpf_events.FOUND, 7, 11, 0)]
    tracker.sweep()
    assert asked(sights, before, proto=TCP) == GONE, "it was not there a sweep before"
    assert asked(sights, between, proto=TCP) == ("7" if not lost else GONE)
    assert asked(sights, time.time_ns(), proto=TCP) == "7"


def test_a_sweep_without_cookies() -> None:
    """Where the iterator may not make them (builds of Linux 6.18), sock_diag is asked to, once for each socket that it
    cannot give one; an address that is used again is another socket, and events tell of none."""
    sights = Sights(OWN, lambda _: frozenset({HERE}))
    tracker = ebpf.EbpfTracker(sights, Facts(), None, World([], random.Random(0)))  # type: ignore[arg-type]
    programs, address, asked_for = Programs(tracker), ebpf.ADDRESSES + 4096, []
    tracker._addresses = ebpf.ADDRESSES

    def make_cookies(namespace: int) -> None:
        asked_for.append(namespace)
        programs.there = [made_of(bpf_events.FOUND, 7, 11, 0) if named else each for each in programs.there]

    tracker._make_cookies = make_cookies  # type: ignore[method-assign]
    named, programs.there = True, [made_of(bpf_events.FOUND, 7, address, 0)]
    tracker.sweep()
    assert asked(sights, time.time_ns(), proto=TCP) == "7" and sights.knows(11) and asked_for == [OWN]
    tracker._sights.closed(11, time.time_ns())
    named, programs.there = False, [made_of(bpf_events.FOUND, 8, address, 0) + b"cut"]
    for _ in range(2):
        tracker.sweep()
    assert asked(sights, time.time_ns(), proto=TCP) == "8" and asked_for == [OWN, OWN]
    assert not sights.knows(address)
    programs.there = [programs.there[0].replace(THERE, HERE)]
    time.sleep(0.01)
    tracker.sweep()
    assert asked(sights, time.time_ns() + LINGER, proto=TCP) not in ("7", "8"), "the ends of the address are others now"


def test_the_kernels_addresses_of_sockets_are_used_again() -> None:
    tracker = bcc.BccTracker(Sights(OWN), Facts(), World([], random.Random(0)), OWN)  # type: ignore[arg-type]
    one, two = (bpf_events.socket_event(made_of(bpf_events.SENT, pid, 11, 0)) for pid in (7, 8))
    numbers = [tracker._number(event, event.who) for event in (one, one, two, one)]
    assert numbers[0] == numbers[1] and len(set(numbers)) == 3
    again = bpf_events.socket_event(made_of(bpf_events.CONNECTED, 7, 11, 0))
    assert tracker._number(again, again.who) not in numbers
    for cookie in range(bcc.MAX_SOCKETS + 5):
        one.cookie = cookie
        tracker._number(one, one.who)
    assert len(tracker._sockets) == bcc.MAX_SOCKETS


def test_the_kernel_tells_of_closings() -> None:
    """Of each kind of socket, as soon as it is closed; what is cut short raises no other error."""
    try:
        told = Closings()
    except OSError as e:
        pytest.skip(f"this kernel does not tell: {e}")
    expected = []
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        packed = socket.inet_pton(family, address)
        try:
            with (socket.create_server((address, 0), family=family) as server,
                  socket.create_connection(server.getsockname()[:2]) as client):
                port, ours = server.getsockname()[1], client.getsockname()[1]
                server.accept()[0].close()
        except OSError as e:
            pytest.skip(f"no {address}: {e}")
        expected += [(TCP, packed, port, b"", 0), (TCP, packed, ours, packed, port)]
        with socket.socket(family, socket.SOCK_DGRAM) as loose:
            loose.sendto(b"x", (address, 9))
            expected.append((UDP, b"", loose.getsockname()[1], b"", 0))
        with socket.socket(family, socket.SOCK_DGRAM) as joined:
            joined.connect((address, 9))
            expected.append((UDP, packed, joined.getsockname()[1], packed, 9))
    found: set[tuple[Any, ...]] = set()
    until = time.monotonic() + 5
    while not found.issuperset(expected) and time.monotonic() < until:
        more, whole = told.take()
        assert whole
        found.update(each[:5] for each in more)
        time.sleep(0.01)
    told.close()
    assert found.issuperset(expected)


def test_closings_cut_short() -> None:
    body = DIAG.pack(2, 7, 0, 0, 4000, 80, HERE + bytes(12), THERE + bytes(12)) + bytes(4) + COOKIE.pack(5, 1)
    whole = body.ljust(72, b"\0") + ATTRIBUTE.pack(5, 10) + bytes([TCP, 0, 0, 0])
    assert closing(whole) == Closing(TCP, HERE, 4000, THERE, 80, 1 << 32 | 5)
    for n in range(len(whole) - 3):        # which are padding
        with contextlib.suppress(struct.error):
            assert closing(whole[:n])[0] == 0
    assert closing(body.ljust(72, b"\0") + ATTRIBUTE.pack(0, 3) * 5).proto == 0
