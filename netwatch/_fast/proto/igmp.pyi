# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Iterable

from netwatch.model.record import Record

def describe(facts: Iterable[tuple[int, bytes]]) -> Record: ...

def label(obj: Record) -> str: ...
