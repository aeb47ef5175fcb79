"""The Processes tab: what each program sends and receives; what belongs to none, and why, has rows of its own. `l`
turns to the sockets that wait for others (bound.py).

draw() follows from the state and changes nothing.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from netwatch._fast.term.canvas import Canvas, clip
from netwatch.addons.bound import BoundSockets
from netwatch.addons.groups import BY, Grouped
from netwatch.addons.processes import REMOTE, Processes
from netwatch.model.group import GroupKey, Within
from netwatch.model.record import Record
from netwatch.ui import drill, remote
from netwatch.ui import format as fmt
from netwatch.ui.popups.sort import Sorting
from netwatch.ui.recent import Recent
from netwatch.ui.state import Area, State
from netwatch.ui.tabs.connections.group_cells import identity, name_of
from netwatch.ui.tabs.connections.layout import Layout, cut
from netwatch.ui.tabs.processes import bound
from netwatch.ui.tabs.processes import details as process_details
from netwatch.ui.tabs.processes.cells import COLUMNS
from netwatch.ui.theme import FAINT, MATCH, MUTED, TEXT, TITLE, WARN
from netwatch.ui.widgets import table
from netwatch.ui.widgets.window import Window

WHEEL = 3
MOST_UNFOLDED = 1000               # programs and processes


@dataclass
class Part:
    """What the tab remembers. `recent`: rates of the processes that were on screen."""
    sort: str = ""                      # a live source's begin by what moves now, a file's by what was moved
    descending: bool = True
    details: bool = False
    bound: bool = False                 # sockets that wait for others are listed, and not who talks
    window: Window[Record] = field(default_factory=Window)
    unfolded: set[GroupKey] = field(default_factory=set)
    recent: Recent = field(default_factory=Recent)


def new_part() -> Part:
    return Part()


def part_of(state: State) -> Part:
    part = state.part("processes", Part)
    part.sort = part.sort or ("rate" if state.live else "bytes")
    return part


def places_of(state: State) -> Layout:
    return cut(state, part_of(state).details)


def answer(state: State) -> Grouped | None:
    """The list as last told."""
    asked, found = state.snapshot.asked, state.snapshot.answer
    return found if isinstance(asked, Processes) and isinstance(found, Grouped) else None


def question(state: State) -> Processes | BoundSockets:
    part = part_of(state)
    if part.bound:
        return bound.question(state)
    column = next(column for column in COLUMNS if column.key == part.sort)
    sort, descending = column.order(part.descending)
    offset, limit = part.window.wanted(_height(state))
    key = part.window.selected if part.details else None
    return Processes(state.filter.applied, sort, descending, state.table.history, offset, limit,
                     key if isinstance(key, tuple) else None, frozenset(part.unfolded))


def inner(state: State) -> tuple[str, ...]:
    part = part_of(state)
    if part.bound:
        return (*bound.LIST.inner(state), "sockets", "global")
    return ("process",) if part.details else ()


def _height(state: State) -> int:
    return max(1, places_of(state).rows.height)


def on_snapshot(state: State) -> None:
    """There is a new picture: keep the selection, and note the rates."""
    part, found = part_of(state), answer(state)
    if part.bound:
        bound.LIST.on_snapshot(state)
    if found is None:
        return
    part.window.settle(found.rows, found.offset, found.total, _height(state), identity)
    second = found.now_ns // 1_000_000_000 - 1
    for row in found.rows:
        if "rate_in" in row:
            part.recent.note(row["key"], second, row["rate_out"], row["rate_in"])


# ---------------------------------------------------------------------------------------------------------- drawing

def draw(canvas: Canvas, area: Area, state: State) -> None:
    """The whole tab. `area` is state.body."""
    if part_of(state).bound:
        bound.LIST.draw(canvas, state)
        return
    places, part, found = places_of(state), part_of(state), answer(state)
    if places.info.height:
        _draw_info(canvas, places.info, state, found)
    if places.heads.height:
        slots = _slots(state, places.heads)
        table.draw_heads(canvas, places.heads.y, area.x, slots, part.sort, part.descending, state.glyphs)
        _draw_rows(canvas, places.rows, slots, state, found)
    if places.details:
        beside = places.details.x > area.x
        edge = Area(area.y, places.details.x - 1, area.height, 1) if beside else places.details._replace(height=1)
        canvas.fill(*edge, state.glyphs.side if beside else state.glyphs.rule, FAINT)
        process_details.draw(canvas, places.details, state, part.window.row, found, part.recent)


def _slots(state: State, area: Area) -> list[table.Slot]:
    slots = table.fit(COLUMNS, area.width - table.MARGIN - 2, state.live, part_of(state).sort)
    return [slot._replace(x=slot.x + table.MARGIN) for slot in slots]


def _draw_info(canvas: Canvas, area: Area, state: State, found: Grouped | None) -> None:
    """How many, of how many flows, and why owners are not known where they are not."""
    owners = state.health.owners_why if state.health and state.live else ""
    why = found.why if found is not None and found.why else owners
    processes = "" if found is None else f"{fmt.count(found.groups)} row{'' if found.groups == 1 else 's'}"
    x = area.x + 1
    for text, style in ((processes, TITLE), (f" of {fmt.count(found.flows)} flows" if found else "", TEXT),
                        (" with ended ones" if state.table.history else "", MUTED),
                        (f"  filter: {state.filter.applied_text}" if state.filter.applied_text else "", MATCH),
                        (f"  {fmt.counted_twice(found.carried, area.width - 50)}" if found and found.carried else "",
                         MUTED),
                        (f"  {why}" if why else "", WARN)):
        if text and area.width - x > 3:
            x += canvas.put(area.y, x, clip(text, area.width - x - 1, state.glyphs.ellipsis), style)


def _draw_rows(canvas: Canvas, area: Area, slots: list[table.Slot], state: State, found: Grouped | None) -> None:
    window, glyphs = part_of(state).window, state.glyphs
    if found is None or not found.total:
        text = state.snapshot.error or ("Adding up" if found is None else "No flow passes this filter."
                                        if state.filter.applied is not None else f"No flows on {state.label} yet.")
        canvas.put(area.y + max(0, area.height // 3), area.x + table.MARGIN,
                   clip(text, area.width - 4, glyphs.ellipsis), TEXT)
        return
    second, recent = found.now_ns // 1_000_000_000 - 1, part_of(state).recent
    for i in range(min(area.height, found.total - window.top)):
        at, y = window.top + i - found.offset, area.y + i
        if not 0 <= at < len(found.rows):
            canvas.put(y, area.x + table.MARGIN, glyphs.ellipsis, MUTED)
            continue
        row = {**found.rows[at], "recent": (recent, second), "at_least": found.at_least}
        table.draw_row(canvas, y, area.x, slots, row, None, glyphs)
        if identity(row) == window.selected:
            table.draw_selection(canvas, y, Area(y, area.x, 1, area.width - 1), glyphs)
    table.draw_scroll_bar(canvas, area, window.top, found.total, glyphs)
    last = area.y + found.total - window.top + 1
    if found.why and last < area.y + area.height:
        canvas.put(last, area.x + table.MARGIN,
                   clip(f"No programs are known here: {found.why}.", area.width - 5, glyphs.ellipsis), MUTED)


# ------------------------------------------------------------------------------------------------------ keys and mouse

def _select(state: State, place: int, pinned: bool = True) -> None:
    found = answer(state)
    if found is not None:
        part_of(state).window.select(place, found.rows, found.offset, found.total, _height(state), identity, pinned)


def _step(amount: Callable[[State], int]) -> Callable[[State], None]:
    return lambda state: _select(state, part_of(state).window.cursor + amount(state))


def row_last(state: State) -> None:
    found = answer(state)
    _select(state, found.total - 1 if found else 0)


def process_open(state: State) -> None:
    part = part_of(state)
    part.details, part.window.pinned = True, True


def process_close(state: State) -> None:
    part_of(state).details = False


def process_flows(state: State) -> None:
    """The Connections tab, with the flows of the selected row."""
    row = part_of(state).window.row
    if row is None:
        state.message = "Nothing is selected"
        return
    key, ended = row["key"], state.table.history
    if key[0] == REMOTE:
        process, remote = key[1]
        words = f"{name_of(process, 'pid')[0]} and {name_of(remote, 'host')[0]}"
        drill.into(state, Within((BY["pid"], BY["host"]), (process, remote), words, ended))
        return
    by = BY["pid" if key[0] == "pid" else "process"]
    drill.into(state, Within((by,), (key,), name_of(key, "pid")[0], ended))


def fold(state: State) -> None:
    """Show the processes of the program of the selected row, or what its process talks to; or fold them."""
    part, row = part_of(state), part_of(state).window.row
    if row is None:
        return
    key = row["key"]
    if key[0] == REMOTE:
        key = key[1][0]
        if key not in part.unfolded:                       # the only process of a program stands in the program's row
            key = ("process.name", key[1][0])
    if key in part.unfolded or len(part.unfolded) < MOST_UNFOLDED:
        part.unfolded ^= {key}
    part.window.selected = key


def turn(state: State) -> None:
    """To the sockets that wait for others, or back to who talks."""
    part = part_of(state)
    part.bound = not part.bound


def history(state: State) -> None:
    state.table.history = not state.table.history
    state.message = "Flows that have ended count too" if state.table.history else "Only live flows count"


def _sort_by(state: State, key: str) -> None:
    part = part_of(state)
    if key != part.sort:
        part.sort = key
        part.descending = next(column.right for column in COLUMNS if column.key == key)
    if not part.window.pinned:
        part.window.top = 0


def sort_reverse(state: State) -> None:
    part_of(state).descending = not part_of(state).descending


def _neighbour(step: int) -> Callable[[State], None]:
    def act(state: State) -> None:
        keys = [column.key for column in COLUMNS]
        _sort_by(state, keys[(keys.index(part_of(state).sort) + step) % len(keys)])
    return act


def sorting(state: State) -> Sorting:
    """The columns, for the list that they are chosen from."""
    part = part_of(state)
    if part.bound:
        return bound.LIST.sorting(state)
    return Sorting(COLUMNS, part.sort, part.descending, lambda key: _sort_by(state, key), lambda: sort_reverse(state))


def on_mouse(state: State, what: str, y: int, x: int) -> None:
    """Heads, rows, and the wheel."""
    if part_of(state).bound:
        bound.LIST.on_mouse(state, what, y, x)
        return
    places, part, found = places_of(state), part_of(state), answer(state)
    if what.startswith("wheel"):
        _select(state, part.window.cursor + (-WHEEL if what == "wheel-up" else WHEEL))
    elif places.heads.height and y == places.heads.y:
        for slot in _slots(state, places.heads):
            if slot.x <= x - state.body.x < slot.x + slot.width:
                if slot.column.key == part.sort:
                    sort_reverse(state)
                else:
                    _sort_by(state, slot.column.key)
    elif places.rows.y <= y < places.rows.y + places.rows.height and x < places.rows.x + places.rows.width:
        place = part.window.top + y - places.rows.y
        if found is not None and place < found.total:
            _select(state, place)
            if what == "double":
                process_open(state)


_TALKING: dict[str, Callable[[State], None]] = {
    "row_down": _step(lambda state: 1), "row_up": _step(lambda state: -1),
    "page_down": _step(lambda state: max(1, _height(state) - 1)),
    "page_up": _step(lambda state: -max(1, _height(state) - 1)),
    "row_first": lambda state: _select(state, 0, False), "row_last": row_last,
    "sort_reverse": sort_reverse, "sort_next": _neighbour(1), "sort_previous": _neighbour(-1),
}
_WAITING = bound.LIST.actions()


def _of_the_list(action: str) -> Callable[[State], None]:
    """What it does to the list that is on screen."""
    return lambda state: (_WAITING if part_of(state).bound else _TALKING)[action](state)


def _remote(state: State) -> str:
    """Of a line for what a process talks to, where that is one address."""
    row = part_of(state).window.row
    return remote.far_end(state, row["key"][1][1][1]) if row is not None and row["key"][0] == REMOTE else ""


ACTIONS: dict[str, Callable[[State], None]] = _WAITING | {action: _of_the_list(action) for action in _TALKING} | {
    "process_open": process_open, "process_close": process_close, "fold": fold, "process_flows": process_flows,
    "history": history, "bound": turn, "follow": bound.follow, **remote.actions(_remote),
}
