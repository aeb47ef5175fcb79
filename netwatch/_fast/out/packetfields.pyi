# Written by tools/make_stubs.py. Change the .pyx, not this.
from netwatch.model.record import Record

class PacketFields:
    def __init__(self, interfaces: list[Record]) -> None: ...
