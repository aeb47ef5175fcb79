"""The tree of the Dashboard: programs, their processes, and whom those talk to; of a file without owners, its hosts."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from netwatch._fast.term.canvas import Canvas, clip
from netwatch.addons.dashboard import Branch, DashboardNow, Path
from netwatch.ui import drill
from netwatch.ui import format as fmt
from netwatch.ui.state import Area, State
from netwatch.ui.tabs.dashboard.responders import PeerList, rate_cell
from netwatch.ui.theme import ADDRESS, DOWN, MUTED, PROCESS, TEXT, UP, Glyphs
from netwatch.ui.widgets import graph, table
from netwatch.ui.widgets.table import Cell, Column

PAGE = 10
COURSE = 10                        # cells of the last minute


@dataclass
class DashboardPart(PeerList):
    """`where`: the keys go to the hosts, which a PeerList remembers, and not to the tree."""
    where: bool = False
    branch: Path = ()
    place: int = 0
    unfolded: set[Path] = field(default_factory=set)


def part(state: State) -> DashboardPart:
    return state.part("dashboard", DashboardPart)


def branches(state: State) -> tuple[Branch, ...]:
    found = state.snapshot.answer
    return found.programs if isinstance(found, DashboardNow) else ()


def place(state: State) -> int:
    """The row of the selected branch; where it was when it is no longer there."""
    rows, mine = branches(state), part(state)
    return next((i for i, row in enumerate(rows) if row.path == mine.branch), max(0, min(mine.place, len(rows) - 1)))


def selected(state: State) -> Branch | None:
    rows = branches(state)
    return rows[place(state)] if rows else None


def move(to: Callable[[int, int], int]) -> Callable[[State], None]:
    """Select another row: `to` has the row and how many there are."""
    def act(state: State) -> None:
        rows, mine = branches(state), part(state)
        if rows:
            mine.place = max(0, min(len(rows) - 1, to(place(state), len(rows))))
            mine.branch = rows[mine.place].path
    return act


def turn(state: State) -> None:
    """Unfold what is below the selected row, or fold it; of a row with nothing below it, its flows."""
    row = selected(state)
    if row is None:
        state.message = "Nothing is selected"
    elif row.leaf:
        follow(state)
    else:
        mine = part(state)
        mine.branch, mine.place = row.path, place(state)
        mine.unfolded ^= {row.path}


def follow(state: State) -> None:
    """The flows that the selected row counts, in Connections."""
    row = selected(state)
    if row is None:
        state.message = "Nothing is selected"
    else:
        drill.into(state, row.within)


def _label(row: Branch, glyphs: Glyphs) -> Cell:
    sign = "  " if row.leaf else f"{glyphs.unfolded if row.opened else glyphs.folded} "
    many = f" ({row.processes})" if row.depth == 0 and row.processes > 1 else ""
    return f"{'  ' * row.depth}{sign}{row.label}{many}", ADDRESS if row.leaf else TEXT if row.depth else PROCESS


def _course(row: Branch, glyphs: Glyphs) -> Cell:
    return (graph.spark(graph.stretch(row.minute, COURSE), COURSE, None, glyphs) if any(row.minute) else "", DOWN)


#      key        title       least most share right rank  cell
COLUMNS = (
    Column("label", "Program", 16, 60, 1, False, 99, _label),
    Column("rate", "Total/s", 9, 9, 0, True, 90, lambda row, glyphs: rate_cell(row.rate_down + row.rate_up, TEXT)),
    Column("rate_down", "Down/s", 9, 9, 0, True, 70, lambda row, glyphs: rate_cell(row.rate_down, DOWN)),
    Column("rate_up", "Up/s", 9, 9, 0, True, 69, lambda row, glyphs: rate_cell(row.rate_up, UP)),
    Column("minute", "Last 60 s", COURSE, COURSE, 0, False, 60, _course),
    Column("flows", "Flows", 5, 7, 0, True, 40, lambda row, glyphs: (fmt.short_count(row.flows), TEXT)),
    Column("total", "Total", 8, 8, 0, True, 80, lambda row, glyphs: (fmt.size(row.down + row.up), TEXT)),
    Column("down", "Down", 8, 8, 0, True, 50, lambda row, glyphs: (fmt.size(row.down), TEXT)),
    Column("up", "Up", 8, 8, 0, True, 49, lambda row, glyphs: (fmt.size(row.up), TEXT)),
)
MOVING = ("rate", "rate_down", "rate_up", "minute")
FIRST = {True: "Program", False: "Host"}


def slots(found: DashboardNow, width: int, state: State) -> list[table.Slot]:
    """The columns for that width; what moves has some only while there is a now."""
    over = not state.live and not found.by_rate
    columns = [column for column in COLUMNS if not (over and column.key in MOVING)
               and (column.key != "minute" or (state.live and state.at is None))]
    shown = table.fit(columns, width - table.MARGIN - 2, state.live, "rate" if found.by_rate else "total")
    return [slot._replace(x=slot.x + table.MARGIN) for slot in shown]


def by_owner(found: DashboardNow, state: State) -> bool:
    """Is it a tree of programs? Live, it will be one as long as it is empty."""
    return found.by_owner or (state.live and not found.programs_told)


def title(found: DashboardNow | None, state: State) -> tuple[str, str]:
    """What the tree is of, in which order, and how much of it is told."""
    if found is None:
        return "Programs", ""
    order = "by bytes/s now" if found.by_rate else "by bytes, session"
    shown = sum(branch.depth == 0 for branch in found.programs)
    words = fmt.count(found.programs_told) if shown >= found.programs_told else \
        f"{fmt.count(shown)} of {fmt.count(found.programs_told)}"
    more = f"  filter: {state.filter.applied_text}" if state.filter.applied_text else ""
    return "Programs" if by_owner(found, state) else "Who began flows", f"{words} {order}{more}"


def top_row(state: State, rows: int) -> int:
    """The first row on screen, so that the selected one is visible."""
    return max(0, place(state) - rows + 1)


def draw(canvas: Canvas, area: Area, state: State) -> None:
    """Heads and rows."""
    found, glyphs = state.snapshot.answer, state.glyphs
    if area.height < 2 or not isinstance(found, DashboardNow):
        return
    rows = found.programs
    if not rows:
        words = "No flow passes this filter." if state.filter.applied else "No flows yet."
        canvas.put(area.y + 1, area.x + table.MARGIN, clip(words, area.width - 4, glyphs.ellipsis), MUTED)
        return
    shown = slots(found, area.width, state)
    heads = [slot._replace(column=table.titled(slot.column, FIRST[by_owner(found, state)]))
             if slot.column.key == "label" else slot for slot in shown]
    table.draw_heads(canvas, area.y, area.x, heads, "rate" if found.by_rate else "total", True, glyphs)
    below = Area(area.y + 1, area.x, area.height - 1, area.width)
    top, chosen = top_row(state, below.height), place(state)
    for i, row in enumerate(rows[top:top + below.height]):
        table.draw_row(canvas, below.y + i, area.x, shown, row, None, glyphs)
        if top + i == chosen and not part(state).where:
            table.draw_selection(canvas, below.y + i, Area(below.y + i, area.x, 1, area.width - 1), glyphs)
    table.draw_scroll_bar(canvas, below, top, len(rows), glyphs)


def click(state: State, area: Area, what: str, y: int) -> None:
    """The wheel moves the selection, a click selects, a double click does what Enter does."""
    part(state).where = False
    if what.startswith("wheel"):
        move(lambda at, n: at + (-1 if what == "wheel-up" else 1))(state)
        return
    index = top_row(state, max(1, area.height - 1)) + y - area.y - 1
    if y > area.y and index < len(branches(state)):
        move(lambda at, n: index)(state)
        if what == "double":
            turn(state)
