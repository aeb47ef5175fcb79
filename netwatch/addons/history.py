"""Keeps the table of flows by the second, and the flows of live captures when they are over.

The table is kept in memory, for the screens (run/past_session.py): nothing of it is written. On disk, across runs,
both are only with history.on: `netwatch read --history` reads that. When the disk does not take it, that is said, and
it waits in memory, up to a bound.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from netwatch._fast.dpi import app_names
from netwatch._fast.out.events import ended_since, open_rows
from netwatch._fast.out.rawflow import RawFlow
from netwatch._fast.view.tape import frames_of, surroundings
from netwatch.addons.throughput import Throughput
from netwatch.history import moments
from netwatch.history.database import HistoryError
from netwatch.history.moments import APPS
from netwatch.history.store import Writer
from netwatch.history.tape import Kept, Reel
from netwatch.history.wire import DROPS, SECONDS, Outlet
from netwatch.model.contract import WARNING, Addon, Store
from netwatch.model.event import Event, Step
from netwatch.model.option import Option
from netwatch.model.session import Gone
from netwatch.owners.addon import FlowOwners

if TYPE_CHECKING:
    from netwatch._fast.engine import Engine
    from netwatch.model.contract import Run
    from netwatch.model.record import Record

SECOND_NS = 1_000_000_000
MOST = 50_000  # flows that wait
ALL = 0xffffffff
PIECE = 4096  # flows written together: see store.BATCH_MOST
PATIENCE_S = 2.0  # for flows that are open at the end
LOOKS, FRAMES = 1_000_000, 8  # rows of a file; frames for each row
SAID_NS = 60 * SECOND_NS  # between two words about the disk
AGAIN_S = 5.0  # until it is tried again to open it: in use, locked, or no permission to write


class History(Addon):
    """Keeps the table of flows by the second, and the flows of live captures on disk when they are over."""

    name = "history"
    options = (
        Option("on", False, "Keep the table of flows by the second, and flows when they are over, of live captures on "
               "disk."),
        Option("disk_mb", 256, "Disk that flows may take, in MiB; the oldest make room.", 1, 1_048_576),
        Option("moments_mb", 2048, "Disk that the table by the second may take, in MiB; the oldest is thinned; 0: none "
               "of it is on disk.", 0, 1_048_576),
        Option("memory_mb", 32, "Memory for the table of flows as it was each second, in MiB; 0: it is not kept.",
               0, 4096),
        Option("flows", 20_000, "Flows of the table that are looked at each second.", 1000, 2_000_000),
    )

    def __init__(self, outlet: Outlet | None = None) -> None:
        """`outlet`: moments go there, and none of them to a disk."""
        self._outlet, self._counted = outlet, 0
        self._writer: Writer | None = None
        self._waiting: list[Record] = []
        self._first_ns = self._last_ns = 0  # of what waits
        self._ended = 0
        self._written_ns = self._said_ns = 0
        self._again_s, self._closed = 0.0, ""  # when to open it again, and what was said of it
        self.missed = 0  # flows that could not be kept
        self.reel: Reel | None = None  # the table by the second
        self._moments: moments.Writer | None = None  # ... on disk
        self._back: moments.Reader | None = None
        self._trouble = ""  # of that, as it was said
        self._left_out = 0  # ... damaged runs of it that were told
        self._second = self._looked = 0

    def begin(self, run: Run) -> None:
        self._run = run
        self._wanted = bool(run.purpose.live and run.settings.of("history.on") and self._outlet is None)
        if self._outlet is not None or run.settings.of("history.memory_mb") or \
                (self._wanted and run.settings.of("history.moments_mb")):
            engine = run.engines[0]
            self._tellers = [addon for addon in run.addons if addon.column(engine) is not None]
            self.reel = Reel(engine, run.settings.of("history.memory_mb") << 20, run.settings.of("history.flows"),
                             [told.codes for addon in self._tellers if (told := addon.column(engine)) is not None])
            self._adds = frozenset(key for addon in run.addons for key in addon.adds)

    def _open(self) -> None:
        """Once the process has given up its rights: what is on disk is the caller's, and is no more to be trusted."""
        self._again_s = time.monotonic() + AGAIN_S
        try:
            self._writer = self._writer or Writer(self._run.settings.of("history.disk_mb") << 20)
            if self._run.settings.of("history.moments_mb") and self._moments is None:
                about = {"label": self._run.purpose.label, "interfaces": list(self._run.source.interfaces)}
                self._moments = moments.Writer(self._run.settings.of("history.moments_mb") << 20, about)
                self._back = moments.Reader(self._moments.run)
            self._wanted = False
        except HistoryError as e:
            why = f"flows are kept, but no moments of the table: {e}" if self._writer else f"no history is kept: {e}"
            if self._closed != why:
                self._closed = why
                self._run.say(why, WARNING)

    def _say_news(self) -> None:
        """What the files of it have to say."""
        for each in (self._writer, self._moments):
            while each is not None and each.news:
                self._run.say(each.news.popleft(), WARNING)

    def take(self, step: Step) -> Sequence[Event]:
        if self._wanted and time.monotonic() >= self._again_s:
            self._open()
        if self.reel is not None and not step.again:
            self._look(self.reel, step.over)
        self._say_news()
        if self._writer is None or step.again:
            return ()
        self._collect()
        now = self._run.engines[0].clock
        if self._waiting and (now >= self._written_ns + SECOND_NS or step.over):
            self._write(self._writer, now)
        return ()

    def _look(self, reel: Reel, over: bool) -> None:
        """Put down a moment when another second has begun. A file is not read much more slowly for that: once LOOKS
        rows were looked at, it is when enough frames came for the rows there are."""
        engine = self._run.engines[0]
        second = engine.clock // SECOND_NS
        if (second == self._second and not over) or (self._outlet is not None and self._outlet.busy):
            return
        if not self._run.purpose.live and not over and self._looked > LOOKS and \
                frames_of(engine) < reel.frames + FRAMES * reel.rows:
            return
        self._second = second
        self._looked += reel.rows
        made = reel.take(self._told)
        for addon in self._run.addons:
            addon.put_down(reel.newest.at_ns)
        if self._outlet is not None:
            self._outlet.put(reel.newest, reel.texts(made), surroundings(engine), self._about(engine))
        if self._moments is not None:
            piece = reel.newest
            self._moments.put(piece, reel.texts(made), surroundings(engine), lambda: reel.texts_of(piece))
            if self._moments.trouble != self._trouble:
                self._trouble = self._moments.trouble
                if self._trouble:
                    self._run.say(f"the moments of the history wait in memory: {self._trouble}", WARNING)

    def _about(self, engine: Engine) -> dict[str, object]:
        """What goes with a moment besides: see history.wire.Message."""
        run, throughput = self._run, self._run.get(Throughput)
        engine.tell()
        end = throughput.history.second
        first = max(self._counted, throughput.history.first, end - SECONDS)
        counts = throughput.history.read(first, max(first, end), 1)
        self._counted = max(first, end)
        stats = run.source.stats()
        return {"first": first, "counts": [list(each) for each in zip(*counts.values(), strict=True)],
                "drops": {key: stats.get(key, 0) for key in DROPS}, "here": [each.hex() for each in throughput.here],
                "interfaces": [{key: each.get(key, 0) for key in ("name", "link", "snaplen")}
                               for each in run.source.interfaces], "apps": app_names()[APPS:]}

    def at(self, ns: int, now: Kept | None) -> Kept | None:
        """The newest moment at or before `ns`, else the oldest: `now` is that of memory. Raises Gone."""
        if self._back is not None and self._moments is not None and self._back.own != self._moments.run:
            self._back.close()  # the file was removed, and it goes on in another
            self._back.own = self._moments.run
        try:
            return self._found(self._back, ns, now) if self._back is not None else now
        except HistoryError as e:
            raise Gone(f"history: {e}") from None
        finally:
            if self._back is not None and self._back.left_out > self._left_out:
                self._left_out = self._back.left_out
                self._run.say(f"history: damaged runs that are left out: {self._left_out:,}", WARNING)

    def _found(self, back: moments.Reader, ns: int, now: Kept | None) -> Kept | None:
        if now is not None and ns >= now.moment.first_ns:
            here = now.moment
            older = back.before(here.first_ns)
            if older is None:
                return now
            return now._replace(moment=here._replace(first_ns=older[0], step_ns=here.step_ns or here.at_ns - older[1]))
        found = back.at(ns)
        if found is None or now is None:
            return found or now
        then, here = found.moment, now.moment
        return found._replace(moment=then._replace(next_ns=then.next_ns or here.first_ns,
                                                   last_ns=max(then.last_ns, here.last_ns)))

    def _told(self, row: int) -> object:
        """What addons know of the flow in a row: for its record, and by teller for filters and orders."""
        engine = self._run.engines[0]
        record = self._run.flow_record(engine, row, self._adds)
        key = engine.key(row)
        values = {addon.name: found for addon in self._tellers
                  if (told := addon.column(engine)) is not None and (found := told.of(row, key)) is not None}
        said = {name: value for name, value in record.items() if name in self._adds}
        if FlowOwners.name in values and "age_s" in said.get("process", ()):  # it grows: see past_session.restored()
            said["process"] = {key: value for key, value in said["process"].items() if key != "age_s"}
        return said, values

    def stores(self) -> Sequence[Store]:
        kept = Store("moments of the table", len(self.reel) if self.reel is not None else 0, None,
                     self.reel.size if self.reel is not None else None,
                     self.reel.let_go if self.reel is not None else 0,
                     self._run.settings.of("history.memory_mb") << 20 if self.reel is not None else None)
        found = [Store("flows for the history", len(self._waiting), MOST, None, self.missed), kept]
        if self._moments is not None:
            found.append(Store("moments for the disk", self._moments.waiting, None, None,
                               self._moments.missed))
        return found

    def close(self) -> None:
        """What is still open is kept as it is now: the next run does not know it."""
        if self._moments is not None:
            self._moments.close()
            self._moments = None
        if self._writer is not None:
            self._collect()
            self._collect_open()
            if self._waiting:
                self._write(self._writer, self._run.engines[0].clock)
            self._writer.close()
            self._writer = None
            if self.missed or self._waiting:
                self._run.say(f"{self.missed + len(self._waiting):,} flows are not in the history: they found no room, "
                              "or no time at the end", WARNING)

    def _collect(self) -> None:
        """The records of the flows that have ended since."""
        engine = self._run.engines[0]
        ended, rows = ended_since(engine, self._ended, MOST)
        self.missed += ended - self._ended - len(rows)
        self._ended = ended
        written = True
        for row in rows:
            self._keep(engine, row)
            if written and len(self._waiting) >= PIECE and self._writer is not None:
                written = self._write(self._writer, engine.clock)

    def _collect_open(self) -> None:
        """As many as there is time for: somebody waits for the end."""
        engine = self._run.engines[0]
        until = time.monotonic() + PATIENCE_S
        rows = open_rows(engine, ALL)
        for at, row in enumerate(rows):
            if at >= MOST or time.monotonic() > until:
                self.missed += len(rows) - at
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

    def _write(self, writer: Writer, now: int) -> bool:
        """What waits, piece by piece. False: the disk did not take all of it."""
        self._written_ns = now
        try:
            while self._waiting:
                writer.add(self._waiting[:PIECE], self._first_ns, self._last_ns)
                del self._waiting[:PIECE]
        except HistoryError as e:
            if now >= self._said_ns + SAID_NS:
                self._said_ns = now
                self._run.say(f"the history waits in memory: {e}", WARNING)
            return False
        self._first_ns = self._last_ns = 0
        return True
