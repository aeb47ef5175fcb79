# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Callable, Generator, Iterable

from netwatch._fast.engine import Engine
from netwatch._fast.view.attached import RowCodes
from netwatch._fast.view.program import Program
from netwatch._fast.view.query import FlowView
from netwatch._fast.view.selection import Selection
from netwatch.model.record import Record

PATH_FIELDS: tuple[str, ...]
SAYING: dict[str, str]

class EngineView:
    @property
    def view(self) -> FlowView: ...
    def __init__(
        self,
        engine: Engine,
        interfaces: list[Record],
        names: object = ...,
        tellers: Iterable[object] = ...,
        fields: Callable[[FlowView], None] | None = ...,
    ) -> None: ...
    @property
    def host_texts(self) -> RowCodes | None: ...
    def record(self, number: int) -> Record: ...
    def select(
        self,
        where: object = ...,
        sort: str | None = ...,
        descending: bool = ...,
        history: bool = ...,
        wanted: Iterable[str] = ...,
    ) -> Generator[bool, None, Selection]: ...
    def program(self, where: object, view: FlowView) -> Program: ...
    def begin(self, fields: Iterable[str]) -> None: ...
    def go_on(self) -> None: ...
    def find(self, ident: int) -> Generator[bool, None, int]: ...

def screen_record(engine: Engine, number: int, interfaces: list[Record], show_secrets: bool = ...) -> Record: ...

def dns_times(engine: Engine, since: int) -> list[int]: ...

def counts(engine: Engine) -> Record: ...
