# Written by tools/make_stubs.py. Change the .pyx, not this.
from netwatch._fast.input.reread import Reread

class FrameIndex:
    @property
    def bytes(self) -> int: ...
    def __init__(self, file: Reread, size: int) -> None: ...
