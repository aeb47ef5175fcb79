"""Where things are in the Connections tab. Drawing, the keys and the mouse all ask here."""
from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from netwatch.ui.state import Area, State
from netwatch.ui.tabs.connections.groups import columns_of
from netwatch.ui.widgets import table
from netwatch.ui.widgets.split import split

SPARE = 33                         # the rank of what others say together


class Layout(NamedTuple):
    """The line above the table, the filter's second line or None, column heads, rows, details or None."""
    info: Area
    note: Area | None
    heads: Area
    rows: Area
    details: Area | None


def layout(state: State) -> Layout:
    """Cut the tab's area up. Used by drawing, by keys (how long is a page?) and by the mouse (what was hit?)."""
    return cut(state, state.details)


def cut(state: State, with_details: bool) -> Layout:
    """The same for any table with details beside it or below."""
    (y, x, height, width), details = split(state.body) if with_details else (state.body, None)
    info = Area(y, x, min(1, height), width)
    note = Area(y + 1, x, 1, width) if state.filter.editing and height > 3 else None
    top = y + (2 if note else 1)
    heads = Area(top, x, 1 if height > top - y else 0, width)
    return Layout(info, note, heads, Area(top + 1, x, max(0, height - (top + 1 - y)), width), details)


def slots_of(state: State, area: Area) -> list[table.Slot]:
    """The columns on screen, the left edge of `area` being their zero."""
    columns, sort = columns_of(state), state.table.sort
    if sort == "rate" and {"down", "up"} <= {column.key for column in columns}:
        # the line above says so; both rates together stand in a column of their own where there is room for it
        columns, sort = tuple(replace(each, rank=SPARE) if each.key == "rate" else each for each in columns), ""
    slots = table.fit(columns, area.width - table.MARGIN - 2, state.live, sort)
    return [slot._replace(x=slot.x + table.MARGIN) for slot in slots]
