# Written by tools/make_stubs.py. Change the .pyx, not this.
from netwatch._fast.input.source import Source
from netwatch.capture.unpack import Unpacker

class Savefile(Source):
    def __init__(
        self,
        fd: int,
        path: str,
        head: bytes,
        size: int = ...,
        waits: bool = ...,
        unpacker: Unpacker | None = ...,
    ) -> None: ...
    def close(self) -> None: ...

class Pcap(Savefile):
    def __init__(
        self,
        fd: int,
        path: str,
        head: bytes,
        size: int = ...,
        waits: bool = ...,
        unpacker: Unpacker | None = ...,
    ) -> None: ...
