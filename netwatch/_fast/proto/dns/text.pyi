# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Iterable

from netwatch.model.record import Record

TRANSPORTS: tuple[str, ...]
RCODES: dict[int, str]
OPCODES: dict[int, str]

def rcode_name(rcode: int) -> str: ...

def describe(facts: Iterable[tuple[int, bytes]]) -> Record: ...

def label(obj: Record) -> str: ...

def message(msg: bytes, transport: str = ...) -> Record: ...

def record(payload: bytes) -> Record: ...
