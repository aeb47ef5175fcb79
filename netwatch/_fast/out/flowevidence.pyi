# Written by tools/make_stubs.py. Change the .pyx, not this.
from netwatch._fast.engine import Engine
from netwatch.model.record import Record

class FlowEvidence:
    def __init__(self, schema: str, interfaces: list[Record]) -> None: ...
    def options(self, engine: Engine, row: int, comment: bytes, rest: bytes) -> bytes: ...
