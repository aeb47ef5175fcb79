# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Callable, Hashable, Mapping

from netwatch._fast.input.pcapngwriter import CaptureWriter
from netwatch._fast.input.source import Source
from netwatch.model.record import Record

HEADERS: frozenset[str]

class FrameCopy:
    @property
    def seen(self) -> int: ...
    def __init__(
        self,
        interfaces: list[Record],
        classes: Mapping[str, Callable[[object], Hashable]],
        judge: Callable[[dict[str, object]], bool] | None,
    ) -> None: ...
    def copy(self, source: Source, writer: CaptureWriter, most: int | None, go_on: Callable[[], bool]) -> int: ...
    def value(self, place: int, name: str) -> object: ...
    def verdict(self, place: int) -> bool: ...
