# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Container

from netwatch._fast.base.scopes import Blocks
from netwatch._fast.out.naming import NameTable
from netwatch._fast.out.rawflow import RawFlow
from netwatch.model.record import Record

class Adorner:
    def __init__(
        self,
        names: NameTable,
        scopes: Blocks,
        ports: Record,
        remote: frozenset[str],
        stations: Container[str],
    ) -> None: ...
    def adorn(self, record: Record, flow: RawFlow) -> int: ...
    def remote_end(self, flow: RawFlow) -> str | None: ...

def said_name(host: str, with_port: bool) -> str | None: ...
