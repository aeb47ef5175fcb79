# Written by tools/make_stubs.py. Change the .pyx, not this.
from netwatch._fast.notice.crowd import Crowd
from netwatch.model.record import Record

class Crowds:
    @property
    def when(self) -> int: ...
    @property
    def on(self) -> tuple[str, ...]: ...
    def __init__(
        self,
        when: tuple[str, ...],
        by: tuple[str, ...],
        of: tuple[str, ...],
        least: int,
        window_s: int,
        protos: tuple[str, ...],
        apps: tuple[str, ...],
        ports: frozenset[int] | None,
        answered: int,
        facts: tuple[tuple[str, int], ...],
        carried: int,
        names: str,
        spared: range,
        sent: int,
        begins: tuple[tuple[str, int, bytes], ...],
        clear: tuple[str, int] | None,
        bound: int,
        numbers: tuple[tuple[str, int, frozenset[int]], ...],
    ) -> None: ...
    def pass_over(self, crowd: Crowd) -> None: ...
    @property
    def window_s(self) -> int: ...
    def key(self, crowd: Crowd) -> Record: ...
    def things(self, crowd: Crowd) -> list[Record]: ...
