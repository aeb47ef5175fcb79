# Written by tools/make_stubs.py. Change the .pyx, not this.
from netwatch.model.record import Record

def label(obj: Record) -> str: ...
