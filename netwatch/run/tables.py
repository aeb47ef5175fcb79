"""A session whose table of flows comes by the second from another machine, where `netwatch feed --tables` captures: no
packet comes, so that what is said of packets, streams and alerts is empty."""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from netwatch._fast.flow.series import History
from netwatch._fast.input.source import Source
from netwatch._fast.view.engineview import counts
from netwatch._fast.view.reel import Reel
from netwatch.addons import said
from netwatch.addons.throughput import Throughput
from netwatch.history.tape import Kept, unpacked
from netwatch.history.wire import Inlet, Message
from netwatch.model.contract import Purpose, Question, Where
from netwatch.model.group import Within
from netwatch.model.record import Record
from netwatch.model.session import Gone, Health, Moment, Page
from netwatch.run.past_session import Past
from netwatch.run.remote import Silence
from netwatch.run.session import Session

if TYPE_CHECKING:
    from netwatch.store.settings import Settings

ROWS = 1 << 18  # of a table
TEXTS = 1 << 28  # bytes of what flows say
WAIT_MS = 100
DAMAGE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError, MemoryError, Gone)
WITHOUT = ("packets", "timeline", "insights", "interfaces", "dense")  # tabs and views
NO_PACKETS = "Tables of flows come from there, no packets and no state of interfaces; without --tables they do."
Answer = TypeVar("Answer")


class TablesSession(Session):
    """What is shown is the newest moment that came. Nobody is asked about this machine."""

    def __init__(self, purpose: Purpose, descriptor: int, begun: bytes, why: Callable[[], str], *, settings: Settings,
                 opened: Callable[[], None]) -> None:
        """`descriptor` is ours from now on; `begun`: what was read of it already. `why` says why the connection ended,
        once it has."""
        super().__init__(purpose, Source, settings=settings, opened=opened)
        self._descriptor, self._begun, self._why = descriptor, begun, why
        self._inlet, self._back = Inlet(), Reel()
        self._texts: dict[int, bytes] = {}
        self._size = self._received = 0  # bytes of texts; bytes that came
        self._now: Past | None = None
        self._lost: dict[str, int] = {}
        self._silence = Silence(purpose.label)
        self._tellers_here: dict[str, tuple[str, ...]] = {}  # addons with columns, and the fields of those

    def _run(self) -> None:
        """In a thread of its own: until the other end is gone, or what comes is none of ours."""
        self.get(Throughput).history = History()  # no engine counts into it
        self.owners.told_elsewhere()
        self._tellers_here = {addon.name: column.fields for addon in self.addons
                              if (column := addon.column(self.engine)) is not None}
        try:
            self._take_all()
        except DAMAGE as e:
            self._failure = f"{self.label}: {_line(e)}"
        except OSError as e:
            self._failure = f"{self.label}: {e.strerror}"
        finally:
            os.close(self._descriptor)
            self._done = True

    def _take_all(self) -> None:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        data = self._begun
        while not self._stopping and self._failure is None:
            self._received += len(data)
            newest = None
            for message in self._inlet.take(data):
                self._apply(message)
                newest = message
            if newest is not None:
                self._show(newest)
            data = b""
            if poll.poll(WAIT_MS):
                data = os.read(self._descriptor, 1 << 20)
                if not data:
                    return

    def _apply(self, message: Message) -> None:
        """Go on to that moment."""
        self._back.apply(unpacked(message.piece), message.piece.alone, ROWS)
        texts = {number: said.checked(text, self._tellers_here) for number, text in message.texts.items()}
        self._texts.update(texts)
        self._size += sum(map(len, texts.values()))
        if self._size > TEXTS or message.piece.alone:
            used = {text for _, _, text in self._back.texts()}
            self._texts = {number: text for number, text in self._texts.items() if number in used}
            self._size = sum(map(len, self._texts.values()))
            if self._size > TEXTS:
                raise ValueError("more is said of flows than there is room for")
        throughput = self.get(Throughput)
        with self.lock:
            for number, each in enumerate(message.counts, message.first):
                throughput.history.put(number, each)
            throughput.here = frozenset(message.here)
            throughput.history.set_here(throughput.here)
            self.source.interfaces[:] = message.interfaces
            self._lost = message.drops

    def _show(self, message: Message) -> None:
        if self._failure is not None:
            return
        at = message.piece.at_ns
        kept = Kept(Moment(at, None, 0, at, at, message.piece.left_out), (message.piece,), self._texts.get,
                    message.around)
        self._now = Past(self, kept, self.timeouts, self._back)

    # ------------------------------------------------------------------------------------------ a Session's questions

    def query(self, where: Where | None, sort: str, descending: bool, offset: int, limit: int,
              history: bool, within: Within | None = None, early: Callable[[Page], None] | None = None) -> Page:
        """See Session."""
        asked = where, sort, descending, offset, limit, history, within
        return self._held(lambda now: now.query(*asked), lambda: super(TablesSession, self).query(*asked, early))

    def flow(self, id: int) -> Record | None:
        """See Session."""
        return self._held(lambda now: now.flow(id), lambda: None)

    def ask(self, question: Question[Answer]) -> Answer:
        """See Session."""
        return self._held(lambda now: now.ask(question), lambda: super(TablesSession, self).ask(question))

    def _held(self, asked: Callable[[Past], Answer], without: Callable[[], Answer]) -> Answer:
        """The answer of the newest moment, or where there is none. What came and cannot be told is damage like any
        other, though it is found as late as this: it ends the session, not the tab."""
        now = self._now
        if now is not None:
            try:
                return asked(now)
            except DAMAGE as e:
                self._failure = f"{self.label}: what came cannot be shown ({type(e).__name__}: {_line(e)})"
                self._now = None
        return without()

    def at(self, ns: int) -> Past:
        """There is no past of it here."""
        raise Gone("attached by --tables: moments that are over are kept on that machine (history.on), not here")

    def health(self) -> Health:
        """See Session; the state of the connection is its error."""
        found, now = replace(super().health(), without=WITHOUT, why_without=NO_PACKETS), self._now
        if now is not None:
            seen: Record = counts(now.engine) | self._lost
            seen.pop("first_ns")
            found = replace(found, **seen)
        if found.done:
            return replace(found, error=found.error or f"{self.label}: {self._why()}")
        return replace(found, error=self._silence.told(self._received) or found.error)


def _line(e: Exception) -> str:
    """What it says, which may be what came, in a line for the user."""
    return "".join(c if c.isprintable() else "\ufffd" for c in str(e)[:300])
