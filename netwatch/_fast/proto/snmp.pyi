# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Iterable

from netwatch.model.record import Record

VERSIONS: dict[int, str]
PDUS: dict[int, str]
ERRORS: dict[int, str]
LEVELS: dict[int, str]

def oid_text(raw: bytes) -> str: ...

def describe(facts: Iterable[tuple[int, bytes]], show_secrets: bool = ...) -> Record: ...

def label(obj: Record) -> str: ...
