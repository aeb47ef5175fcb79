# Written by tools/make_stubs.py. Change the .pyx, not this.
from netwatch._fast.input.source import Source

class Reread:
    @property
    def able(self) -> bool: ...
    def __init__(self, source: Source | None) -> None: ...
