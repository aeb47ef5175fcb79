# Written by tools/make_stubs.py. Change the .pyx, not this.
from netwatch._fast.engine import Engine
from netwatch.model.record import Record

def summary(engines: list[Engine], link_types: list[str]) -> Record: ...
