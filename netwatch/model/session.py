"""How a source that is watched is doing, as plain data: a page of flows, the pace of a file, the capture's health."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from netwatch.model.record import Record


@dataclass(frozen=True)
class Page:
    """Some flows in order; `total` is how many match, `now_ns` the packet clock they were taken at. `looked`: these are
    the matches among so many flows alone, for whoever cannot wait; None: among all."""

    rows: list[Record]
    total: int
    now_ns: int
    looked: int | None = None


class Gone(Exception):
    """There is no such moment, any more or at all; one line."""


class Moment(NamedTuple):
    """A moment that is kept, ns of packet time: the one behind it (None: it is the newest), how long after the one
    before it was (0: it is the oldest), the oldest and newest there are, how many flows are not in it because there
    were too many, and whether it is of a run that is over."""

    at_ns: int
    next_ns: int | None
    step_ns: int
    first_ns: int
    last_ns: int
    left_out: int
    earlier: bool = False


@dataclass(frozen=True)
class Replay:
    """How a file is being played. `speed` None: as fast as it goes; `until`: packet time that is being gone to, ns;
    `again`: it is read from its start for that."""

    speed: float | None = None
    playing: bool = True
    until: int | None = None
    again: bool = False


class Sign(NamedTuple):
    """What every screen shows, in a word or two; `severity` as of what an addon says."""

    text: str
    severity: str
    more: str = ""  # what it is above all, where there is room for it


@dataclass(frozen=True)
class Health:
    """How the capture is doing: what came, what was lost and where, what it costs. Rates are the mean of the last
    seconds that are over; of a file that was read to its end, over the time it covers."""

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
    damaged: bool = False  # the input ended by accident; what was before that has been read, `error` says where
    lost: tuple[str, ...] = ()  # interfaces that went away; they are waited for
    stopped: bool = False  # a live capture that was stopped, and can be started again
    cpu_percent: float = 0.0
    rss_bytes: int = 0
    replay: Replay | None = None
    owners: str = ""  # what finds the processes of flows, "" nothing does
    owners_why: str = ""  # why nothing better does
    signs: tuple[Sign, ...] = ()  # of addons
    ungrouped: tuple[str, ...] = ()  # of addons.groups.BY: of what nothing can be known here
    without: tuple[str, ...] = ()  # tabs and views for which nothing comes
    why_without: str = ""


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
