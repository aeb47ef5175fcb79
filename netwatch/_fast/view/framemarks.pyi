# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Callable, Iterable

from netwatch._fast.engine import Engine
from netwatch._fast.input.pcapngwriter import CaptureWriter
from netwatch._fast.input.source import Source
from netwatch._fast.out.packetrows import PacketRows
from netwatch._fast.view.packetverdicts import PacketVerdicts

class FrameMarks:
    @property
    def beyond(self) -> int: ...
    @property
    def noted(self) -> int: ...
    def __init__(self, verdicts: PacketVerdicts | None = ..., most: int = ...) -> None: ...
    def take(
        self,
        rows: PacketRows,
        value: Callable[[int, str], object] | None,
        judge: Callable[[int], int] | None,
        alone: Callable[[int], int] | None,
    ) -> None: ...
    def settle(
        self,
        ended: Iterable[tuple[Engine, int]],
        passes: Callable[[Engine, int, list[int]], list[bool]],
        note_of: Callable[[Engine, int, int], bytes],
    ) -> None: ...
    def finish(self, passes: Callable[[int], bool]) -> None: ...
    def copy(self, source: Source, writer: CaptureWriter) -> int: ...
