"""The contract of a rule: it is told how things went in a bucket of time, and says what is wrong when enough did not.

A rule is one class in one file of this room and one line in table.py; its thresholds stand in thresholds.py. All it
knows of time is in what it is told, so that a capture has the same findings however it is read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

INFO, WARNING, CRITICAL = "info", "warning", "critical"
OPEN, STALE, EXPIRED, CLOSED = "open", "stale", "expired", "closed"
SECOND = 1_000_000_000  # ns
KEPT = 6  # flows and frames of a finding
SLOW, FAILED, NONE, OTHER = range(4)  # Measured.ways: how often it was bad in which way

Threshold = Callable[[str], int]  # of a rule, by its name


class Measured(NamedTuple):
    """One bucket of one tally (see _fast/notice/tallies.pyx). `a` and `b` are packed addresses, times ns, `worst`,
    `mean` and `sigma` ms: the last two of the `samples` that were not bad. `ref`: the first bad flow."""

    metric: str
    a: bytes
    b: bytes
    port: int
    name: str
    begin: int
    good: int
    bad: int
    ways: tuple[int, int, int, int]
    weight: int
    worst: float
    first_bad: int
    last_bad: int
    last_good: int
    mean: float
    sigma: float
    samples: int
    flows: list[int]
    frames: list[int]
    ref: tuple[int, int, int]  # number of the engine, row, key
    ports_well: int = 0  # other ports of the host that did well, by the same metric, within the last ten seconds
    others_well: int = 0  # ports of other hosts

    @property
    def subject(self) -> Subject:
        return Subject(self.a, self.b, self.port, self.name)


class Subject(NamedTuple):
    """Whom a finding is about: a host, or the way from `a` to `b`; a port; a name."""

    a: bytes
    b: bytes
    port: int
    name: str


@dataclass(slots=True)
class Course:
    """How much was bad over time: at most MOST steps, each twice as long when they do not suffice."""

    MOST: ClassVar[int] = 60
    begin: int = 0  # ns
    step_s: int = 1
    steps: list[int] = field(default_factory=list)

    def add(self, when: int, bad: int) -> None:
        self.begin = self.begin or when
        while (at := max(0, when - self.begin) // (self.step_s * SECOND)) >= self.MOST:
            self.steps = [sum(self.steps[i : i + 2]) for i in range(0, len(self.steps), 2)]
            self.step_s *= 2
        self.steps += [0] * (at + 1 - len(self.steps))
        self.steps[at] += bad


@dataclass(slots=True)
class Totals:
    """What was bad since the finding opened. `usual`: (mean, sigma, samples) when it did, ms."""

    good: int = 0
    bad: int = 0
    ways: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    weight: int = 0
    newest: int = 0  # Measured.weight of the newest bad bucket
    worst: float = 0.0
    usual: tuple[float, float, int] = (0.0, 0.0, 0)
    flows: list[int] = field(default_factory=list)
    frames: list[int] = field(default_factory=list)
    ports_well: int = 0  # at most at a time; see Measured
    others_well: int = 0
    course: Course = field(default_factory=lambda: Course())

    def add(self, seen: Measured) -> None:
        """One bucket more."""
        self.good += seen.good
        self.bad += seen.bad
        self.course.add(seen.begin, seen.bad)
        self.ways = [mine + more for mine, more in zip(self.ways, seen.ways, strict=True)]
        self.weight += seen.weight
        self.newest = seen.weight if seen.bad else self.newest
        self.worst = max(self.worst, seen.worst)
        self.ports_well = max(self.ports_well, seen.ports_well)
        self.others_well = max(self.others_well, seen.others_well)
        for mine, more in ((self.flows, seen.flows), (self.frames, seen.frames)):
            mine += [each for each in more if each and each not in mine][: KEPT - len(mine)]


class Told(NamedTuple):
    """What a finding means, for people. `ends`: the hosts it is about, by the names that flow records have for them;
    `filter`: shows its flows."""

    severity: str
    title: str
    cause: str
    evidence: list[str]
    advice: str
    ends: dict[str, str | int]
    filter: str


class Rule:
    """`name` is the kind of its findings. It is bad enough when, within `window_s`, at least `least` were bad and they
    are `share` percent of all; it is over when `calm_s` have gone by in which something went well and nothing badly."""

    name: str = ""
    metric: str = ""
    hides: tuple[str, ...] = ()  # kinds of finding that follow from this, of the same host or way
    window_s: int = 60
    calm_s: int = 60
    expire_s: int = 3600
    least: int = 1
    share: float = 0.0

    def __init__(self, threshold: Threshold) -> None:
        self.window_s, self.calm_s = threshold("window_s"), threshold("calm_s")
        self.expire_s = threshold("expire_s")

    def bad(self, seen: Measured) -> int:
        """How much of that is bad in the sense of this rule."""
        return seen.bad

    def enough(self, totals: Totals) -> bool:
        """Are these too many, of those within the window?"""
        return self.is_much(totals.bad, totals)

    def is_much(self, bad: int, totals: Totals) -> bool:
        """Are so many enough, of all of them?"""
        return bad >= self.least and 100 * bad >= self.share * (totals.good + totals.bad)

    def describe(self, subject: Subject, totals: Totals) -> Told:
        """What it means by now."""
        raise NotImplementedError

    @property
    def closes_when(self) -> str:
        return f"{self.calm_s} s with traffic and without this"


def hidden_by(cause: Subject, other: Subject) -> bool:
    """Can what happens to one be the consequence of what happens to the other: do they share all hosts of one?"""
    mine, theirs = {cause.a, cause.b} - {b""}, {other.a, other.b} - {b""}
    return mine <= theirs or theirs <= mine
