# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Iterable

from netwatch.model.record import Record

DIALECTS: dict[int, str]
CIPHERS: dict[int, str]
SIGNINGS: dict[int, str]

def guid(raw: bytes) -> str: ...

def file_time(raw: bytes) -> str: ...

def describe(facts: Iterable[tuple[int, bytes]], show_secrets: bool = ...) -> Record: ...

def label(obj: Record) -> str: ...
