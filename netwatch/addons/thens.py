"""What something was at the moments that were put down, where it rarely changes."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from typing import Generic, TypeVar

MOST = 1800  # changes
Value = TypeVar("Value")


class Thens(Generic[Value]):
    """A value by time (ns), as long as MOST changes reach back."""

    def __init__(self) -> None:
        self._changes: deque[tuple[int, Value]] = deque(maxlen=MOST)

    def put(self, ns: int, value: Value) -> None:
        """It is that from now on."""
        if not self._changes or self._changes[-1][1] != value:
            self._changes.append((ns, value))

    def at(self, ns: int) -> Value | None:
        """What it was then; None where that is not known any more."""
        found = bisect_right(self._changes, ns, key=lambda each: each[0])
        return self._changes[found - 1][1] if found else None
