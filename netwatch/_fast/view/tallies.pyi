# Written by tools/make_stubs.py. Change the .pyx, not this.
from array import array
from collections.abc import Mapping

from netwatch._fast.engine import Engine
from netwatch._fast.view.attached import RowCodes
from netwatch._fast.view.selection import Selection
from netwatch.model.record import Record

SPREAD_US: tuple[int, ...]

class Picked:
    def __init__(self, engine: Engine, only: Selection) -> None: ...

def protocols(
    engine: Engine,
    since: int = ...,
    only: Selection | None = ...,
) -> list[tuple[str, str | None, int, int, int]]: ...

def round_trips(engine: Engine, since: int = ..., only: Selection | None = ...) -> Record: ...

def held(engine: Engine) -> Record: ...

def dns_times(engine: Engine, since: int = ...) -> list[int]: ...

def dns_state(engine: Engine) -> tuple[bool, int, int]: ...

def rtt_to(engine: Engine, address: bytes, since: int = ...) -> tuple[int, str] | None: ...

def one_code_a_name(names: Mapping[int, str]) -> array[int]: ...

def talkers(engine: Engine, since: int, top: int, only: Selection | None = ...) -> Record: ...

def peers(
    engine: Engine,
    since: int,
    top: int,
    by_rate: bool,
    hosts: RowCodes | None = ...,
    processes: tuple[RowCodes, Mapping[int, str]] | None = ...,
    only: Selection | None = ...,
) -> Record: ...
