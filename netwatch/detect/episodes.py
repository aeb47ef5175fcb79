"""What Python's detectors remember: episodes they put together themselves, and tables that forget the oldest."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_network
from typing import TYPE_CHECKING, Generic, TypeVar

from netwatch._fast.out.addresses import packed_of
from netwatch.detect.contract import Notice
from netwatch.model.record import Record

if TYPE_CHECKING:
    from netwatch._fast.notice.crowd import Crowd

KEPT = 8  # flows and frames of an episode
ENCRYPTION = ("tls", "dtls", "quic")
FACT_HEAD = 4  # bytes before a packed fact's value
Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(slots=True)
class Gathered:
    """An Episode; see contract.py."""

    first: int
    last: int
    count: int = 0
    flows: list[int] = field(default_factory=list)
    frames: list[int] = field(default_factory=list)

    def add(self, notice: Notice) -> None:
        """One more of it."""
        now = notice.time_ns
        if now > self.last:
            self.last = now
        elif now < self.first:
            self.first = now
        self.count += 1
        if len(self.flows) < KEPT and notice.flow and notice.flow not in self.flows:
            self.flows.append(notice.flow)
        if len(self.frames) < KEPT and notice.frame and notice.frame not in self.frames:
            self.frames.append(notice.frame)


def begun(notice: Notice) -> Gathered:
    """An episode that begins with this."""
    episode = Gathered(notice.time_ns, notice.time_ns)
    episode.add(notice)
    return episode


class Room:
    """For so many crowds of a detector, beside the first of each episode. Where there is none left, the episode that
    had no other crowd for longest gives back its own."""

    def __init__(self, crowds: int = 1024) -> None:
        self._left = crowds
        self._held: OrderedDict[Crowded, None] = OrderedDict()

    def take(self, episode: Crowded) -> None:
        """For one crowd more."""
        if not self._left:
            self._left = self._held.popitem(last=False)[0].fold()
        self._left -= 1
        self._held[episode] = None
        self._held.move_to_end(episode)


class Crowded:
    """An Episode of several crowds. Beyond MOST of them a crowd counts once; what had to give back its room counts as
    it was then."""

    MOST = 64

    def __init__(self, room: Room) -> None:
        self._room = room
        self._crowds: list[Crowd] = []
        self._was: Gathered | None = None  # what was folded
        self._more = 0

    def add(self, crowd: Crowd) -> None:
        if len(self._crowds) >= self.MOST:
            self._more += 1
            return
        if self._crowds:
            self._room.take(self)
        self._crowds.append(crowd)

    def fold(self) -> int:
        """Keep the sums of all crowds but the first; how many these were."""
        folded = len(self._crowds) - 1
        parts = self._parts[1:]
        self._was = Gathered(min(each.first for each in parts), max(each.last for each in parts),
                             sum(each.count for each in parts), *(_first(parts, what) for what in ("flows", "frames")))
        del self._crowds[1:]
        return folded

    @property
    def _parts(self) -> list[Crowd | Gathered]:
        return [*self._crowds, *([self._was] if self._was is not None else [])]

    @property
    def first(self) -> int:
        return min(part.first for part in self._parts)

    @property
    def last(self) -> int:
        return max(part.last for part in self._parts)

    @property
    def count(self) -> int:
        return sum(part.count for part in self._parts) + self._more

    @property
    def flows(self) -> list[int]:
        return _first(self._parts, "flows")

    @property
    def frames(self) -> list[int]:
        return _first(self._parts, "frames")


def _first(parts: Sequence[Crowd | Gathered], what: str) -> list[int]:
    """The numbers of the first flows or frames."""
    return sorted({number for part in parts for number in getattr(part, what)})[:KEPT]


def bound_of(least: int, usual: int) -> int:
    """Things that a table remembers: as many as usual, or four times those that an alert asks for; a power of two."""
    return 1 << (max(usual, 4 * least) - 1).bit_length()


class Bounded(OrderedDict[Key, Value], Generic[Key, Value]):
    """A dict of at most `bound` entries: what was put in, or touched, longest ago makes room."""

    def __init__(self, bound: int) -> None:
        super().__init__()
        self._bound = bound

    def __setitem__(self, key: Key, value: Value) -> None:
        super().__setitem__(key, value)
        if len(self) > self._bound:
            self.popitem(last=False)


def _masked(*networks: str) -> tuple[tuple[int, int], ...]:
    """(address, mask) of each, as numbers."""
    return tuple((int(one.network_address), int(one.netmask)) for one in map(ip_network, networks))


# What is in no network of others: what IANA's registries of special addresses (RFC 6890) do not call globally
# reachable, and multicast. Of 6to4 (2002::/16) they say neither: as in Python's ipaddress it is near.
NEAR_4 = _masked("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
                 "192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
                 "203.0.113.0/24", "224.0.0.0/3")
NEAR_6 = _masked("::/127", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23", "2001:db8::/32", "2002::/16",
                 "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "ff00::/8")
# ... but for parts of them, which are globally reachable
REACHED_4 = _masked("192.0.0.9/32", "192.0.0.10/32")
REACHED_6 = _masked("2001:1::1/128", "2001:1::2/128", "2001:1::3/128", "2001:3::/32", "2001:4:112::/48",
                    "2001:20::/28", "2001:30::/28")
MAPPED = bytes(10) + b"\xff\xff"  # before an IPv4 address in one of IPv6, RFC 4291 section 2.5.5.2


@lru_cache(4096)
def is_near(address: bytes) -> bool:
    """Is it an address of a network of one's own: private, link-local, loopback, shared (RFC 1918, 4193, 6598)?"""
    if address.startswith(MAPPED):
        address = address[len(MAPPED):]
    number = int.from_bytes(address, "big")
    near, reached = (NEAR_4, REACHED_4) if len(address) == 4 else (NEAR_6, REACHED_6)
    return _within(number, near) and not _within(number, reached)


def _within(number: int, networks: tuple[tuple[int, int], ...]) -> bool:
    return any(number & mask == network for network, mask in networks)


class Own:
    """Addresses of networks of one's own: those of is_near(), and of IPv6 all that share 64 bits with a station that
    neighbour discovery showed here: there, what is inside has global addresses as well (RFC 4291 section 2.5.4)."""

    MOST = 64  # networks

    def __init__(self) -> None:
        self._nets: Bounded[bytes, None] = Bounded(self.MOST)

    def take(self, notice: Notice) -> None:
        """A station of a network with global addresses; an INSIDE."""
        packed = packed_of(notice.more[2])
        if not is_near(packed):
            self._nets[packed[:8]] = None

    def __contains__(self, address: bytes) -> bool:
        return is_near(address) or (len(address) == 16 and address[:8] in self._nets)


def end_text(address: str, port: int) -> str:
    """Both as one text (RFC 3986 section 3.2.2 has the brackets)."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def facts_of(app: str, *fields: str) -> tuple[tuple[str, int], ...]:
    """(app, key) of the facts that these fields of the protocol depend on."""
    from netwatch._fast.out.protocols import DEPENDS

    return tuple((app, key) for name in fields for key in DEPENDS[app, f"{app}.{name}"] or ())


def only(facts: bytes, wanted: tuple[tuple[str, int], ...]) -> bytes:
    """Those among them, of (app, key) each."""
    from netwatch._fast.dpi import app_names
    from netwatch._fast.flow.content import facts_list

    names, at, found = app_names(), 0, []
    for number, key, value in facts_list(facts):
        end = at + FACT_HEAD + len(value)
        if (names[number], key) in wanted:
            found.append(facts[at:end])
        at = end
    return b"".join(found)


def in_clear(facts: bytes) -> bytes:
    """Those that stand before the first of TLS, QUIC or DTLS: what follows, keys have opened."""
    from netwatch._fast.dpi import app_names
    from netwatch._fast.flow.content import facts_list

    names, at = app_names(), 0
    for number, _, value in facts_list(facts):
        if names[number] in ENCRYPTION:
            return facts[:at]
        at += FACT_HEAD + len(value)
    return facts


@lru_cache(64)
def said(facts: bytes, app: int) -> Record:
    """What a flow said of itself: the objects of its protocols, as its record has them. Secrets are masked."""
    from netwatch._fast.dpi import app_names
    from netwatch._fast.flow.content import facts_list
    from netwatch._fast.out.protocols import flow_fields

    names = app_names()
    by_app: dict[str, list[tuple[int, bytes]]] = {}
    for number, key, value in facts_list(facts):
        by_app.setdefault(names[number] or "", []).append((key, value))
    found: Record = flow_fields(names[app] or None, by_app, False, None)
    return found
