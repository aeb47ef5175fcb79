"""A source being watched, from outside: what a terminal calls, and what questions and commands see of it.

Plain data otherwise: a page of flows, the health of the capture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from netwatch.model.addon import Addon, Offer
from netwatch.model.event import Event, Record
from netwatch.model.run import Run

if TYPE_CHECKING:
    from netwatch._fast.engine import Engine
    from netwatch._fast.view.engineview import EngineView

@dataclass(frozen=True)
class Page:
    """Some flows in order; `total` is how many match, `now_ns` the packet clock they were taken at."""

    rows: list[Record]
    total: int
    now_ns: int
    took_ms: float


@dataclass(frozen=True)
class Replay:
    """How a file is being played. `speed` None: as fast as it goes; `until`: packet time that is being gone to, ns;
    `again`: it is read from its start for that."""

    speed: float | None = None
    playing: bool = True
    until: int | None = None
    again: bool = False


@dataclass(frozen=True)
class Health:
    """How the capture is doing: what came, what was lost and where, what it costs. Rates are of the last second or so;
    of a file that was read to its end, over the time it covers."""

    packets: int = 0
    bytes: int = 0
    packets_per_s: float = 0.0
    bytes_per_s: float = 0.0
    kernel_drops: int = 0
    interface_drops: int = 0
    ring_drops: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    bytes_skipped: int = 0
    snap_truncated: int = 0
    flows_live: int = 0
    flows_ended: int = 0
    flows_evicted: int = 0
    position: float | None = None
    done: bool = False
    error: str | None = None
    link_types: list[str] = field(default_factory=list)
    clock_ns: int = 0
    stopped: bool = False  # a live capture that was stopped, and can be started again
    cpu_percent: float = 0.0
    rss_bytes: int = 0
    replay: Replay | None = None
    owners: str = ""  # what finds the processes of flows, "" nothing does
    owners_why: str = ""  # why nothing better does


class Player(Protocol):
    """The pace of a file that is played, see run/replay.py. Times are packet time in ns."""

    speed: float | None  # None: as fast as it goes
    paused: bool
    done: bool
    clock: int  # that was reached
    first: int  # of the first frame

    def toggle(self) -> bool: ...
    def turn(self, steps: int) -> float | None: ...
    def step(self, frames: int) -> None: ...
    def step_to(self, ns: int) -> None: ...
    def seek(self, ns: int) -> bool: ...


class Reading(Protocol):
    """Frames that are read once more, see Session.read_again()."""

    def record(self, engine: Engine, row: int) -> Record: ...


class Session(Run, Protocol):
    """A run as questions and commands see it, in the poller's thread. What looks at the engine takes the lock first,
    for as short as it can; what is said to hold it is called with it."""

    label: str

    @property
    def live(self) -> bool: ...
    @property
    def lock(self) -> AbstractContextManager[Any]: ...
    @property
    def engine(self) -> Engine: ...
    @property
    def view(self) -> EngineView: ...
    @property
    def addons(self) -> Sequence[Addon]: ...

    @property
    def player(self) -> Player | None:
        """Of a file."""

    def record(self, row: int) -> Record:
        """The record of a row. The lock is held."""

    def records(self, numbers: list[int]) -> list[Record]:
        """The records of rows for a screen. The lock is held."""

    def flow(self, id: int) -> Record | None:
        """The record of one flow, None when it is gone. The lock is not held."""

    def read_again(self, source: Any) -> Iterator[tuple[Reading, Sequence[Event]]]:
        """Read kept frames through an engine of their own, for what their streams say. The lock is not needed."""

    def use_settings(self, settings: Any) -> None:
        """Other settings from now on, as far as a running engine can. The lock is not held."""


class Question(Protocol):
    """What a screen wants to know. Equal questions have equal answers at one moment; they are in netwatch/addons/."""

    def answer(self, session: Session) -> Any: ...


class Command(Protocol):
    """What a key wants done: netwatch/addons/. Returns one line for the user, "" for nothing to say."""

    def run(self, session: Session) -> str: ...


class Watch(Protocol):
    """A source being watched, as the terminal sees it. query(), flow() and ask() may take 100 ms."""

    label: str

    @property
    def live(self) -> bool: ...
    @property
    def offers(self) -> Sequence[Offer]: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def query(self, where: Any, sort: str, descending: bool, offset: int, limit: int, history: bool) -> Page: ...
    def flow(self, id: int) -> Record | None: ...
    def ask(self, question: Question) -> Any: ...
    def do(self, command: Command) -> str: ...
    def health(self) -> Health: ...
