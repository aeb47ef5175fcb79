"""What the keys and the mouse do in the Connections tab: functions of the state that draw nothing."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from netwatch.ui.state import State
from netwatch.ui.tabs.connections_layout import is_shown, layout, slots_of
from netwatch.ui.tabs.flow_cells import COLUMNS
from netwatch.ui.tabs.flow_details import lowest_top

WHEEL = 3                          # rows per notch


def visible_rows(state: State) -> int:
    """Rows of the table on screen; at least one, so that a page is never empty."""
    return max(1, layout(state).rows.height)


def row_at(state: State, index: int) -> dict[str, Any] | None:
    """The row at that place in the whole order, None when it has not been fetched."""
    at = index - state.snapshot.offset
    return state.snapshot.rows[at] if 0 <= at < len(state.snapshot.rows) else None


def select(state: State, index: int, pinned: bool = True) -> None:
    """Move the selection to a row by its place in the order, and the screen so that it shows."""
    table = state.table
    table.cursor = max(0, min(index, state.snapshot.total - 1))
    row = row_at(state, table.cursor)
    table.selected = row["id"] if row else None
    table.record = row
    table.pinned = pinned
    state.details_top = 0
    keep_in_view(state)


def keep_in_view(state: State) -> None:
    table, rows = state.table, visible_rows(state)
    if table.cursor < table.top:
        table.top = table.cursor
    elif table.cursor >= table.top + rows:
        table.top = table.cursor - rows + 1
    table.top = max(0, min(table.top, state.snapshot.total - rows))


def on_snapshot(state: State) -> None:
    """There is a new picture: find the selected flow in it, wherever it is now."""
    table, picture = state.table, state.snapshot
    table.has_process = table.has_process or any("name" in (row.get("process") or {}) for row in picture.rows)
    rows = visible_rows(state)
    table.top = max(0, min(table.top, picture.total - rows))
    if not picture.total:
        table.selected = table.record = None
        table.cursor = 0
        return
    at = next((i for i, row in enumerate(picture.rows) if row["id"] == table.selected), None)
    if at is not None:
        index = picture.offset + at
        if table.pinned or table.top <= index < table.top + rows:
            table.cursor, table.record = index, picture.rows[at]
            keep_in_view(state)
            return
    if table.selected is None or not table.pinned or _gone(state):
        place = table.cursor if table.pinned or table.selected is None else table.top
        select(state, place, table.pinned)


def _gone(state: State) -> bool:
    """Is the selected flow no longer in the table at all, rather than elsewhere in the order?"""
    picture = state.snapshot
    if picture.offset == 0 and picture.total <= len(picture.rows):
        return True
    asked = picture.request is not None and picture.request.flow == state.table.selected
    return asked and picture.record is None


def _step(amount: Callable[[State], int]) -> Callable[[State], None]:
    def act(state: State) -> None:
        table, rows = state.table, visible_rows(state)
        here = table.cursor
        if not table.top <= here < table.top + rows:
            here = table.top
        select(state, here + amount(state))
    return act


def row_first(state: State) -> None:
    select(state, 0, pinned=False)


def row_last(state: State) -> None:
    select(state, state.snapshot.total - 1)


def details_open(state: State) -> None:
    state.details = True
    state.details_top = 0
    state.table.pinned = state.table.selected is not None
    keep_in_view(state)


def details_close(state: State) -> None:
    state.details = False
    keep_in_view(state)


def _scroll_details(lines: int) -> Callable[[State], None]:
    def act(state: State) -> None:
        area = layout(state).details
        state.details_top = max(0, min(state.details_top + lines, lowest_top(area, state) if area else 0))
    return act


def history(state: State) -> None:
    state.table.history = not state.table.history
    state.message = "Flows that have ended are shown too" if state.table.history else "Only live flows are shown"


def copy(state: State) -> None:
    """The remote side's address, to the clipboard of the terminal."""
    row = state.table.record
    if row is None or not row.get("dst"):
        state.message = "Nothing is selected"
    elif state.clipboard(str(row["dst"])):
        state.message = f"Copied {row['dst']}"
    else:
        state.message = f"This terminal has no clipboard for programs: {row['dst']}"


# ----------------------------------------------------------------------------------------------------------- the order

def _sort_by(state: State, place: int) -> None:
    column = COLUMNS[place % len(COLUMNS)]
    if column.key != state.table.sort:
        state.table.sort, state.table.descending = column.key, column.right
    if not state.table.pinned:
        state.table.top = 0


def _place_of_sort(state: State) -> int:
    return next(i for i, column in enumerate(COLUMNS) if column.key == state.table.sort)


def sort_open(state: State) -> None:
    state.overlay, state.sort_row = "sort", _place_of_sort(state)


def sort_reverse(state: State) -> None:
    state.table.descending = not state.table.descending
    if not state.table.pinned:
        state.table.top = 0


def sort_choose(state: State) -> None:
    state.overlay = ""
    _sort_by(state, state.sort_row)


def _neighbour(step: int) -> Callable[[State], None]:
    """Sort by the next column to that side among those that have data."""
    def act(state: State) -> None:
        place = _place_of_sort(state) + step
        while not is_shown(state, COLUMNS[place % len(COLUMNS)]):
            place += step
        _sort_by(state, place)
    return act


def column_choose(state: State) -> None:
    """Show the marked column, or hide it; the destination stays."""
    column = COLUMNS[state.sort_row]
    if column.key in ("dst", state.table.sort):
        state.message = f"{column.title} stays: the table {'is about it' if column.key == 'dst' else 'is sorted by it'}"
        return
    state.table.chosen ^= {column.key}


def _sort_row(move: Callable[[int], int]) -> Callable[[State], None]:
    def act(state: State) -> None:
        state.sort_row = move(state.sort_row) % len(COLUMNS)
    return act


# ----------------------------------------------------------------------------------------------------------- the mouse

def on_mouse(state: State, what: str, y: int, x: int) -> None:
    """`what` is "click", "double", "wheel-up" or "wheel-down"."""
    places = layout(state)
    pane = places.details
    if pane and pane.y <= y < pane.y + pane.height and pane.x <= x < pane.x + pane.width:
        if what.startswith("wheel"):
            _scroll_details(-WHEEL if what == "wheel-up" else WHEEL)(state)
        return
    if what.startswith("wheel"):
        step = -WHEEL if what == "wheel-up" else WHEEL
        _step(lambda _: step)(state)
    elif places.heads.height and y == places.heads.y:
        for slot in slots_of(state, places.heads):
            if slot.x <= x - state.body.x < slot.x + slot.width:
                if slot.column.key == state.table.sort:
                    sort_reverse(state)
                else:
                    _sort_by(state, COLUMNS.index(slot.column))
    elif places.rows.y <= y < places.rows.y + places.rows.height:
        index = state.table.top + y - places.rows.y
        if index < state.snapshot.total:
            select(state, index)
            if what == "double":
                details_open(state)


ACTIONS: dict[str, Callable[[State], None]] = {
    "row_down": _step(lambda state: 1), "row_up": _step(lambda state: -1), "row_first": row_first, "row_last": row_last,
    "page_down": _step(lambda state: max(1, visible_rows(state) - 1)),
    "page_up": _step(lambda state: -max(1, visible_rows(state) - 1)),
    "details_open": details_open, "details_close": details_close,
    "details_down": _scroll_details(5), "details_up": _scroll_details(-5),
    "history": history, "copy": copy,
    "sort_open": sort_open, "column_choose": column_choose, "sort_choose": sort_choose, "sort_reverse": sort_reverse,
    "sort_next": _neighbour(1), "sort_previous": _neighbour(-1),
    "sort_up": _sort_row(lambda row: row - 1), "sort_down": _sort_row(lambda row: row + 1),
    "sort_first": _sort_row(lambda row: 0), "sort_last": _sort_row(lambda row: len(COLUMNS) - 1),
}
