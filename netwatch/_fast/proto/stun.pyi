# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Iterable

from netwatch.model.record import Record

METHODS: dict[int, str]
CLASSES: dict[int, str]

def type_text(raw: bytes) -> str: ...

def end_text(raw: bytes) -> str: ...

def describe(facts: Iterable[tuple[int, bytes]]) -> Record: ...

def label(obj: Record) -> str: ...
