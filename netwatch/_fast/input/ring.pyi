# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Callable

from netwatch._fast.input.capture import LiveSource
from netwatch._fast.input.source import Source
from netwatch.model.record import Record

def make_memory() -> int: ...

class RingFiller:
    def __init__(self, source: LiveSource, memory: int, ready: int, room: int) -> None: ...
    def run(self) -> None: ...
    def end(self) -> None: ...

class RingSource(Source):
    def __init__(
        self,
        interfaces: list[Record],
        memory: int,
        ready: int,
        room: int,
        alive: int,
        told: Callable[[], tuple[str | None, bool]],
        ended: Callable[[], None],
    ) -> None: ...
    def interrupt(self) -> None: ...
    def stats(self) -> Record: ...
    def close(self) -> None: ...
