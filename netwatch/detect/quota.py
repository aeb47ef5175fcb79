"""Quotas that are passed: a program, or all of them, has moved more in a day or a month than egress.quotas says.

On interfaces alone, beside what the ledger has of the period. Once a period, which the state folder remembers; one
whose size was changed is another quota.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from netwatch.detect.contract import WARNING, Alarm, Detector, Many, Notice, Told, Value
from netwatch.detect.episodes import Gathered
from netwatch.egress import ledger
from netwatch.egress.flows import Ended, Largest
from netwatch.egress.moved import KEYS, Moved, begin_ns, day_of
from netwatch.egress.quotas import DAY, EVERYBODY, Held, Quota, parsed
from netwatch.store import files, folders

if TYPE_CHECKING:
    from netwatch.model.contract import Run

LOOK_S = 5.0  # seconds between two looks at the flows that are open
KEPT = 1024  # lines in the state folder


class Quotas(Detector):
    name = "quota"
    about = "Tell of programs that pass a quota of egress.quotas, on interfaces."
    looks = True

    def begin(self, of: Value, alarm: Alarm) -> Sequence[Many]:
        self._moved: Moved | None = None
        self._episodes: dict[tuple[Quota, str], Gathered] = {}
        self._held: dict[tuple[Quota, str], Held] = {}
        self._trouble = ""
        return super().begin(of, alarm)

    def start(self, run: Run) -> None:
        quotas = run.settings.of("egress.quotas")
        if not quotas:
            return
        self._moved = Moved(ledger.where(), parsed(quotas), datetime.now(UTC).date())
        if self._moved.trouble:
            run.say(f"{self._moved.trouble}: quotas count what is seen from now on", WARNING)
        self._ended, self._open = Ended(run, KEYS, "quotas"), Largest(run, KEYS, LOOK_S)
        self._path = folders.state_folder() / "quotas"
        self._said = dict.fromkeys(_lines(self._path))
        with contextlib.suppress(OSError), files.as_caller():
            files.make_folder(self._path.parent)  # it could not be made later, inside the jail

    def look(self, run: Run, *, over: bool) -> None:
        if self._moved is None:
            return
        # a frame of a wrong clock may be of any day
        clock = min(max(engine.clock for engine in run.engines), time.time_ns())
        if not clock:
            return
        self._moved.turn(day_of(clock))
        at_once = over or run.purpose.final  # rows are given back after the step, and no screen waits
        for flow in self._ended.take(at_once=at_once, over=over):
            self._moved.ended(flow)
        found = self._open.look(at_once=at_once, over=over)
        if found is None:
            return
        self._moved.still_open(found)
        for each in self._moved.held():
            if each.over:
                self._passed(each, clock)

    def _passed(self, each: Held, clock: int) -> None:
        assert self._moved is not None
        key = each.quota, each.since
        self._held[key] = each
        known = self._episodes.get(key)
        if known is not None:
            known.last = clock
            return
        line = f"{each.since} {each.quota.period} {each.quota.limit} {each.quota.who}"
        first = begin_ns(each.since)  # so that its ID is the period's
        episode = self._episodes[key] = Gathered(first, clock, 1, self._moved.flows(each.quota.who))
        if line in self._said:
            return
        self._said[line] = None
        self._keep()
        self.alarm(self, Notice(self.name, clock, 0, 0, b"", b"", 0, 0, "", 0, ()), key, episode)

    def _keep(self) -> None:
        try:
            files.write_text(self._path, "".join(f"{each}\n" for each in list({**dict.fromkeys(_lines(self._path)),
                                                                                **self._said})[-KEPT:]))
        except OSError as e:
            self._trouble = f"{self._path}: {e.strerror}: a quota that was passed will be told of again"

    def take(self, notice: Notice) -> None:
        """Is told of nothing: it looks."""

    def keep(self) -> str:
        return self._trouble

    def describe(self, about: tuple[Quota, str], episode: Gathered) -> Told:
        held = self._held[about]
        (who, limit, period), since = about
        whole = f"the {period} that began {since}" if period != DAY else since
        name = "All programs" if who == EVERYBODY else who
        return Told(WARNING, f"Quota of {limit:,} bytes a {period} passed",
                    f"{name} moved {held.used:,} bytes in {whole}: the quota is {limit:,}",
                    {"program": who, "period": period, "since": since, "limit_bytes": limit, "used_bytes": held.used},
                    {"program": who})


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in files.read_text(path).split("\n") if line]
    except (OSError, UnicodeDecodeError):
        return []
