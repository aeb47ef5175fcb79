"""The columns of the list of frames: fields of the table of fields, those that always stand there and further ones.

What a column is called, on which side it stands and what it means is in schema; how wide it is and what goes first
where there is no room stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, partial
from itertools import pairwise

from netwatch.addons.packets.questions import Line, Seen
from netwatch.schema import BY_NAME, Field
from netwatch.ui import format as fmt
from netwatch.ui.state import State
from netwatch.ui.tabs.connections import flow_cells
from netwatch.ui.tabs.connections.columns import catalogue, column_of, head_of
from netwatch.ui.tabs.packets.part import CLOCKS, part_of
from netwatch.ui.theme import ADDRESS, APP, MUTED, PROCESS, TEXT, Glyphs
from netwatch.ui.widgets import table
from netwatch.ui.widgets.table import Cell, Column

ROOMY = 90                         # cells from which what a frame says has a third of them
NAMED = 65                         # the rank of what packets.columns names


def host_of(end: str) -> str:
    """Who, without the port, which what a frame says tells as well."""
    if end.startswith("["):
        return end[1:].partition("]")[0]
    return end.partition(":")[0] if end.count(":") == 1 else end


def _info(line: Line, glyphs: Glyphs) -> Cell:
    return (f"[{', '.join(line.notes)}] " if line.notes else "") + line.info, TEXT


# (least cells, most, share of what is left over, rank: the lowest goes first), and the cell
_OWN: Mapping[str, tuple[int, int, int, int, Callable[[Line, Glyphs], Cell]]] = {
    "n": (7, 7, 0, 80, lambda line, glyphs: (str(line.number), MUTED)),
    "time": (15, 15, 0, 30, lambda line, glyphs: (fmt.clock(line.ns, 6), MUTED)),
    "src": (15, 47, 1, 60, lambda line, glyphs: (line.source, ADDRESS)),
    "dst": (15, 47, 1, 70, lambda line, glyphs: (line.destination, ADDRESS)),
    "proto": (6, 9, 1, 90, lambda line, glyphs: (line.proto, APP)),
    "len": (7, 7, 0, 20, lambda line, glyphs: (f"{line.length} B", MUTED)),
    "flow": (6, 9, 1, 10, lambda line, glyphs: (str(line.flow) if line.flow else glyphs.none, MUTED)),
    "process.name": (7, 16, 1, 15, lambda line, glyphs: (line.process, PROCESS)),
    "info": (16, 400, 6, 99, _info),
}
_BRIEF: Mapping[str, Callable[[Line, Glyphs], str]] = {
    "src": lambda line, glyphs: host_of(line.source), "dst": lambda line, glyphs: host_of(line.destination)}


def _own(name: str) -> Column:
    field, (least, most, share, rank, cell) = BY_NAME[name], _OWN[name]
    brief = _BRIEF.get(name)
    return Column(name, head_of(field.title), least, most, share, field.align == "right", rank, cell, help=field.help,
                  tail=":" if brief else "", brief=brief)


COLUMNS = tuple(_own(name) for name in _OWN)
SHORT = {"time": replace(_own("time"), least=12, most=12, rank=75,
                         cell=lambda line, glyphs: (fmt.clock(line.ns, 3), MUTED))}


def slots_of(state: State, found: Seen | None, width: int) -> list[table.Slot]:
    """The columns for that width; where the time of the clock has no room, it is told to the millisecond."""
    digits = max(3, len(str(found.kept.newest))) if found is not None else 7
    columns = [replace(column, least=digits, most=digits) if column.key == "n" else
               replace(column, least=width // 3) if column.key == "info" and width >= ROOMY else column
               for column in columns_of(state, found)]
    slots = table.fit(columns, width)
    if all(slot.column.key != "time" for slot in slots):
        slots = table.fit([SHORT.get(column.key, column) for column in columns], width)
    return slots


def columns_of(state: State, found: Seen | None) -> tuple[Column, ...]:
    """With the time as it is to be told: of the clock, since the frame before on screen, since the capture began."""
    how = part_of(state).clock
    owned = found is not None and any(line.process for line in found.lines)
    columns = _with(found.columns if found is not None else (), owned)
    if how == CLOCKS[0] or found is None:
        return columns
    first = found.kept.first_ns
    before = {line.k: former.ns for former, line in pairwise(found.lines)}

    def told(line: Line, glyphs: Glyphs) -> tuple[str, int]:
        since = before.get(line.k) if how == CLOCKS[1] else first
        return (f"{(line.ns - since) / 1e9:.6f}", MUTED) if since is not None else (glyphs.none, MUTED)

    title = "Delta" if how == CLOCKS[1] else "Since start"
    return tuple(replace(column, title=title, least=12, right=True, rank=75, cell=told) if column.key == "time" else
                 column for column in columns)


@cache
def _with(fields: tuple[Field, ...], owned: bool) -> tuple[Column, ...]:
    """Those that always stand there, and the further ones before what a frame says. One that is there anyway and is
    named is wanted more."""
    named = {field.name for field in fields}
    own = [replace(column, rank=max(column.rank, NAMED)) if column.key in named else column for column in COLUMNS
           if owned or column.key != "process.name" or column.key in named]
    more = tuple(column for column in further(fields) if column.key not in _OWN)
    return (*own[:-1], *more, own[-1])


@cache
def further(fields: tuple[Field, ...]) -> tuple[Column, ...]:
    """Columns of packets.columns, as Connections has such fields."""
    there, made = catalogue(), list[Column]()
    for i, field in enumerate(fields):
        like = there.get(field.name) or column_of(field)
        made.append(replace(like, rank=NAMED, brief=None, sort="", cell=partial(_more, i, field)))
    return tuple(made)


def _more(i: int, field: Field, line: Line, glyphs: Glyphs) -> Cell:
    return flow_cells.cell_of(line.more[i] if i < len(line.more) else None, field, glyphs)
