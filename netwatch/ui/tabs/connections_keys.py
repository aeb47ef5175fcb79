"""What the keys and the mouse do in the Connections tab: functions of the state that draw nothing."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from netwatch.ui.state import State
from netwatch.ui.tabs.connections_layout import is_shown, layout, slots_of
from netwatch.ui.tabs.flow_cells import COLUMNS
from netwatch.ui.tabs.flow_details import lowest_top

WHEEL = 3                          # rows per notch
_MAX_HISTORY = 50


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


# ---------------------------------------------------------------------------------------------------------- the filter

def filter_open(state: State) -> None:
    chosen = state.filter
    chosen.editing, chosen.before = True, (chosen.applied_text, chosen.applied)
    chosen.line.text = chosen.applied_text
    chosen.line.cursor = len(chosen.line.text)
    chosen.error, chosen.column, chosen.place = "", None, len(chosen.history)


def apply_text(state: State, text: str) -> None:
    """Put a filter in force if it is one; otherwise keep the one in force and say what is wrong where."""
    chosen = state.filter
    chosen.error, chosen.column = "", None
    try:
        parsed = state.parse(text) if text.strip() else None
    except ValueError as error:
        chosen.error = str(getattr(error, "message", "") or error) or "not a filter"
        column = getattr(error, "column", None)
        chosen.column = None if column is None else column - 1
        return
    if text.strip() != chosen.applied_text:
        chosen.applied, chosen.applied_text = parsed, text.strip()
        state.table.top, state.table.pinned = 0, False


def filter_keep(state: State) -> None:
    """Leave the line; with an error in it, the last valid filter stays in force and that is said."""
    chosen = state.filter
    chosen.editing = False
    if chosen.error:
        state.message = f"Kept the last valid filter: {chosen.applied_text or 'none'}"
    if chosen.applied_text and chosen.history[-1:] != [chosen.applied_text]:
        chosen.history = [*chosen.history, chosen.applied_text][-_MAX_HISTORY:]


def filter_cancel(state: State) -> None:
    chosen = state.filter
    chosen.editing = False
    if chosen.applied_text != chosen.before[0]:
        chosen.applied_text, chosen.applied = chosen.before
        state.table.top, state.table.pinned = 0, False


def filter_clear(state: State) -> None:
    apply_text(state, "")


def _recall(step: int) -> Callable[[State], None]:
    def act(state: State) -> None:
        chosen = state.filter
        chosen.place = max(0, min(len(chosen.history), chosen.place + step))
        chosen.line.text = chosen.history[chosen.place] if chosen.place < len(chosen.history) else ""
        chosen.line.cursor = len(chosen.line.text)
        apply_text(state, chosen.line.text)
    return act


def type_character(state: State, character: str) -> None:
    """A printable character that no key of the filter line claims."""
    state.filter.line.insert(character)
    apply_text(state, state.filter.line.text)


def _move_to(place: Callable[[State], int]) -> Callable[[State], None]:
    return lambda state: state.filter.line.move(place(state))


def _erase(start: Callable[[State], int], end: Callable[[State], int]) -> Callable[[State], None]:
    def act(state: State) -> None:
        state.filter.line.erase(start(state), end(state))
        apply_text(state, state.filter.line.text)
    return act


def _cursor(state: State) -> int:
    return state.filter.line.cursor


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
    "filter_open": filter_open, "filter_keep": filter_keep,
    "filter_cancel": filter_cancel, "filter_clear": filter_clear,
    "filter_older": _recall(-1), "filter_newer": _recall(1),
    "edit_left": _move_to(lambda state: _cursor(state) - 1), "edit_right": _move_to(lambda state: _cursor(state) + 1),
    "edit_home": _move_to(lambda state: 0), "edit_end": _move_to(lambda state: len(state.filter.line.text)),
    "edit_backspace": _erase(lambda state: _cursor(state) - 1, _cursor),
    "edit_delete": _erase(_cursor, lambda state: _cursor(state) + 1),
    "edit_word": _erase(lambda state: state.filter.line.word_start(), _cursor),
    "edit_clear": _erase(lambda state: 0, _cursor),
}
