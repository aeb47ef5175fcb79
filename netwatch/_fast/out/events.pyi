# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Callable, Sequence

from netwatch._fast.engine import Engine
from netwatch._fast.input.box import Box
from netwatch._fast.input.pcapngwriter import CaptureWriter
from netwatch._fast.out.packetrows import PacketRows

KINDS: tuple[str, ...]

def drain(
    engine: Engine,
    packets: PacketRows | None = ...,
) -> list[tuple[int, int, str, int, int, int, int, bool, bytes, int, str | None]]: ...

def lost_events(engine: Engine) -> int: ...

def write_frames(
    box: Box,
    writer: CaptureWriter,
    packets: PacketRows,
    places: Sequence[int],
    notes: dict[int, bytes],
    note_of: Callable[[int, int], bytes],
) -> None: ...

def ended_since(engine: Engine, before: int, most: int) -> tuple[int, list[int]]: ...

def open_rows(engine: Engine, most: int) -> list[int]: ...

def release(engine: Engine, keep: int = ...) -> None: ...

def number_fresh(engines: list[Engine], ident: int) -> int: ...
