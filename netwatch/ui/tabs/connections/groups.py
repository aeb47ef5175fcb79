"""The Connections tab when its flows are grouped: what it asks, what the keys do, and how the rows look."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from netwatch._fast.term.canvas import Canvas, clip
from netwatch.addons.groups import Grouped, GroupsOf
from netwatch.model.group import GroupKey
from netwatch.model.record import Record
from netwatch.ui import format as fmt
from netwatch.ui.state import USUAL, Area, State
from netwatch.ui.tabs.connections.columns import FIXED, catalogue
from netwatch.ui.tabs.connections.flow_cells import is_group, mark
from netwatch.ui.tabs.connections.group_cells import HELP, KINDS, TITLES, columns, identity
from netwatch.ui.theme import MUTED, TEXT
from netwatch.ui.widgets import table
from netwatch.ui.widgets.window import Window

MOST_TURNED = 4096                 # groups folded or unfolded by hand


@dataclass
class Part:
    """`by`: one of KINDS, "" for no groups. `turned`: groups that are not as `unfolded` says."""
    by: str = ""
    window: Window[Record] = field(default_factory=Window)
    unfolded: bool = False
    turned: set[GroupKey] = field(default_factory=set)


def part_of(state: State) -> Part:
    return state.part("connections", Part)


def columns_of(state: State) -> tuple[table.Column, ...]:
    """The columns that are chosen, in their order; the one that the table is sorted by is among them."""
    by, now = part_of(state).by, state.table
    found = catalogue(state.live)
    keys = [key for key in now.columns if key != "process.name" or (now.has_process and by != "process")
            or now.columns_by_hand]
    if now.sort not in keys and now.sort in found:
        keys.insert(keys.index("down") if "down" in keys else keys.index(FIXED) + 1, now.sort)
    chosen = tuple(found[key] for key in keys)
    if now.columns_by_hand or now.profile != USUAL:        # what was put further left is wanted more
        chosen = tuple(column if column.key == FIXED else replace(column, rank=95 - min(90, i), file_rank=None)
                       for i, column in enumerate(chosen))
    return columns(by, chosen) if by else chosen


def question(state: State, height: int) -> GroupsOf | None:
    """What is asked of the session, None while there are no groups."""
    part, now = part_of(state), state.table
    if not part.by:
        return None
    column = next(column for column in columns_of(state) if column.key == now.sort)
    sort, descending = column.order(now.descending)
    offset, limit = part.window.wanted(height)
    return GroupsOf(part.by, state.filter.applied, sort, descending, now.history, offset, limit, part.unfolded,
                    frozenset(part.turned), inside=state.within)


def answer(state: State) -> Grouped | None:
    """The list as last told; None when it is not of these groups."""
    asked, found = state.snapshot.asked, state.snapshot.answer
    return found if isinstance(asked, GroupsOf) and asked.by == part_of(state).by and \
        isinstance(found, Grouped) else None


def settle(state: State, height: int) -> None:
    """There is a new picture."""
    found, window = answer(state), part_of(state).window
    if found is not None:
        window.settle(found.rows, found.offset, found.total, height, identity)
        _choose(state)


def select(state: State, place: int, height: int, pinned: bool = True) -> None:
    found = answer(state)
    if found is not None:
        part_of(state).window.select(place, found.rows, found.offset, found.total, height, identity, pinned)
        state.details_top = 0
        _choose(state)


def _choose(state: State) -> None:
    """The details pane shows the selected flow, if it is one."""
    row = part_of(state).window.row
    state.table.record, state.table.selected = (None, None) if row is None or is_group(row) else (row, row["id"])


# ------------------------------------------------------------------------------------------------------------ the keys

def _regroup(step: int) -> Callable[[State], None]:
    def act(state: State) -> None:
        part, unknown = part_of(state), state.health.ungrouped if state.health else ()
        ways = ("", *(kind for kind in KINDS if kind not in unknown or kind == part.by))
        part.by = ways[(ways.index(part.by) + step) % len(ways)]
        part.turned, part.unfolded = set(), False
        part.window.forget()
        table = state.table
        table.selected, table.record, table.pinned, table.top, table.cursor = None, None, False, 0, 0
        if table.sort not in {column.key for column in columns_of(state)}:
            table.sort, table.descending = ("rate" if state.live else "bytes"), True
        state.message = f"Grouped by {TITLES[part.by].lower()}: {HELP[part.by]}" if part.by else "Flows one by one"
    return act


def fold_all(state: State) -> None:
    """Fold all groups; when all are, unfold them."""
    part = part_of(state)
    if not part.by:
        state.message = "Nothing is grouped: a groups the flows"
        return
    part.unfolded = not (part.unfolded or part.turned)
    part.turned = set()
    part.window.pinned = False
    part.window.top = 0


def _turn(unfold: bool | None) -> Callable[[State], None]:
    """Unfold the group of the selected row (True), fold it (False), or whichever it is not (None)."""
    def act(state: State) -> None:
        part, row = part_of(state), part_of(state).window.row
        if row is None:
            return
        key = row["key"] if is_group(row) else row["group"]
        is_open = part.unfolded != (key in part.turned)
        if unfold is is_open or len(part.turned) >= MOST_TURNED:
            return
        part.turned ^= {key}
        part.window.pinned = True
        if not is_group(row):
            part.window.selected = key
            found = answer(state)
            places = [i for i, each in enumerate(found.rows) if identity(each) == key] if found else []
            if found and places:
                part.window.cursor = found.offset + places[0]
    return act


unfold_group, fold_group = _turn(True), _turn(False)


def enter(state: State) -> None:
    """A group is unfolded or folded; of a flow the details are shown."""
    row = part_of(state).window.row
    if row is not None and is_group(row):
        _turn(None)(state)
    elif row is not None:
        state.details, state.details_top = True, 0
        part_of(state).window.pinned = True


ACTIONS: dict[str, Callable[[State], None]] = {
    "group_next": _regroup(1), "group_previous": _regroup(-1), "fold_all": fold_all, "group_unfold": unfold_group,
    "group_fold": fold_group, "group_enter": enter,
}


# --------------------------------------------------------------------------------------------------------- the drawing

def head(state: State) -> tuple[str, str]:
    """(what is counted, why something may be unknown) for the first line."""
    found, by = answer(state), part_of(state).by
    if found is None:
        return f"by {TITLES[by].lower()}", ""
    groups = f"{fmt.count(found.groups)} group{'' if found.groups == 1 else 's'} by {TITLES[by].lower()}"
    return f"{groups}, {fmt.count(found.flows)} flow{'' if found.flows == 1 else 's'}", found.why


def draw_rows(canvas: Canvas, area: Area, slots: list[table.Slot], state: State,
              draw_empty: Callable[[Canvas, Area, State], None]) -> None:
    found, window, glyphs = answer(state), part_of(state).window, state.glyphs
    if found is None or not found.total:
        if found is None and not state.snapshot.error:
            canvas.put(area.y + max(0, area.height // 3), area.x + table.MARGIN,
                       clip("Adding up", area.width - 4, glyphs.ellipsis), TEXT)
        else:
            draw_empty(canvas, area, state)
        return
    for i in range(min(area.height, found.total - window.top)):
        at, y = window.top + i - found.offset, area.y + i
        if not 0 <= at < len(found.rows):
            canvas.put(y, area.x + table.MARGIN, glyphs.ellipsis, MUTED)
            continue
        row, tint = found.rows[at], None
        if not is_group(row):
            sign, style, tint = mark(row, glyphs)
            canvas.put(y, area.x + 1, sign, style)
        table.draw_row(canvas, y, area.x, slots, row, tint, glyphs)
        if identity(row) == window.selected:
            table.draw_selection(canvas, y, Area(y, area.x, 1, area.width - 1), glyphs)
    table.draw_scroll_bar(canvas, area, window.top, found.total, glyphs)
