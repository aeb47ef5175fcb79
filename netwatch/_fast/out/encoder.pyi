# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Callable, Sequence

from netwatch._fast.engine import Engine
from netwatch._fast.out.packetrows import PacketRows
from netwatch.model.record import Record

STYLES: dict[str, int]
ALL_STYLES: dict[str, int]
TIMES: tuple[tuple[str, ...], ...]
FORMULA: str

class Encoder:
    @property
    def flat(self) -> bool: ...
    @property
    def count(self) -> int: ...
    def __init__(
        self,
        style: str,
        fields: Callable[[str], Sequence[object] | None],
        interfaces: list[Record],
        bare: bool = ...,
        flat: bool = ...,
        clock: object = ...,
    ) -> None: ...
    def __len__(self) -> int: ...
    def take(self) -> bytes: ...
    def close(self) -> None: ...
    def flow(self, engine: Engine, number: int, rest: Record) -> list[str | None] | dict[int, str] | None: ...
    def packets_of(
        self,
        rows: PacketRows,
        first: int,
        last: int,
    ) -> list[list[str | None] | dict[int, str] | None] | None: ...
    def packet(self, rows: PacketRows, place: int, flow: Record | None) -> list[str | None] | dict[int, str] | None: ...
    def record(
        self,
        kind: str,
        record: Record,
        flow: Record | None = ...,
    ) -> list[str | None] | dict[int, str] | None: ...
    def put(self, kind: str, piece: bytes) -> None: ...

def cell_of(value: object) -> str: ...
