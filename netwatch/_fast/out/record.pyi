# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Collection

from netwatch._fast.engine import Engine
from netwatch._fast.out.flowfields import FlowFields
from netwatch.model.record import Record

def iso(ns: int) -> str: ...

def path_record(engine: Engine, path: int, interfaces: list[Record]) -> Record: ...

def flow_record(
    engine: Engine,
    number: int,
    interfaces: list[Record],
    show_secrets: bool = ...,
    wanted: Collection[str] | None = ...,
) -> Record: ...

def record_of(
    fields: FlowFields,
    engine: Engine,
    number: int,
    show_secrets: bool = ...,
    wanted: Collection[str] | None = ...,
) -> Record: ...

def described_of(
    engine: Engine,
    number: int,
    show_secrets: bool = ...,
    wanted: Collection[str] | None = ...,
) -> Record: ...

class Describer:
    def __init__(self, show_secrets: bool, wanted: Collection[str] | None) -> None: ...
    def of(self, engine: Engine, number: int) -> Record: ...

def told_ends(value: bytes) -> str | None: ...
