"""Keeps the flows of live captures on disk when they are over, across runs: `netwatch read --history` reads them.

Off unless history.on is set. Written once a second; when the disk does not take it, that is said, and they wait in
memory, up to a bound.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from netwatch._fast.out.events import ended_since, open_rows
from netwatch._fast.out.rawflow import RawFlow
from netwatch.history.store import HistoryError, Writer
from netwatch.model.contract import WARNING, Addon, Store
from netwatch.model.event import Event, Step
from netwatch.model.option import Option

if TYPE_CHECKING:
    from netwatch._fast.engine import Engine
    from netwatch.model.contract import Run
    from netwatch.model.record import Record

SECOND_NS = 1_000_000_000
MOST = 50_000  # flows that wait
AT_ONCE = 4096  # ends looked at after one chunk
PATIENCE_S = 2.0  # for flows that are open at the end
SAID_NS = 60 * SECOND_NS  # between two words about the disk


class History(Addon):
    """Keeps the flows of live captures on disk when they are over."""

    name = "history"
    options = (
        Option("on", False, "Keep the flows of live captures on disk when they are over, across runs."),
        Option("disk_mb", 256, "Disk that they may take, in MiB; the oldest make room.", 1, 1_048_576),
    )

    def __init__(self) -> None:
        self._writer: Writer | None = None
        self._waiting: list[Record] = []
        self._first_ns = self._last_ns = 0  # of what waits
        self._ended = 0
        self._written_ns = self._said_ns = 0
        self.missed = 0  # flows that could not be kept

    def begin(self, run: Run) -> None:
        self._run = run
        if not (run.purpose.live and run.settings.of("history.on")):
            return
        try:
            self._writer = Writer(run.settings.of("history.disk_mb") << 20)
        except HistoryError as e:
            run.say(f"no history is kept: {e}", WARNING)

    def take(self, step: Step) -> Sequence[Event]:
        if self._writer is None or step.again:
            return ()
        self._collect()
        now = self._run.engines[0].clock
        if self._waiting and (now >= self._written_ns + SECOND_NS or step.over):
            self._write(self._writer, now)
        return ()

    def stores(self) -> Sequence[Store]:
        return (Store("flows that wait for the history", len(self._waiting), MOST, None, self.missed),)

    def close(self) -> None:
        """What is still open is kept as it is now: the next run does not know it."""
        if self._writer is not None:
            self._collect()
            self._collect_open()
            if self._waiting:
                self._write(self._writer, self._run.engines[0].clock)
            self._writer.close()
            self._writer = None

    def _collect(self) -> None:
        """The records of the flows that have ended since."""
        engine = self._run.engines[0]
        ended, rows = ended_since(engine, self._ended, AT_ONCE)
        self.missed += ended - self._ended - len(rows)
        self._ended = ended
        for row in rows:
            self._keep(engine, row)

    def _collect_open(self) -> None:
        """As many as there is time for: somebody waits for the end."""
        engine = self._run.engines[0]
        until = time.monotonic() + PATIENCE_S
        for row in open_rows(engine, MOST):
            if time.monotonic() > until:
                break
            self._keep(engine, row)

    def _keep(self, engine: Engine, row: int) -> None:
        record = self._run.flow_record(engine, row, None) if len(self._waiting) < MOST else None
        if not record:
            self.missed += 1
            return
        flow = RawFlow(engine, row)
        self._first_ns = min(self._first_ns or flow.first, flow.first)
        self._last_ns = max(self._last_ns, flow.last)
        self._waiting.append(record)

    def _write(self, writer: Writer, now: int) -> None:
        self._written_ns = now
        try:
            writer.add(self._waiting, self._first_ns, self._last_ns)
        except HistoryError as e:
            if now >= self._said_ns + SAID_NS:
                self._said_ns = now
                self._run.say(f"the history waits in memory: {e}", WARNING)
            return
        self._waiting.clear()
        self._first_ns = self._last_ns = 0
