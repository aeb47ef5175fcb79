# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Iterable

from netwatch._fast.engine import Engine
from netwatch._fast.flow.notes import Notes
from netwatch.model.record import Record

KINDS: tuple[str, ...]

def turn(notes: Notes, engine: Engine) -> None: ...

def counts(notes: Notes) -> Record: ...

def forgotten(notes: Notes) -> Record: ...

def newest(notes: Notes, engine: Engine, kind: str, since: int, limit: int, until: int = ...) -> list[Record]: ...

def histogram(notes: Notes, since: int, until: int, cells: int, kinds: Iterable[str]) -> list[int]: ...
