# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Buffer, Iterable

from netwatch._fast.view.attached import RowCodes
from netwatch._fast.view.selection import Selection
from netwatch.model.record import Record

class Gathered:
    def __init__(self) -> None: ...

def hosts(found: Selection, limit: int) -> tuple[list[Record], int, int]: ...

def ways(
    selected: Selection,
    limit: int,
    own: Iterable[bytes] | None,
    codes: RowCodes | None,
    names: Buffer | None,
) -> tuple[list[Record], list[Record], int, int]: ...
