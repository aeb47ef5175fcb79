"""The Connections tab: the live table of flows, the line that filters it, and the details of the selected flow.

draw() follows from the state and changes nothing. What the keys do is in keys.py.
"""
from __future__ import annotations

from netwatch._fast.term.canvas import Canvas, clip
from netwatch.addons.groups import GroupsOf
from netwatch.ui import filterline
from netwatch.ui import format as fmt
from netwatch.ui.state import Area, State
from netwatch.ui.tabs.connections import flow_details, groups
from netwatch.ui.tabs.connections.columns import catalogue
from netwatch.ui.tabs.connections.flow_cells import mark
from netwatch.ui.tabs.connections.keys import ACTIONS, on_mouse, on_snapshot, sorting, visible_rows
from netwatch.ui.tabs.connections.layout import layout, slots_of
from netwatch.ui.theme import BAD, FAINT, MATCH, MUTED, TEXT, TITLE, WARN
from netwatch.ui.widgets import table

__all__ = ["ACTIONS", "draw", "inner", "on_mouse", "on_snapshot", "order", "sorting"]

ASKS_INSTEAD = True                # groups are asked about instead of flows


def order(column: str, descending: bool) -> tuple[str, bool]:
    """(field, descending) for the session, of the column the table is sorted by."""
    found = catalogue().get(column)
    return found.order(descending) if found else ("bytes", descending)


def new_part() -> groups.Part:
    """How the flows are grouped."""
    return groups.Part()


def question(state: State) -> GroupsOf | None:
    """The groups, when there are any."""
    return groups.question(state, visible_rows(state))


def inner(state: State) -> tuple[str, ...]:
    """The details pane has keys of its own, groups have, and there are some only where there is a tab of packets."""
    if state.details and state.details_field is not None:
        return ("fields",)
    return (*(("flow", "details") if state.details else ()), *(("groups",) if groups.part_of(state).by else ()),
            *(("frames",) if any(tab.name == "packets" for tab in state.tabs) else ()))


def draw(canvas: Canvas, area: Area, state: State) -> None:
    """The whole tab. `area` is state.body."""
    places = layout(state)
    if places.info.height:
        _draw_info(canvas, places.info, state)
    if places.heads.height:
        slots = slots_of(state, places.heads)
        table.draw_heads(canvas, places.heads.y, area.x, slots, state.table.sort, state.table.descending, state.glyphs)
        if groups.part_of(state).by:
            groups.draw_rows(canvas, places.rows, slots, state, _draw_empty)
        else:
            _draw_rows(canvas, places.rows, slots, state)
    if places.details:
        if places.details.x > area.x:
            canvas.fill(area.y, places.details.x - 1, area.height, 1, state.glyphs.side, FAINT)
        flow_details.draw(canvas, places.details, state)


def _draw_info(canvas: Canvas, area: Area, state: State) -> None:
    """One line: how many flows, which of them are on screen, the filter in force, the order."""
    picture, now = state.snapshot, state.table
    glyphs = state.glyphs
    column = next(column for column in groups.columns_of(state) if column.key == now.sort)
    right = f"by {column.title} {glyphs.down if now.descending else glyphs.up}"
    pictured = groups.answer(state) or picture.page
    if state.paused and pictured is not None and pictured.now_ns:
        right = f"as of {fmt.clock(pictured.now_ns)} {fmt.zone(pictured.now_ns)}  {right}"
    room = area.width - len(right) - 3
    canvas.put(area.y, area.x + area.width - len(right) - 1, right, MUTED)
    x = area.x + 1
    noun = "flow" if picture.total == 1 else "flows"
    grouped, why = groups.head(state) if groups.part_of(state).by else ("", "")
    looked = None if grouped else filterline.partial(state)
    for text, style in (
        (grouped or fmt.count(picture.total), TITLE), ("" if grouped else f" {noun}", TEXT),
        (f" so far, of the first {fmt.count(looked)}" if looked is not None else "", WARN),
        (" with ended ones" if now.history and area.width >= 60 else "", MUTED),
        (f"  filter: {state.filter.applied_text}" if state.filter.applied_text else "", MATCH),
        ("  the selected flow has moved out of view" if not grouped and _selection_away(state) else "", WARN),
        (f"  {why}" if why else "", WARN),
    ):
        left = area.x + room - x
        if text and left > 3:
            short = clip(text, left, glyphs.ellipsis)
            x += canvas.put(area.y, x, short, style)


def _selection_away(state: State) -> bool:
    chosen = state.table.selected
    return chosen is not None and state.table.pinned and state.snapshot.total > 0 and \
        not any(row["id"] == chosen for row in state.snapshot.rows)


def _draw_rows(canvas: Canvas, area: Area, slots: list[table.Slot], state: State) -> None:
    picture, glyphs = state.snapshot, state.glyphs
    if picture.page is None or not picture.total:
        _draw_empty(canvas, area, state)
        return
    for i in range(min(area.height, picture.total - state.table.top)):
        index = state.table.top + i - picture.offset
        y = area.y + i
        if not 0 <= index < len(picture.rows):
            canvas.put(y, area.x + table.MARGIN, glyphs.ellipsis, MUTED)
            continue
        row = picture.rows[index]
        sign, style, tint = mark(row, glyphs)
        canvas.put(y, area.x + 1, sign, style)
        table.draw_row(canvas, y, area.x, slots, row, tint, glyphs)
        if row["id"] == state.table.selected:
            table.draw_selection(canvas, y, Area(y, area.x, 1, area.width - 1), glyphs)
    table.draw_scroll_bar(canvas, area, state.table.top, picture.total, glyphs)


def _draw_empty(canvas: Canvas, area: Area, state: State) -> None:
    """Why there are no rows, and what to do."""
    health, told = state.health, state.snapshot.page is not None or groups.answer(state) is not None
    if state.snapshot.error:
        lines = (("The session does not answer:", BAD), (state.snapshot.error, TEXT))
    elif state.snapshot.request is not None and state.snapshot.request.limit and \
            state.snapshot.request.where is not state.filter.applied:
        lines = (("Searching", TEXT), ("", MUTED))
    elif (looked := filterline.partial(state)) is not None:
        lines = (("Searching", TEXT), (f"none of the first {fmt.count(looked)} flows", MUTED))
    elif state.filter.applied is not None and told:
        lines = (("No flow passes this filter.", TEXT), ("Esc drops it, / changes it.", MUTED))
    elif health is None or not told or (not state.live and not health.done):
        lines = ((f"Reading {state.label}", TEXT), ("", MUTED))
    elif state.live:
        lines = ((f"No flows yet on {state.label}.", TEXT), ("Rows appear with the first packet.", MUTED))
    else:
        lines = ((f"No flows in {state.label}.", TEXT), (f"{fmt.count(health.packets)} packets were read.", MUTED))
    for i, (text, style) in enumerate(lines):
        y = area.y + max(0, area.height // 3) + i
        if y < area.y + area.height:
            canvas.put(y, area.x + table.MARGIN, clip(text, area.width - 4, state.glyphs.ellipsis), style)
