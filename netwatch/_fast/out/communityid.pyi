# Written by tools/make_stubs.py. Change the .pyx, not this.
from netwatch.model.record import Record

PROTOCOLS: dict[str, int]
PAIRS: tuple[tuple[int, ...], ...]
PAIRS6: tuple[tuple[int, ...], ...]

def community_id(flow: Record) -> str | None: ...
