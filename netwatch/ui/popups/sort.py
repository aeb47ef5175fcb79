"""The list of the columns of the table on screen: to sort by one, turn the order round, show or hide one."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from netwatch._fast.term.canvas import Canvas, clip
from netwatch.ui.state import Area, State
from netwatch.ui.theme import HEAD_SORT, MUTED, TEXT
from netwatch.ui.widgets import table
from netwatch.ui.widgets.box import draw_box

WIDE, NARROW = 72, 32


@dataclass(frozen=True)
class Sorting:
    """What a tab's sorting(state) gives: its columns, the order in force, and what to call to change them."""
    columns: Sequence[table.Column]
    sort: str
    descending: bool
    choose: Callable[[str], None]
    reverse: Callable[[], None]


def _sorting(state: State) -> Sorting:
    found = state.sorting(state) if state.sorting is not None else None
    assert isinstance(found, Sorting)
    return found


def on_open(state: State) -> None:
    """The mark begins on the column that is sorted by."""
    now = _sorting(state)
    state.sort_row = next((i for i, column in enumerate(now.columns) if column.key == now.sort), 0)


def _place(area: Area, state: State) -> tuple[Area, int, int]:
    """The box, the rows in it, the first column that shows."""
    many = len(_sorting(state).columns)
    width = min(WIDE if area.width >= WIDE + 4 else NARROW, area.width)
    height = min(many + 2, area.height)
    box = Area(area.y + (area.height - height) // 2, area.x + (area.width - width) // 2, height, width)
    rows = height - 2
    return box, rows, max(0, min(state.sort_row - rows // 2, many - rows))


def draw(canvas: Canvas, area: Area, state: State) -> None:
    now, glyphs = _sorting(state), state.glyphs
    box, rows, first = _place(area, state)
    draw_box(canvas, box, "Sort by", glyphs)
    for i, column in enumerate(now.columns[first:first + rows]):
        y, chosen = box.y + 1 + i, column.key == now.sort
        sign = (glyphs.down if now.descending else glyphs.up) if chosen else " "
        canvas.put(y, box.x + 2, clip(f"{sign} {column.title}", box.width - 4, glyphs.ellipsis),
                   HEAD_SORT if chosen else TEXT)
        if box.width == WIDE:
            canvas.put(y, box.x + 18, clip(column.help, box.width - 20, glyphs.ellipsis), MUTED)
        if first + i == state.sort_row:
            table.draw_selection(canvas, y, Area(y, box.x + 1, 1, box.width - 2), glyphs)
    table.draw_scroll_bar(canvas, Area(box.y + 1, box.x, rows, box.width), first, len(now.columns), glyphs)


def sort_choose(state: State) -> None:
    now = _sorting(state)
    state.overlay = ""
    now.choose(now.columns[state.sort_row].key)


def _move(to: Callable[[int], int]) -> Callable[[State], None]:
    def act(state: State) -> None:
        state.sort_row = to(state.sort_row) % len(_sorting(state).columns)
    return act


def on_mouse(state: State, what: str, y: int, x: int) -> None:
    """A click sorts by the column under it, beside the box it closes it."""
    box, rows, first = _place(state.body, state)
    if what.startswith("wheel"):
        _move(lambda row: row + (-1 if what == "wheel-up" else 1))(state)
    elif not box.holds(y, x):
        state.overlay = ""
    elif box.y < y <= box.y + rows:
        state.sort_row = first + y - box.y - 1
        sort_choose(state)


ACTIONS: dict[str, Callable[[State], None]] = {
    "sort_choose": sort_choose, "sort_reverse": lambda state: _sorting(state).reverse(),
    "sort_up": _move(lambda row: row - 1), "sort_down": _move(lambda row: row + 1),
    "sort_first": _move(lambda row: 0), "sort_last": _move(lambda row: -1),
}
