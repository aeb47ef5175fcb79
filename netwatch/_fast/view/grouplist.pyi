# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Generator, Iterable

from netwatch._fast.view.aggregate import Aggregate
from netwatch.model.group import GroupKey
from netwatch.model.record import Record

SORTS: tuple[str, ...]

class GroupList(Aggregate):
    def sort(self, by: str, descending: bool) -> int: ...
    def unfold(
        self,
        usually: bool,
        exceptions: Iterable[int],
        sort: str | None,
        descending: bool,
    ) -> Generator[bool, None, int]: ...
    def fold(self) -> int: ...
    def first(self, n: int) -> list[int]: ...
    def largest(
        self,
        limit: int,
        by: str = ...,
    ) -> Generator[bool, None, list[tuple[tuple[GroupKey, ...], Record]]]: ...
    def page(self, offset: int, limit: int) -> list[tuple[int, int]]: ...
    def place_of(self, group: int) -> int: ...
