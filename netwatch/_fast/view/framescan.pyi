# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Callable, Hashable, Mapping, Sequence

from netwatch._fast.engine import Engine
from netwatch._fast.view.framering import FrameRing
from netwatch._fast.view.selection import Selection
from netwatch.model.record import Record

class Told: ...

class FrameScan:
    def __init__(
        self,
        ring: FrameRing,
        interfaces: list[Record],
        classes: Mapping[str, Callable[[object], Hashable]],
        words: Sequence[bytes],
        judge: Callable[[dict[str, object], int], bool],
    ) -> None: ...
    def tell(self, bit: int, found: Selection) -> None: ...
    def passing(self, engine: Engine, flow: int, start: int, stop: int) -> list[int]: ...
    def value(self, place: int, name: str) -> object: ...
    def verdict(self, place: int) -> bool: ...
