# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Callable, Container, Iterable

from netwatch._fast.base.scopes import Blocks
from netwatch._fast.view.attached import RowCodes
from netwatch._fast.view.follower import RowFollower

class Derived(RowFollower):
    @property
    def fields(self) -> tuple[str, ...]: ...
    @property
    def tables(self) -> dict[str, dict[int, object]]: ...
    @property
    def codes(self) -> RowCodes: ...
    asked: bool
    def __init__(self, fields: Iterable[str]) -> None: ...

class Scopes(RowFollower):
    @property
    def src(self) -> RowCodes: ...
    @property
    def dst(self) -> RowCodes: ...
    asked: bool
    def __init__(self, blocks: Blocks) -> None: ...
    def table(self) -> dict[int, str]: ...

class Places(Derived):
    def __init__(
        self,
        fields: Iterable[str],
        blocks: Blocks,
        remote: Container[str],
        place_of: Callable[[str], tuple[object, ...] | None],
    ) -> None: ...

class Stations(Derived):
    def __init__(
        self,
        fields: Iterable[str],
        stations: Callable[[], Iterable[bytes]],
        values_of: Callable[[str, str, int], tuple[tuple[object, ...] | None, int]],
        changes: Callable[[], int],
    ) -> None: ...
