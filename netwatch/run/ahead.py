"""Filters over many flows: their first matches, and what they need worked out before anybody asks.

What a filter of texts finds is known once every text was looked through. Fields that follow from what flows said are
worked out at the first question, which takes a second for some hundred thousand names; that is done while nobody asks,
and who asks sooner is told the first matches meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, TypeVar

from netwatch.addons.standpoint import seen
from netwatch.filter import Filter
from netwatch.model.session import Page

if TYPE_CHECKING:
    from netwatch._fast.view.engineview import EngineView
    from netwatch._fast.view.selection import Selection
    from netwatch.model.contract import Session, Where

AT_ONCE = 16  # records made in one slice
LATE_S = 0.02  # that a filter may take before its first matches are looked for apart
EARLY_S = 0.025  # that the first matches are looked for
GIVE_WAY_S = 0.005  # of work between two moments in which others get Python's lock
MOMENT_S = 0.0001  # that such a moment lasts, at least
WORD = "zzq"  # looked for in all texts, and in what is made of them
Answer = TypeVar("Answer")


class Way:
    """Given to other threads now and then by whoever works piece by piece. A thread that waits for Python's lock asks
    for it when nobody let go of it for 5 ms on end: pieces that let go of it and take it back more often, as they do
    around what needs no Python, would keep it waiting for ever."""

    def __init__(self) -> None:
        self._since = time.perf_counter()

    def give(self) -> None:
        """Between two pieces, without a lock of ours."""
        if time.perf_counter() - self._since >= GIVE_WAY_S:
            time.sleep(MOMENT_S)
            self._since = time.perf_counter()


def driven(work: Generator[bool, None, Answer], lock: AbstractContextManager[object], view: EngineView,
           late: Callable[[], None] | None = None) -> Answer:
    """The answer of a generator that yields whether its next piece needs the lock; the first does. `late` is called
    once, between two pieces, when texts have been looked through for LATE_S and there is no end of it."""
    still, due, way = True, time.perf_counter() + LATE_S, Way()
    while True:
        try:
            if still:
                with lock:
                    still = next(work)
            else:
                still = next(work)
        except StopIteration as done:
            answer: Answer = done.value
            return answer
        if late is not None and view.view.pending and time.perf_counter() > due:
            late()
            late = None
        way.give()


def first_matches(session: Session, where: Where, sort: str, descending: bool, limit: int,
                  history: bool) -> Generator[bool, None, Page]:
    """The matches that are found when flows are looked at one by one for EARLY_S, in the order asked for where that
    takes no texts."""
    view = session.view
    found = yield from view.select_rows(sort, descending, history)
    numbers: list[int] = []
    looked, ends = 0, time.perf_counter() + EARLY_S
    while looked < found.matched and len(numbers) < limit and (looked == 0 or time.perf_counter() < ends):
        yield True
        some = found.page(looked, AT_ONCE)
        looked += AT_ONCE
        numbers += [number for number in some if where.matches(seen(session.record(number), None, view.turned(number)))]
    rows = yield from session.recorded(numbers[:limit])
    return Page(rows, len(numbers), session.engine.clock, min(looked, found.matched))


def tell(early: Callable[[Page], None], first: Generator[bool, None, Page], lock: AbstractContextManager[object],
         view: EngineView) -> None:
    """Work the first matches out, and hand them over."""
    early(driven(first, lock, view))


class Ahead:
    """What filters need of all flows, worked out piece by piece; `done` when nothing is left."""

    def __init__(self) -> None:
        self.done = False
        self._left = [Filter(text) for text in (WORD, "app_stack == tls", f"label contains {WORD}")]
        self._work: Generator[bool, None, Selection] | None = None

    def step(self, view: EngineView, lock: AbstractContextManager[object], seconds: float) -> bool:
        """Go on for so long; the lock is held for a slice at a time. Whether it is done."""
        ends, way = time.perf_counter() + seconds, Way()
        while not self.done and time.perf_counter() < ends:
            before = view.view.pending
            self._work = self._work or view.select(self._left[0])
            with lock:
                over = next(self._work, None) is None
            if over or (before and not view.view.pending):  # what is left is to go through the rows: it stays nowhere
                self._work.close()
                self._work = None
                del self._left[0]
                self.done = not self._left
            way.give()
        return self.done
