"""What the terminal draws from: the face of a session, snapshots of it, and the thread that takes them.

The terminal's own thread never calls a session. It leaves a Request with the Poller and draws the last Snapshot; the
Poller asks the session, which may take long, and rings when there is something new. Snapshots are never changed.
"""
from __future__ import annotations

import collections
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from netwatch.model.contract import Command, Looked, Question, Watch, Where
from netwatch.model.group import Within
from netwatch.model.record import Record
from netwatch.model.session import Gone, Health, Moment, Page

if TYPE_CHECKING:
    from netwatch.filter import Filter

__all__ = ["Health", "Page", "Poller", "Record", "Request", "Snapshot", "Watch"]


@dataclass(frozen=True)
class Request:
    """What the screen needs. Two requests with the same `question` can share a page."""
    where: Filter | None = None
    sort: str = "bytes"
    descending: bool = True
    offset: int = 0
    limit: int = 200             # 0: no flows are wanted
    history: bool = False
    within: Within | None = None # only the flows that a row of a sum counted
    flow: int | None = None      # a flow whose whole record is wanted
    hold: bool = False           # paused: ask once, then leave the page alone
    keep: tuple[Question[object], ...] = ()    # ... and keep what these say at that moment
    asks: Question[object] | None = None     # what the screen wants to know beside the flows
    over: Question[object] | None = None     # what lies over the screen wants to know, always about now
    at: int | None = None        # all else as it was then, ns of packet time; None: now

    @property
    def question(self) -> tuple[Where | None, str, bool, int, int, bool, Within | None]:
        return (self.where, self.sort, self.descending, self.offset, self.limit, self.history, self.within)


@dataclass(frozen=True)
class Snapshot:
    """One consistent picture. `number` rises with each."""
    number: int = 0
    request: Request | None = None
    page: Page | None = None
    rows: list[Record] = field(default_factory=list)
    total: int = 0
    offset: int = 0
    record: Record | None = None
    health: Health | None = None
    error: str | None = None
    moment: Moment | None = None    # that is shown, None: it is now
    asked: Question[object] | None = None
    answer: object = None           # ... to what was asked
    over: Question[object] | None = None
    over_answer: object = None      # ... to what lies over the screen
    gone: str = ""               # why the moment that is asked for cannot be shown
    said: str = ""               # what the last command had to say
    commands: int = 0            # how many have been done


def _with_page(snapshot: Snapshot, page: Page) -> Snapshot:
    offset = snapshot.request.offset if snapshot.request is not None else 0
    return replace(snapshot, page=page, rows=page.rows, total=page.total, offset=offset)


class Poller(threading.Thread):
    """Asks the session every `interval` seconds, and at once when the request changes. `ring` is called from here."""

    REST = 3.0                   # a query that took t seconds is followed by at least this many t of rest
    HURRY = 0.2                  # ... while somebody waits for what is not whole
    AHEAD_S = 0.02               # of work ahead at a time, and then as long for others
    BESIDE_S = 3.0               # between two times that what every screen is told of is asked for, and at least this
    BESIDE_REST = 50.0           # many times what it took

    def __init__(self, session: Watch, interval: float, ring: Callable[[], None],
                 beside: Question[object] | None = None) -> None:
        super().__init__(name="netwatch-poller", daemon=True)
        self._session = session
        self._interval = interval
        self._ring = ring
        self._beside = beside                      # what it says, health tells of
        self._beside_due = 0.0
        self._beside_at: tuple[object, ...] = ()   # the progress that it was asked at
        self._news = threading.Condition()
        self._wanted: Request | None = None
        self._latest = Snapshot()
        self._stopping = False
        self._todo: collections.deque[Command] = collections.deque()
        self._progress: tuple[object, ...] = ()
        self._failed_ahead = False                 # what filters need cannot be worked out
        self._told_at: tuple[object, ...] = ()     # ... when the answer and the record were
        self._frozen: dict[object, object] = {}    # answers of the moment at which the display was paused
        self.on_crash: Callable[[BaseException], object] = lambda error: None

    @property
    def latest(self) -> Snapshot:
        return self._latest

    def ask(self, request: Request) -> None:
        """Want something else from now on. Returns at once."""
        if request == self._wanted:
            return
        with self._news:
            self._wanted = request
            self._news.notify()

    def do(self, command: Command) -> None:
        """Have something done by the session, in turn. Returns at once; what came of it is told by a snapshot."""
        with self._news:
            self._todo.append(command)
            self._news.notify()

    def set_interval(self, seconds: float) -> None:
        """Look at the session this often, from the next look on."""
        self._interval = seconds

    def stop(self) -> None:
        """Ask the thread to end; a query under way is not waited for."""
        with self._news:
            self._stopping = True
            self._news.notify()

    def run(self) -> None:
        served: Request | None = None
        next_tick = 0.0
        while True:
            with self._news:
                self._news.wait_for(lambda: self._stopping or self._todo or self._wanted is not served,  # noqa: B023
                                    max(0.0, next_tick - time.monotonic()) if served else None)
                if self._stopping:
                    return
                wanted = self._wanted
            began = time.monotonic()
            tick = began >= next_tick
            if wanted is None:
                continue
            try:
                self._do_commands()
                fresh = self._poll(wanted, tick)
            except Exception as error:
                text = f"{type(error).__name__}: {error}"[:300]
                if text != self._latest.error:           # one report for one cause, however often it comes back
                    self.on_crash(error)
                fresh = replace(self._latest, request=wanted, error=text)
            ended = time.monotonic()
            if tick:
                rest = self.HURRY if getattr(fresh.answer, "hurried", False) else self.REST
                next_tick = max(began + self._interval * (rest is self.REST), ended + rest * (ended - began))
            served = wanted
            self._latest = replace(fresh, number=self._latest.number + 1)
            self._ring()
            self._look_ahead()

    def _do_commands(self) -> None:
        while self._todo:
            command = self._todo.popleft()
            said = self._session.do(command)
            if getattr(command, "anew", False):     # nothing of what was told may be shown any more
                self._latest = Snapshot(self._latest.number, commands=self._latest.commands)
                self._progress = ()
                self._frozen.clear()
            self._told_at = self._beside_at = ()
            self._beside_due = 0.0
            self._latest = replace(self._latest, said=said, commands=self._latest.commands + 1)

    def _poll(self, wanted: Request, tick: bool) -> Snapshot:
        old = self._latest
        if tick:
            self._look_beside()
        health = self._session.health() if tick or old.health is None else old.health
        progress = (health.packets, health.clock_ns, health.flows_live, health.flows_ended, health.done)
        try:
            past = self._session.at(wanted.at) if wanted.at is not None else None
        except Gone as why:
            return replace(old, request=wanted, health=health, error=None, moment=None, page=None, rows=[], total=0,
                           gone=str(why))
        seen, when = past or self._session, past.moment if past is not None else None
        new = replace(old, request=wanted, health=health, error=None, moment=when, gone="")
        elsewhere = old.moment != when and (old.moment is None or when is None or old.moment.at_ns != when.at_ns)
        if elsewhere:
            old = replace(old, page=None, request=None, asked=None)
            new = replace(new, asked=None, answer=None)
        same = old.page is not None and old.request is not None and old.request.question == wanted.question
        moved = progress != self._progress and not wanted.hold and when is None
        if not wanted.limit:
            new = replace(new, page=None, rows=[], total=0, offset=0)
        elif not same or (tick and moved) or old.error:
            page = seen.query(*wanted.question) if seen is not self._session else \
                self._session.query(*wanted.question, early=lambda page: self._tell_early(new, page))
            self._progress = progress
            new = _with_page(new, page)
        unchanged = self._session.live is False and health.done and progress == self._told_at and not old.error
        self._told_at = progress
        new = self._answered(wanted, new, tick and not unchanged and when is None, seen)
        going = getattr(new.over_answer, "unfinished", False) or not (unchanged or wanted.hold)
        if wanted.over != new.over or (wanted.over is not None and tick and going):
            new = replace(new, over=wanted.over,
                          over_answer=None if wanted.over is None else self._session.ask(wanted.over))
        if wanted.flow is None:
            return replace(new, record=None)
        asked_before = old.request is not None and old.request.flow == wanted.flow
        if not asked_before or not (wanted.hold or unchanged or when is not None):
            return replace(new, record=seen.flow(wanted.flow))
        return new

    def _tell_early(self, new: Snapshot, page: Page) -> None:
        """The first matches of a filter, while the others are looked for; they have no place in the whole order yet."""
        self._latest = replace(_with_page(new, page), number=self._latest.number + 1, offset=0)
        self._ring()

    def _look_ahead(self) -> None:
        """Of a file that was read: have worked out what filters will need, a little at a time while nobody types."""
        health = self._latest.health
        while health is not None and health.done and not self._failed_ahead:
            try:
                if self._session.prepare(self.AHEAD_S):  # asked each time: the file may have been read once more
                    return
            except Exception as error:
                self._failed_ahead = True
                self.on_crash(error)
            with self._news:
                if self._news.wait_for(lambda: self._stopping or self._todo or self._wanted is not self._latest.request,
                                       self.AHEAD_S):
                    return

    def _look_beside(self) -> None:
        """Ask for what every screen is told of, if it may have changed and it is time; of a file that has just been
        read to its end it is."""
        health = self._latest.health
        if self._beside is None or health is None or not health.packets:
            return
        progress, began = (health.packets, health.clock_ns, health.done), time.monotonic()
        if progress == self._beside_at or (began < self._beside_due and not health.done):
            return
        self._session.ask(self._beside)
        ended = time.monotonic()
        self._beside_at, self._beside_due = progress, ended + max(self.BESIDE_S, self.BESIDE_REST * (ended - began))

    def _answered(self, wanted: Request, new: Snapshot, again: bool, seen: Watch | Looked) -> Snapshot:
        """With the answer to what is asked: a new one for a new question, and where things may have moved. Paused, what
        was kept of that moment."""
        if not wanted.hold:
            self._frozen.clear()
        elif not self._frozen:
            self._frozen = {question: self._session.ask(question) for question in wanted.keep}
        if wanted.hold and wanted.asks in self._frozen:
            return replace(new, asked=wanted.asks, answer=self._frozen[wanted.asks])
        more = getattr(new.answer, "unfinished", False) or bool(new.error)
        if wanted.asks == new.asked and not (wanted.asks and not wanted.hold and (again or more)):
            return new
        answer = None if wanted.asks is None else seen.ask(wanted.asks)
        return replace(new, asked=wanted.asks, answer=answer)
