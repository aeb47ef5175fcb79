# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Callable, Sequence

from netwatch._fast.engine import Engine
from netwatch._fast.out.endedrows import EndedRows
from netwatch._fast.out.packetrows import PacketRows
from netwatch._fast.out.recordcolumns import Filler
from netwatch.model.record import Record

FORMS: dict[str, int]

class Arrays(Filler):
    @property
    def unfit(self) -> int: ...
    def __init__(
        self,
        kind: str,
        columns: Sequence[object],
        forms: Sequence[str],
        interfaces: list[Record],
        moment: Callable[[str, bool], int | None],
    ) -> None: ...
    def __len__(self) -> int: ...
    @property
    def full(self) -> bool: ...
    def flow(self, engine: Engine, number: int, rest: Record) -> None: ...
    def flows_of(self, ended: EndedRows) -> None: ...
    def packet(self, rows: PacketRows, place: int) -> None: ...
    def record(self, record: Record) -> None: ...
    def take(self) -> list[tuple[bytes, bytes, bytes, bytes] | None]: ...
