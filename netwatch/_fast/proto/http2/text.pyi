# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Iterable

from netwatch.model.record import Record

NO_TEXTS: tuple[str, ...]

def transactions(facts: Iterable[tuple[int, bytes]], show_secrets: bool) -> Record: ...

def describe(facts: Iterable[tuple[int, bytes]], show_secrets: bool = ...) -> Record: ...

def label(obj: Record) -> str: ...
