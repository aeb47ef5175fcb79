# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Iterable

from netwatch.model.record import Record

IN_CLEAR: int

def agreed(client: str, server: str) -> str: ...

def describe(facts: Iterable[tuple[int, bytes]], show_secrets: bool = ...) -> Record: ...

def label(obj: Record) -> str: ...
