# Written by tools/make_stubs.py. Change the .pyx, not this.
from netwatch._fast.input.box import Box
from netwatch.model.record import Record

class InterfaceCounts:
    def take(self, box: Box) -> None: ...
    def of(self, number: int) -> Record: ...
