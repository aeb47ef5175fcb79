# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Iterator, Sequence

from netwatch._fast.view.query import FlowView
from netwatch._fast.view.selection import Selection

STEPS_US: tuple[int, ...]

class GroupBy:
    @property
    def fields(self) -> tuple[str | tuple[str, tuple[str, ...]], ...]: ...
    @property
    def each_end(self) -> bool: ...
    def __init__(
        self,
        view: FlowView,
        fields: Sequence[str | tuple[str, tuple[str, ...]]] = ...,
        end: str = ...,
        steps: bool = ...,
    ) -> None: ...
    def ready(self, selection: Selection) -> Iterator[bool]: ...
