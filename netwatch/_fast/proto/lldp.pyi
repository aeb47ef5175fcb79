# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Iterable

from netwatch.model.record import Record

LLDP_BITS: tuple[str, ...]
CDP_BITS: tuple[str, ...]

def identifier(raw: bytes, chassis: bool) -> str: ...

def capabilities(raw: bytes) -> list[str]: ...

def describe(facts: Iterable[tuple[int, bytes]]) -> Record: ...

def label(obj: Record) -> str: ...
