# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Callable, Hashable, Mapping

from netwatch._fast.out.packetrows import PacketRows

ALIKE: frozenset[str]

class PacketVerdicts:
    def __init__(self, classes: Mapping[str, Callable[[object], Hashable]], each: bool = ...) -> None: ...
    def passing(
        self,
        rows: PacketRows,
        first: int,
        last: int,
        value: Callable[[int, str], object],
        judge: Callable[[int], bool],
    ) -> list[int]: ...
