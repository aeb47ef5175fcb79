# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Iterable

from netwatch.model.record import Record

SERVICES: dict[int, str]
OPS: dict[int, str]
RCODES: dict[int, str]
REFUSALS: dict[int, str]
KINDS: dict[int, str]
BROWSER: dict[int, str]
ROLES: dict[int, str]

def name_text(raw: bytes) -> str: ...

def op_text(raw: bytes) -> str: ...

def status_text(raw: bytes) -> str: ...

def browser_fields(obj: Record, known: Record) -> None: ...

def describe(facts: Iterable[tuple[int, bytes]]) -> Record: ...

def label(obj: Record) -> str: ...
