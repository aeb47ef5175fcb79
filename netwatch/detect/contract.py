"""The contract of a detector: it is told notices, gathers them in episodes, and says what an episode means.

A detector is one class in one file of this room and one line in table.py. All it knows of time is in the notices, so
that a capture has the same alerts however it is read. What it keeps is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from netwatch.detect.allow import Allowed
from netwatch.model.option import Option
from netwatch.model.record import Record

if TYPE_CHECKING:
    from netwatch.model.contract import Run

INFO, WARNING, CRITICAL = "info", "warning", "critical"
SECOND = 1_000_000_000  # ns

CROWD, CARRIED, STEADY, SAID = "crowd", "carried", "steady", "said"
LINK, ROUTER, INSIDE = "link", "router", "inside"  # what stations say of themselves


class Notice(NamedTuple):
    """One thing that happened to a flow; addresses are packed, the initiator's first.

    `kind` says what, and what `more` is: CROWD (the Crowds, the Crowd that has grown as large as was asked for, the
    facts of the flow where it was told of them); CARRIED (bytes of payload sent by the initiator, by the responder,
    whether the responder did it), for each MiB; LINK (arp, ndp, dhcp or netbios, its role or None, an address or None,
    its MAC), as text: what a station says of itself, where it is new, or of a router; ROUTER and INSIDE likewise, the
    address always and the MAC or None: an IPv6 router advertises itself, a station has a global IPv6 address; STEADY
    (whether it was told before, the first and the last flow, ns, how many, the median of the gaps and of how far they
    are from it, s, numbers of flows, of frames): flows begin at regular times, as the options of the detector beacon
    say; SAID (facts of the flow, its program): of each flow of a program that says where it goes, or how. `tunnel` is
    what the flow lies in, as records have it: whoever sent that may have made up all that is inside."""

    kind: str
    time_ns: int
    frame: int
    flow: int
    src: bytes
    dst: bytes
    sport: int
    dport: int
    proto: str
    app: int
    more: tuple[Any, ...]  # Any: as `kind` says
    tunnel: Sequence[str] = ()


class Many(NamedTuple):
    """Many different things of one key: told once there are `least` of them within `window_s` seconds.

    `when`: what counts, of refused, half-open (a RST before the handshake was complete), unanswered; probed (TCP that
    began with no SYN and got a RST); opened, closed (TCP); answered (not TCP); told (all that a flow will say of
    itself is known; its time is then that of its first frame); asked (a datagram asks DNS for a long name). `by` is
    the key, `of` the thing, both of src, dst, sport, dport, proto, facts. Only flows of `protos`, `apps`, and to
    `ports` count, where those are given, none to ports that are `spared`, and which said one of `facts`: (app, key)
    of each, or, `begins`, a fact whose value begins so: (app, key, value) of each; where `carried` is given, only flows
    of at most so many bytes of payload, beyond those that the fact `clear` tells of, and of at least `sent` of the
    initiator. `names`: the things are names asked of DNS: "long" ones, below the domain that is part of the key, or
    domains that are "missing" (NXDOMAIN).
    `numbers`: of a fact that is a number of two bytes, (app, key), only those; a flow that says none of them may be
    passed over.
    `answered`: only if at most one in so many attempts of the source was answered in this and the last minute.
    `bound`: things remembered, a power of two."""

    when: tuple[str, ...]
    by: tuple[str, ...]
    of: tuple[str, ...]
    least: int
    window_s: int
    protos: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    ports: frozenset[int] | None = None
    answered: int = 0
    facts: tuple[tuple[str, int], ...] = ()
    carried: int = 0
    names: str = ""
    spared: range = range(0)
    sent: int = 0
    begins: tuple[tuple[str, int, bytes], ...] = ()
    clear: tuple[str, int] | None = None
    bound: int = 16_384
    numbers: tuple[tuple[str, int, frozenset[int]], ...] = ()


class Episode(Protocol):
    """What belongs together: how often, from when to when (ns), by which flows and frames, the first of them."""

    @property
    def first(self) -> int: ...
    @property
    def last(self) -> int: ...
    @property
    def count(self) -> int: ...
    @property
    def flows(self) -> list[int]: ...
    @property
    def frames(self) -> list[int]: ...


class Told(NamedTuple):
    """What an episode means, for people. `evidence`: numbers and names, with their units in the keys; `about`: the ends
    that the alert is about, by the names that flow records have for them: src, dst, dport; or the program."""

    severity: str
    title: str
    text: str
    evidence: Record
    about: Record


Value = Callable[[str], Any]  # of an option, by its name. Any: of its option's type
Alarm = Callable[["Detector", Notice, object, Episode], None]  # makes an alert of an episode; what describe() is given


class Detector:
    """`name` is the kind of its alerts, and of its table in the configuration: detect.NAME.OPTION."""

    name: str = ""
    about: str = ""  # one sentence
    options: Sequence[Option] = ()
    wants: frozenset[str] = frozenset()  # kinds of notice
    looks: bool = False  # start() and look() are called, where the source is live

    alarm: Alarm
    allowed: Allowed
    lists: Mapping[str, tuple[str, ...]] = {}  # of the configuration

    def begin(self, of: Value, alarm: Alarm) -> Sequence[Many]:
        """What it wants counted, for CROWD. Raises AddonError."""
        self.alarm, self.allowed = alarm, Allowed(of("allow"))
        return ()

    def start(self, run: Run) -> None:
        """The run begins, after begin()."""

    def look(self, run: Run, *, over: bool) -> None:
        """After each chunk, while the engines hold still; `over`: nothing more will come."""

    def take(self, notice: Notice) -> None:
        """Called in order of frames."""
        raise NotImplementedError

    def keep(self) -> str:
        """Keep what is to be remembered; "", or why that could not be."""
        return ""

    def describe(self, about: Any, episode: Any) -> Told:  # Any: each detector says which
        """What the episode means by now; `about` is what the alarm was given with it."""
        raise NotImplementedError
