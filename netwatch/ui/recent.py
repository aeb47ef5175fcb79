"""The last minute of things that a screen shows, sampled by the screen itself: what it did not show is not known."""
from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

SECONDS = 60
MOST = 512                         # things remembered; the one longest not seen makes room


class Recent:
    """Rates by thing and second of the packet clock."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, dict[int, tuple[float, float]]] = OrderedDict()

    def note(self, key: Hashable, second: int, out: float, into: float) -> None:
        """The rates of one second, bytes."""
        seconds = self._kept.setdefault(key, {})
        self._kept.move_to_end(key)
        seconds[second] = out, into
        for old in [each for each in seconds if not second - SECONDS < each <= second]:
            del seconds[old]
        if len(self._kept) > MOST:
            self._kept.popitem(last=False)

    def values(self, key: Hashable, second: int, side: int) -> list[float | None]:
        """One direction (0 out, 1 in) up to `second`, the newest last; None where nobody looked."""
        seconds = self._kept.get(key, {})
        found = [seconds.get(each) for each in range(second - SECONDS + 1, second + 1)]
        return [None if pair is None else pair[side] for pair in found]
