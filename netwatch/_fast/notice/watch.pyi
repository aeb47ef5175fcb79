# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Iterable, Sequence

from netwatch._fast.engine import Engine
from netwatch._fast.notice.cardinality import Crowds
from netwatch._fast.notice.tallies import Tallies

class Watch:
    def __init__(
        self,
        engines: Sequence[Engine],
        tables: Sequence[Crowds],
        wants: frozenset[str],
        patience_s: int,
        beats: tuple[int, int, int] | None = ...,
        said: Iterable[tuple[int, int]] = ...,
    ) -> None: ...
    def tally(self, tallies: Tallies) -> None: ...
    @property
    def lost(self) -> int: ...
    def look(self, over: bool) -> list[tuple[object, ...]]: ...
