"""What the keys and the mouse do in the Connections tab: functions of the state that draw nothing."""
from __future__ import annotations

import importlib
from collections.abc import Callable

from netwatch.addons.exporting import STYLES, ExportFlows
from netwatch.model.record import Record
from netwatch.ui import remote
from netwatch.ui.form import Field, Form
from netwatch.ui.popups import explain as why
from netwatch.ui.popups.sort import Sorting
from netwatch.ui.state import State
from netwatch.ui.tabs.connections import groups
from netwatch.ui.tabs.connections.flow_details import lowest_top, values_shown
from netwatch.ui.tabs.connections.layout import layout, slots_of

WHEEL = 3                          # rows per notch


def visible_rows(state: State) -> int:
    """Rows of the table on screen; at least one, so that a page is never empty."""
    return max(1, layout(state).rows.height)


def row_at(state: State, index: int) -> Record | None:
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
    if groups.part_of(state).by:
        groups.settle(state, visible_rows(state))
        return
    table.has_process = table.has_process or any("name" in (row.get("process") or {}) for row in picture.rows)
    rows = visible_rows(state)
    table.top = max(0, min(table.top, picture.total - rows))
    if not picture.total:
        table.selected = table.record = None
        table.cursor = 0
        return
    if not (state.live or table.pinned or state.details):        # where nobody chose one, it is what comes first
        select(state, table.top, False)
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
        if groups.part_of(state).by:
            groups.select(state, groups.part_of(state).window.cursor + amount(state), rows)
            return
        here = table.cursor
        if not table.top <= here < table.top + rows:
            here = table.top
        select(state, here + amount(state))
    return act


def row_first(state: State) -> None:
    _go(state, 0, pinned=False)


def row_last(state: State) -> None:
    found = groups.answer(state)
    _go(state, (found.total if found else state.snapshot.total) - 1)


def _go(state: State, place: int, pinned: bool = True) -> None:
    """Select the row at that place, whatever the rows are."""
    if groups.part_of(state).by:
        groups.select(state, place, visible_rows(state), pinned)
    else:
        select(state, place, pinned)


def details_open(state: State) -> None:
    state.details = True
    state.details_top = 0
    state.table.pinned = state.table.selected is not None
    keep_in_view(state)


def details_close(state: State) -> None:
    state.details, state.details_field = False, None
    keep_in_view(state)


def _scroll_details(lines: int) -> Callable[[State], None]:
    def act(state: State) -> None:
        area = layout(state).details
        state.details_top = max(0, min(state.details_top + lines, lowest_top(area, state) if area else 0))
    return act


def details_turn(state: State) -> None:
    """Show the fields of which nothing is known, or fold them away."""
    state.details_whole, state.details_top = not state.details_whole, 0


def field_open(state: State) -> None:
    """Mark the first value that is on screen."""
    area = layout(state).details
    values = values_shown(area, state) if area else []
    first = next((i for i, (_, line, _, _) in enumerate(values) if line >= state.details_top), None)
    state.details_field = first
    if first is None:
        state.message = "There is nothing to copy"


def field_close(state: State) -> None:
    state.details_field = None


def field_copy(state: State) -> None:
    """The marked value, to the clipboard of the terminal."""
    area = layout(state).details
    values = values_shown(area, state) if area else []
    place, state.details_field = state.details_field, None
    if place is None or place >= len(values):
        state.message = "It is no longer there"
        return
    _, _, label, text = values[place]
    if state.clipboard(text):
        state.message = f"Copied {label}: {text}"
    else:
        state.message = f"This terminal has no clipboard for programs: {text}"


def _move_field(to: Callable[[int, int], int]) -> Callable[[State], None]:
    """`to` (the marked value, the last one); the pane is scrolled so that it shows."""
    def act(state: State) -> None:
        area = layout(state).details
        values = values_shown(area, state) if area else []
        if not area or not values:
            state.details_field = None
            return
        place = max(0, min(to(state.details_field or 0, len(values) - 1), len(values) - 1))
        line, rows = values[place][1], area.height - 1
        state.details_field = place
        state.details_top = max(line - rows + 1, min(state.details_top, line))
    return act


def show_packets(state: State) -> None:
    """The frames of the selected flow, in the tab that shows them."""
    chosen = state.table.selected
    if chosen is None:
        state.message = "No flow is selected"
        return
    importlib.import_module("netwatch.ui.tabs.packets.tab").show_flow(state, chosen)


def history(state: State) -> None:
    state.table.history = not state.table.history
    state.message = "Flows that have ended are shown too" if state.table.history else "Only live flows are shown"


def export(state: State) -> None:
    """Ask how and where the flows of the list are to be written, and have it done."""
    what = f"The flows that pass {state.filter.applied_text}" if state.filter.applied_text else "All flows of the list"
    said = state.ask_form(Form("Export flows", (
        Field("style", "Format", STYLES[0], STYLES), Field("name", "Name", "flows")),
        f"{what}, as netwatch-NAME in this folder", "Write"))
    if said is None:
        state.message = "Nothing was written"
        return
    state.do(ExportFlows(said["name"], said["style"], state.filter.applied, state.within,
                         state.table.history or not state.live))


def explain(state: State) -> None:
    """Why the selected flow is called what it is."""
    if state.table.selected is None:
        state.message = "No flow is selected"
    else:
        why.show(state, state.table.selected)


def copy(state: State) -> None:
    """The remote side's address, to the clipboard of the terminal."""
    row = state.table.record
    if row is None or not row.get("dst"):
        state.message = "Nothing is selected"
    elif state.clipboard(str(row["dst"])):
        state.message = f"Copied {row['dst']}"
    else:
        state.message = f"This terminal has no clipboard for programs: {row['dst']}"


def _remote(state: State) -> str:
    """Of the selected flow, or of a group of flows with one address."""
    row, group = state.table.record, groups.part_of(state).window.row
    if row is not None:
        return remote.far_end(state, row.get("remote"), row.get("dst"), row.get("src"))
    return remote.far_end(state, group["key"][1]) if group is not None and groups.part_of(state).by else ""


# ----------------------------------------------------------------------------------------------------------- the order

def _sort_by(state: State, key: str) -> None:
    column = next(column for column in groups.columns_of(state) if column.key == key)
    if column.key != state.table.sort:
        state.table.sort, state.table.descending = column.key, column.right
    _to_top(state)


def _to_top(state: State) -> None:
    """A screen whose row nobody has chosen shows what comes first."""
    window = groups.part_of(state).window
    if not state.table.pinned:
        state.table.top = 0
    if not window.pinned:
        window.top = 0


def sort_reverse(state: State) -> None:
    state.table.descending = not state.table.descending
    _to_top(state)


def _neighbour(step: int) -> Callable[[State], None]:
    """Sort by the next column to that side among those that are shown."""
    def act(state: State) -> None:
        columns = [column.key for column in groups.columns_of(state)]
        _sort_by(state, columns[(columns.index(state.table.sort) + step) % len(columns)])
    return act


def sorting(state: State) -> Sorting:
    """The columns, for the list that they are chosen from."""
    return Sorting(groups.columns_of(state), state.table.sort, state.table.descending,
                   lambda key: _sort_by(state, key), lambda: sort_reverse(state))


# ----------------------------------------------------------------------------------------------------------- the mouse

def on_mouse(state: State, what: str, y: int, x: int) -> None:
    """`what` is "click", "double", "wheel-up" or "wheel-down"."""
    places = layout(state)
    pane = places.details
    if pane and pane.holds(y, x):
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
                    _sort_by(state, slot.column.key)
    elif places.rows.y <= y < places.rows.y + places.rows.height:
        _click_row(state, y - places.rows.y, what == "double")


def _click_row(state: State, line: int, double: bool) -> None:
    found, window = groups.answer(state), groups.part_of(state).window
    if groups.part_of(state).by:
        if found and window.top + line < found.total:
            groups.select(state, window.top + line, visible_rows(state))
            if double:
                groups.enter(state)
    elif state.table.top + line < state.snapshot.total:
        select(state, state.table.top + line)
        if double:
            details_open(state)


def worst_first(state: State) -> None:
    """Sort by trouble; again: as before."""
    table = state.table
    if table.sort == "trouble":
        table.sort, table.descending = table.sort_before
    else:
        table.sort_before = table.sort, table.descending
        table.sort, table.descending = "trouble", True
    _to_top(state)


ACTIONS: dict[str, Callable[[State], None]] = {
    "worst_first": worst_first,
    "row_down": _step(lambda state: 1), "row_up": _step(lambda state: -1), "row_first": row_first, "row_last": row_last,
    "page_down": _step(lambda state: max(1, visible_rows(state) - 1)),
    "page_up": _step(lambda state: -max(1, visible_rows(state) - 1)),
    "details_open": details_open, "details_close": details_close,
    "details_turn": details_turn, "details_down": _scroll_details(5), "details_up": _scroll_details(-5),
    "history": history, "copy": copy,
    "sort_reverse": sort_reverse, "explain": explain, "export": export, **groups.ACTIONS,
    "field_open": field_open, "field_close": field_close, "field_copy": field_copy, "show_packets": show_packets,
    "field_down": _move_field(lambda place, last: place + 1), "field_up": _move_field(lambda place, last: place - 1),
    "field_first": _move_field(lambda place, last: 0), "field_last": _move_field(lambda place, last: last),
    "sort_next": _neighbour(1), "sort_previous": _neighbour(-1), **remote.actions(_remote),
}
