"""A long list of which only a part has been fetched: its place, its selection, and what keys and the mouse do to them.

The selection is what a row says it is, not its place, so that it stays on it when the order changes.
"""
from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

R = TypeVar("R")
FETCHED = 300                      # rows at least: a selected row that moves less than that is followed


@dataclass
class Window(Generic[R]):
    """`top` and `cursor` are places in the whole list; `pinned`: the user chose the row, so the screen follows it."""
    top: int = 0
    cursor: int = 0
    selected: Hashable = None
    row: R | None = None                # the selected one as last seen
    pinned: bool = False
    fetched: tuple[int, int] = (0, FETCHED)

    def wanted(self, height: int) -> tuple[int, int]:
        """(first place, how many) to fetch. It moves only when the screen leaves it."""
        start, size = self.fetched
        if size < 2 * height or self.top < start or self.top + height > start + size:
            self.fetched = (max(0, self.top - 2 * height), max(FETCHED, 6 * height))
        return self.fetched

    def select(self, place: int, rows: Sequence[R], offset: int, total: int, height: int,
               identity: Callable[[R], Hashable], pinned: bool = True) -> None:
        """Move the selection to a place, and the screen so that it shows."""
        self.cursor = max(0, min(place, total - 1))
        at = self.cursor - offset
        self.row = rows[at] if 0 <= at < len(rows) else None
        self.selected = identity(self.row) if self.row is not None else None
        self.pinned = pinned
        self.keep_in_view(total, height)

    def settle(self, rows: Sequence[R], offset: int, total: int, height: int,
               identity: Callable[[R], Hashable]) -> None:
        """There is a new picture: find the selected row in it; what is no longer there gives way to what is now in its
        place."""
        self.top = max(0, min(self.top, total - height))
        at = next((i for i, row in enumerate(rows) if identity(row) == self.selected), None)
        if at is not None and self.selected is not None and \
                (self.pinned or self.top <= offset + at < self.top + height):
            self.cursor, self.row = offset + at, rows[at]
            self.keep_in_view(total, height)
        else:
            self.select(self.cursor if self.pinned or self.selected is None else self.top, rows, offset, total, height,
                        identity, self.pinned)

    def keep_in_view(self, total: int, height: int) -> None:
        if self.cursor < self.top:
            self.top = self.cursor
        elif self.cursor >= self.top + height:
            self.top = self.cursor - height + 1
        self.top = max(0, min(self.top, total - height))

    def forget(self) -> None:
        """The list is another one now."""
        self.top = self.cursor = 0
        self.selected, self.row, self.pinned = None, None, False
