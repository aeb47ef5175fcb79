# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Iterator, Sequence

from netwatch._fast.flow.series import History
from netwatch._fast.view.groupby import GroupBy
from netwatch._fast.view.selection import Selection

LIMIT: int
MANY: int

class Aggregate:
    @property
    def view(self) -> Selection: ...
    @property
    def parts(self) -> tuple[GroupBy, ...]: ...
    @property
    def too_many_remotes(self) -> bool: ...
    @property
    def carried(self) -> int: ...
    @property
    def left_out(self) -> int: ...
    @property
    def older(self) -> int: ...
    def __init__(
        self,
        view: Selection,
        parts: Sequence[GroupBy],
        here: History | None = ...,
        *,
        remotes: bool = ...,
        ours: bool = ...,
        health: bool = ...,
        begun_here: bool = ...,
        came_here: bool = ...,
        ip: bool = ...,
        since: int = ...,
        row: str = ...,
        most: int = ...,
    ) -> None: ...
    def steps(self) -> Iterator[bool]: ...
    def add_up(self) -> Iterator[bool]: ...
    @property
    def rooms(self) -> tuple[int, int, int]: ...
