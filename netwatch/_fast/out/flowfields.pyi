# Written by tools/make_stubs.py. Change the .pyx, not this.
from netwatch.model.record import Record

TCP_FLAG_NAMES: tuple[str, ...]

def pair(name: str) -> list[tuple[str, int]]: ...
IN_ROWS: frozenset[str]
NATIVE: frozenset[str]

class FlowFields:
    def __init__(self, interfaces: list[Record]) -> None: ...
