# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Callable

from netwatch._fast.view.work import Work

RELATIONS: tuple[str, ...]
FAMILIES: dict[int, int]
TARGET_ACCEPT: int
TARGET_REJECT: int
LIMIT: int

class Program:
    @property
    def count(self) -> int: ...
    @property
    def predicates(self) -> tuple[Callable[[int], bool], ...]: ...
    def __init__(
        self,
        ops: list[tuple[str, int, int, int, object]],
        entry: int,
        predicates: tuple[Callable[[int], bool], ...] = ...,
    ) -> None: ...
    def begin(self) -> None: ...
    def ready(self, work: Work) -> bool: ...
    def __repr__(self) -> str: ...
