# Written by tools/make_stubs.py. Change the .pyx, not this.
from netwatch._fast.input.savefile import Savefile
from netwatch.capture.unpack import Unpacker
from netwatch.model.record import Record

class Pcapng(Savefile):
    def __init__(
        self,
        fd: int,
        path: str,
        head: bytes,
        size: int = ...,
        waits: bool = ...,
        unpacker: Unpacker | None = ...,
    ) -> None: ...
    def stats(self) -> Record: ...
