# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Callable, Generator, Iterable

from netwatch._fast.engine import Engine
from netwatch._fast.flow.series import History
from netwatch._fast.view.program import Program
from netwatch._fast.view.query import FlowView
from netwatch._fast.view.selection import Selection
from netwatch.model.contract import Addon, Where
from netwatch.model.record import Record
from netwatch.names.addon import Names

NOW_SECONDS: int
PATH_FIELDS: tuple[str, ...]
SAYING: dict[str, str]

class EngineView:
    @property
    def view(self) -> FlowView: ...
    def __init__(
        self,
        engine: Engine,
        interfaces: list[Record],
        names: Names | None = ...,
        tellers: Iterable[Addon] = ...,
        fields: Callable[[FlowView], None] | None = ...,
        here: History | None = ...,
    ) -> None: ...
    def record(self, number: int) -> Record: ...
    def select(
        self,
        where: Where | None = ...,
        sort: str | None = ...,
        descending: bool = ...,
        history: bool = ...,
        wanted: Iterable[str] = ...,
    ) -> Generator[bool, None, Selection]: ...
    def select_rows(
        self,
        sort: str,
        descending: bool = ...,
        history: bool = ...,
    ) -> Generator[bool, None, Selection]: ...
    def program(self, where: Where, view: FlowView) -> Program: ...
    def begin(self, fields: Iterable[str | None]) -> None: ...
    def go_on(self) -> None: ...
    def turned(self, row: int) -> bool: ...
    def find(self, ident: int) -> Generator[bool, None, int]: ...
    def round_trip(self, address: bytes) -> Generator[bool, None, tuple[int, str] | None]: ...

def screen_record(engine: Engine, number: int, interfaces: list[Record], show_secrets: bool = ...) -> Record: ...

def dns_times(engine: Engine, since: int = ...) -> list[float]: ...

def dns_state(engine: Engine) -> tuple[bool, int, int]: ...

def held(engine: Engine) -> Record: ...

def now_window(engine: Engine) -> tuple[int, int, float]: ...

def counts(engine: Engine) -> Record: ...
