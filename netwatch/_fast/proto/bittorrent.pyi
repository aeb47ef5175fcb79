# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Iterable

from netwatch.model.record import Record

KINDS: dict[int, str]
CLIENTS: dict[str, str]

def info_hash(raw: bytes) -> str: ...

def client(raw: bytes) -> str: ...

def describe(facts: Iterable[tuple[int, bytes]]) -> Record: ...

def label(obj: Record) -> str: ...
