# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Iterable

from netwatch.model.record import Record

PROTOCOLS: dict[int, str]
FLAGS: dict[int, str]
FAILURES: dict[int, str]
VERSIONS: dict[int, str]
METHODS: dict[int, str]
LEVELS: dict[int, str]

def user_of(cookie: bytes) -> str: ...

def describe(facts: Iterable[tuple[int, bytes]], show_secrets: bool = ...) -> Record: ...

def label(obj: Record) -> str: ...
