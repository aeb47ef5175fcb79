"""What was seen of sockets and the processes that use them, and the rules by which a flow is given to one of them.

A sight says: from `begin` to `end` this socket may have been in the hands of this process, and it was from `first` on.
Ports and pids are used again, so nothing is answered for a time outside of these bounds, nor within them where another
socket may have had the same ends; where two answers fit, none is given. Bounded.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from netwatch.model.machine import EXACT, LATE, LISTENER, PORT, SHARED, Identity, Unknown
from netwatch.platform.base import TCP, UDP, is_group, is_loopback, is_unspecified

FOREVER = 1 << 63
MS, SECOND = 1_000_000, 1_000_000_000
SLACK = 5 * MS                 # between the clock of a packet and that of the event which belongs to it
LINGER = 60 * SECOND           # a closed connection's last packets: two maximum segment lifetimes on Linux
STALE = 2 * SECOND             # a socket whose end nobody tells must have been confirmed this recently
SWEPT = 6 * SECOND             # within which a pass meets again what is open still and has said nothing
SETTLED = 50 * MS              # by then the kernel has told of a socket that it was closed
# who tells that a socket has been closed
TOLD, POLLED, SILENT = 2, 1, 0   # the kernel, at once; the next pass; nobody
MAX_KEYS = 65536
MAX_PER_KEY = 8
MAX_UNSEEN = 65536             # ends of sockets that came and went between two passes

GONE = "its socket was closed by then, and the port may have been another's"
NOT_SEEN = "no pass over the sockets met one with these ends: it was too short-lived, or there is none"
NOT_OURS = "no socket of this machine: passing by, answered by the kernel itself, or sent by a packet socket"
BETWEEN = "its socket came and went between two passes over the sockets, and nobody saw whose it was"
AGAIN = "more than one socket had these ends at about that time, and which of them it was cannot be told"
CHECKING = "whether its last known owner still has the socket is being checked"
UNPROVED = "a socket with these ends was seen, but not while the flow was: the port may have been another's then"

K = TypeVar("K")
Key = tuple[int, ...] | tuple[int, int, int, bytes, bytes]
AddressesOf = Callable[[int], frozenset[bytes] | None]


@dataclass(slots=True)
class Sight:
    """One process with one socket. Times in ns since 1970."""

    who: Identity
    netns: int                 # inode of the network namespace
    cookie: int                # the kernel's number of the socket, never used again
    method: str
    local: bytes               # b"": any address
    first: int                 # when it was first seen
    begin: int                 # not before this
    last: int                  # last confirmed
    end: int = FOREVER         # closed by then
    ending: int = SILENT
    listening: bool = False
    sharing: bool = False      # other sockets may be bound to the same port at the same time
    passes: bool = False       # passes met it: nothing is known of its ends before `first` and after the last of them
    others: tuple[int, ...] = ()
    key: Key = ()              # where the table keeps it

    def fits(self, when: int) -> bool:
        slack = 0 if self.passes else SLACK    # the time of a pass is by the clock of packets
        return self.begin - slack <= when <= self.end + slack

    def is_stale(self, when: int) -> bool:
        """Nobody would have told us of its end, and nobody has confirmed it since."""
        return self.ending == SILENT and self.end == FOREVER and when > self.last + STALE


@dataclass(frozen=True, slots=True)
class Found:
    sight: Sight
    quality: str


class Sights:
    """The table. `own` is our network namespace; `addresses_of` tells a namespace's addresses, None when unknown."""

    def __init__(self, own: int = 0, addresses_of: AddressesOf = lambda _: None) -> None:
        self.own = own
        self.polled = False        # only passes tell of sockets: what lives between two of them is not in the table
        self._addresses_of = addresses_of
        self._connected: dict[Key, list[Sight]] = {}
        self._bound: dict[Key, list[Sight]] = {}
        self._by_cookie: dict[int, list[Sight]] = {}
        self._closing: deque[tuple[int, int]] = deque()
        self._unseen: OrderedDict[Key, tuple[int, int]] = OrderedDict()    # (begin, end), oldest end first
        self.covered: dict[int, tuple[int, int]] = {}   # namespace: in this time, all unseen of TCP and UDP were told
        self.looked: dict[int, int] = {}   # namespace: when its last whole pass began
        self.evicted = 0
        self.lock = threading.RLock()      # held by whoever reads or changes the table
        self.passed: dict[str, int] = {}   # method: when its last pass or its last look at the events was

    def __len__(self) -> int:
        return len(self._connected) + len(self._bound)

    def saw(self, sight: Sight, proto: int, lport: int, remote: bytes, rport: int) -> None:
        """Add a sight, or confirm the one there is. `remote` is b"" for a socket that is not connected."""
        if remote and not is_unspecified(remote):
            where, sight.key = self._connected, (proto, lport, rport, sight.local, remote)
        else:
            where, sight.key = self._bound, (proto, lport)
        there = where.setdefault(sight.key, [])
        for old in there:
            if old.cookie == sight.cookie and old.who == sight.who and old.local == sight.local:
                old.last = max(old.last, sight.last)
                old.others = sight.others or old.others
                old.end = FOREVER
                return
        for old in there:
            self._make_way(old, sight)
        there.append(sight)
        if len(there) > MAX_PER_KEY:
            self._forget(there[0])
            self.evicted += 1
        self._by_cookie.setdefault(sight.cookie, []).append(sight)
        if len(where) > MAX_KEYS:
            self._evict(where)

    def _make_way(self, old: Sight, new: Sight) -> None:
        """What is already known of this key bounds the new sight, and the other way round."""
        if old.netns != new.netns:
            return
        if old.cookie == new.cookie:
            new.begin = max(new.begin, new.first - SLACK)
            new.others = old.others = tuple({*old.others, *new.others, old.who.pid, new.who.pid} - {old.who.pid})
        elif old.local == new.local and not (new.passes or new.listening or (new.sharing and not _is_alone(new))):
            new.begin = max(new.begin, min(old.last if old.end == FOREVER else old.end, new.first))
            old.end = min(old.end, new.begin)

    def confirm(self, cookie: int, when: int) -> None:
        """The socket is still open."""
        for sight in self._by_cookie.get(cookie, ()):
            sight.last = max(sight.last, when)

    def closed(self, cookie: int, when: int, last: int = 0) -> None:
        """The socket is closed, at the latest since `when`, and was not yet at `last`. Its sights are kept a while for
        packets that are still in the air."""
        for sight in self._by_cookie.get(cookie, ()):
            if sight.end == FOREVER:
                sight.last = max(sight.last, last)
            if sight.end > when:
                sight.end = max(when, sight.begin)
        if cookie in self._by_cookie:
            self._closing.append((when, cookie))

    def unseen(self, netns: int, proto: int, local: bytes, lport: int, remote: bytes, rport: int, begin: int,
               end: int) -> None:
        """In this time a socket with these ends came and went, and nobody saw whose it was."""
        key: Key = (proto, lport, rport, local, remote) if remote else (proto, lport, 0, local, b"")
        earlier = self._unseen.pop(key, None)
        if earlier is not None and earlier[1] + STALE >= begin:
            begin, end = min(begin, earlier[0]), max(end, earlier[1])
        self._unseen[key] = begin, end
        if len(self._unseen) > MAX_UNSEEN and self._unseen.popitem(last=False)[1][1] + LINGER >= end:
            self.covered[netns] = end, end

    def reopened(self, cookie: int, when: int) -> bool:
        """A socket that had seemed closed is there after all; True when its owner is known."""
        there = self._by_cookie.get(cookie, ())
        for sight in there:
            sight.end, sight.last = FOREVER, max(sight.last, when)
        return bool(there)

    def share(self, cookie: int, pid: int) -> None:
        """Another process has the socket as well."""
        for sight in self._by_cookie.get(cookie, ()):
            if pid not in (*sight.others, sight.who.pid):
                sight.others = (*sight.others, pid)[-MAX_PER_KEY:]

    def unconfirmed(self, since: int) -> None:
        """A whole pass that began at `since` is over: what nobody closes and the pass did not confirm is closed."""
        for cookie, there in self._by_cookie.items():
            if any(s.ending == SILENT and s.end == FOREVER and s.last < since for s in there):
                self.closed(cookie, there[-1].last)

    def bound(self, now: int) -> list[tuple[int, int, Sight]]:
        """(protocol, port, sight) of the sockets of our own namespace that are open and connected to nobody, by port;
        one of each socket, raw ones left out."""
        there = {(key[0], key[1], sight.cookie): sight for key, sights in self._bound.items() for sight in sights
                 if key[1] and key[0] in (TCP, UDP) and sight.netns == self.own and sight.end == FOREVER
                 and not sight.is_stale(now - SWEPT) and (sight.listening or key[0] == UDP)}
        return [(proto, port, there[proto, port, cookie]) for proto, port, cookie in
                sorted(there, key=lambda each: (each[1], each[0], each[2]))]

    def age_ns(self, sight: Sight, now: int) -> int:
        """How long ago it was last known that this process has, or had, this socket."""
        open_still = sight.end == FOREVER and sight.ending != SILENT
        return max(0, now - max(sight.last, self.passed.get(sight.method, 0) if open_still else 0))

    def knows(self, cookie: int) -> list[Sight]:
        return self._by_cookie.get(cookie, [])

    def prune(self, now: int) -> None:
        """Forget what was closed long ago."""
        while self._unseen and next(iter(self._unseen.values()))[1] < now - LINGER:
            self._unseen.popitem(last=False)
        while self._closing and self._closing[0][0] < now - LINGER:
            cookie = self._closing.popleft()[1]
            for sight in self._by_cookie.get(cookie, [])[:]:
                if sight.end < now - LINGER:
                    self._forget(sight)

    def find(self, proto: int, local: bytes, lport: int, remote: bytes, rport: int, when: int,
             until: int = 0) -> Found | Unknown:
        """The owner of the socket with these ends at that time, by the rules of docs/processes.md. `until`: when the
        flow that began `when` was last known to be the same (0: no later)."""
        exact = self._connected.get((proto, lport, rport, local, remote), [])
        if not exact and proto not in (TCP, UDP):
            exact = self._connected.get((proto, 0, 0, local, remote), [])
        there = self._of_namespace([s for s in exact if s.fits(when)], local, whole=True)
        unseen = self._was_unseen((proto, lport, rport, local, remote), when)
        if there:
            return self._one(there, when, max(when, until), EXACT, unseen)
        bound = [s for s in self._of_port(proto, local, lport) if s.fits(when) and (s.listening or not unseen)]
        if bound:
            return self._by_port(bound, proto, local, lport, when, until)
        return Unknown(BETWEEN) if unseen else self._late(exact, proto, when)

    def _was_unseen(self, key: Key, when: int) -> bool:
        begin, end = self._unseen.get(key, (FOREVER, 0))
        return begin - SLACK <= when <= end + SLACK

    def _by_port(self, bound: list[Sight], proto: int, local: bytes, lport: int, when: int,
                 until: int) -> Found | Unknown:
        unseen = any(self._was_unseen((proto, lport, 0, each, b""), when) for each in (b"", local))
        listeners = [s for s in bound if s.listening]
        if listeners:
            if len({s.who for s in listeners if s.begin <= when <= s.end}) > 1:
                return Unknown("several processes listen on this port and the connection's own socket was not seen",
                               retry=True)
            return self._one(listeners, when, when, LISTENER, unseen)    # who listens later need not have accepted it
        if all(s.key[1] == 0 and s.last < when - SLACK for s in bound):
            return Unknown("which raw socket this belongs to is being checked", retry=True)
        narrow = [s for s in bound if s.local] or bound
        open_ones = [s for s in narrow if not s.is_stale(when)]
        if len({s.who for s in open_ones}) > 1 and (is_group(local) or any(s.sharing for s in open_ones)):
            return Unknown("several processes have sockets on this port, and packets do not tell them apart")
        return self._one(narrow, when, max(when, until), PORT, unseen)

    def _one(self, there: list[Sight], when: int, until: int, quality: str, unseen: bool) -> Found | Unknown:
        """The one sight that may be meant; none when several may, or `unseen` ones, or when nothing shows it was it."""
        there = [s for s in there if s.begin <= when <= s.end] or there
        sure = [s for s in there if s.passes and s.first <= when <= self._known_until(s)]
        if sure and quality == EXACT:
            there, unseen = sure, False        # the kernel gives both ends to one socket at a time
        fresh = [s for s in there if not s.is_stale(when)]
        if not fresh:
            return Unknown(CHECKING, retry=True)
        best = min(fresh, key=lambda s: (abs(s.first - when), s.first))
        if unseen or any(s.cookie != best.cookie and s.who != best.who for s in fresh):
            return Unknown(AGAIN)
        doubt = self._doubt(best, when, until, quality)
        return doubt or Found(best, SHARED if quality == EXACT and best.others else quality)

    def _doubt(self, sight: Sight, when: int, until: int, quality: str) -> Unknown | None:
        """Why the only sight that fits may still be the wrong one. What shows that it is the right one: a pass met it
        when the flow's first or newest packet was there, or during the connection; or all other sockets are known."""
        known = self._known_until(sight)
        if not sight.passes or sight.first <= when <= known:
            return None
        if max(when, until if quality != LISTENER else 0) > known and sight.end == FOREVER:
            return Unknown(CHECKING, retry=True)
        if when > known:
            begin, end = sight.last, sight.end
        elif quality != LISTENER and sight.first <= until and (sight.key[0] == TCP or until <= known):
            return None
        else:
            begin, end = sight.begin, sight.first
        since, told = self.covered.get(sight.netns, (FOREVER, 0))
        if sight.key[0] in (TCP, UDP) and since <= begin and told >= end + SETTLED:
            return None
        return Unknown(UNPROVED, retry=True)

    def _known_until(self, sight: Sight) -> int:
        """Until when it is certain that the socket was there."""
        if not sight.passes:
            return sight.end
        if sight.end == FOREVER and sight.ending != SILENT:
            return max(sight.last, self.looked.get(sight.netns, 0))
        return sight.last

    def _late(self, exact: list[Sight], proto: int, when: int) -> Found | Unknown:
        """Nothing fits. A TCP connection's last packets come after its end; anything else stays unknown."""
        there = [s for s in exact if s.netns == self.own]
        if not there:
            return Unknown(NOT_SEEN if self.polled else NOT_OURS, retry=True)
        newest = max(there, key=lambda s: s.end)
        if proto == TCP and newest.ending == TOLD and 0 <= when - newest.end <= LINGER:
            return Found(newest, LATE)
        return Unknown(GONE)

    def _of_port(self, proto: int, local: bytes, lport: int) -> list[Sight]:
        """Sockets that are not connected and would get what is sent to this address and port."""
        there = [s for s in self._bound.get((proto, lport), ()) if s.local in (b"", local)]
        if not there and proto not in (TCP, UDP):
            there = [s for s in self._bound.get((proto, 0), ()) if s.local in (b"", local)]
        return self._of_namespace(there, local, whole=False)

    def _of_namespace(self, there: list[Sight], local: bytes, whole: bool) -> list[Sight]:
        """Those of our own namespace, else those of the one other that can be meant: none when the address is ours."""
        own = [s for s in there if s.netns == self.own]
        ours = self._addresses_of(self.own)
        if is_loopback(local) or (ours is not None and local in ours):
            return own
        if own and (whole or is_group(local) or ours is None):
            return own
        if not whole:
            there = [s for s in there if local in (self._addresses_of(s.netns) or ())]
        return there if len({s.netns for s in there}) == 1 else []

    def _forget(self, sight: Sight) -> None:
        """Take one sight out of both indexes."""
        where = self._bound if len(sight.key) == 2 else self._connected
        _take_out(where, sight.key, sight)
        _take_out(self._by_cookie, sight.cookie, sight)

    def _evict(self, where: dict[Key, list[Sight]]) -> None:
        """The oldest key makes room."""
        for sight in where[next(iter(where))][:]:
            self._forget(sight)
            self.evicted += 1


def _take_out(table: dict[K, list[Sight]], key: K, sight: Sight) -> None:
    there = table.get(key, [])
    there[:] = [each for each in there if each is not sight]
    if not there:
        table.pop(key, None)


def _is_alone(sight: Sight) -> bool:
    """The kernel lets no other socket have these ends at the same time, whatever their options."""
    return len(sight.key) > 2 and sight.key[0] == TCP
