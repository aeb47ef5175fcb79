# Written by tools/make_stubs.py. Change the .pyx, not this.
from netwatch._fast.input.source import Source
from netwatch.model.record import Record

class LiveSource(Source):
    def __init__(
        self,
        names: list[str],
        capture_filter: str = ...,
        snaplen: int = ...,
        ring_mb: int = ...,
        promisc: bool = ...,
    ) -> None: ...
    def interrupt(self) -> None: ...
    def stats(self) -> Record: ...
    def close(self) -> None: ...

def probe(name: str) -> None: ...

def find_devices() -> list[tuple[str, str, list[tuple[int, bytes]], bool, bool]]: ...
