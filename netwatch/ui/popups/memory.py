"""The memory view: what each bounded store holds, how much it may, what it costs, what had to make room."""
from __future__ import annotations

from collections.abc import Callable

from netwatch._fast.term.canvas import Canvas, clip
from netwatch.addons.usage import Memory
from netwatch.model.contract import Store
from netwatch.ui import format as fmt
from netwatch.ui.state import Area, State
from netwatch.ui.theme import BAD, GOOD, HEAD, MUTED, TEXT, WARN
from netwatch.ui.widgets.box import draw_box
from netwatch.ui.widgets.chooser import Chooser, centred, moves
from netwatch.ui.widgets.table import draw_scroll_bar

WIDTH, NAME, NUMBER = 84, 22, 12
NEAR, FULL = 0.75, 0.95            # shares of a limit from which it is coloured


def stores(state: State) -> list[Store]:
    """What was answered last; nothing until then."""
    asked, found = state.snapshot.over, state.snapshot.over_answer
    return found if isinstance(asked, Memory) and isinstance(found, list) else []


def question(state: State) -> Memory:
    return Memory()


def _chooser(state: State) -> Chooser:
    return state.part("memory", Chooser)


def box_of(area: Area) -> Area:
    return centred(area, 26, WIDTH)


def where(state: State) -> Area:
    return box_of(state.body)


def rows_of(area: Area) -> Area:
    box = box_of(area)
    return Area(box.y + 3, box.x + 1, max(1, box.height - 4), box.width - 2)


ACTIONS: dict[str, Callable[[State], None]] = moves(
    "memory", _chooser, lambda state: len(stores(state)), lambda state: rows_of(state.body).height)


def _columns(width: int) -> list[tuple[str, int, Callable[[Store], str]]]:
    """(title, cells, text) of those that fit, the name aside."""
    columns: list[tuple[str, int, Callable[[Store], str]]] = [
        ("used", NUMBER, lambda store: fmt.count(store.used)),
        ("of", 7, lambda store: fmt.short_count(store.limit) if store.limit is not None else
            fmt.size(store.room) if store.room else ""),
        ("full", 7, lambda store: "" if store.full is None else f"{100 * store.full:.0f} %"),
        ("memory", 9, lambda store: fmt.size(store.size)),
        ("lost", NUMBER, lambda store: fmt.count(store.lost)),
    ]
    for title in ("of", "memory"):
        if NAME + sum(cells + 1 for _, cells, _ in columns) > width:
            columns = [each for each in columns if each[0] != title]
    while len(columns) > 1 and NAME + sum(cells + 1 for _, cells, _ in columns) > width:
        columns.pop(0 if columns[0][0] == "used" else -1)
    return columns


def draw(canvas: Canvas, area: Area, state: State) -> None:
    box, rows, found, glyphs = box_of(area), rows_of(area), stores(state), state.glyphs
    draw_box(canvas, box, "Memory", glyphs)
    health = state.health
    held = sum(store.size or 0 for store in found)
    words = f"{fmt.size(health.rss_bytes) if health else glyphs.none} in use, " \
            f"{fmt.size(held)} of it in these stores; the rest is code and Python"
    canvas.put(box.y + 1, box.x + 2, clip(words, box.width - 4, glyphs.ellipsis), MUTED)
    columns = _columns(rows.width - 3)
    _draw_line(canvas, Area(box.y + 2, rows.x + 1, 1, rows.width), "store", [(title, HEAD) for title, _, _ in columns],
               columns, HEAD)
    top = min(_chooser(state).row, max(0, len(found) - rows.height))
    for i, store in enumerate(found[top:top + rows.height]):
        share = store.full or 0.0
        cells = []
        for title, _, text in columns:
            style = BAD if share >= FULL else WARN if share >= NEAR else TEXT
            style = style if title == "full" else (WARN if store.lost else GOOD) if title == "lost" else TEXT
            cells.append((text(store) or glyphs.none, style))
        _draw_line(canvas, Area(rows.y + i, rows.x + 1, 1, rows.width), store.name, cells, columns, TEXT)
    if not found:
        canvas.put(rows.y, rows.x + 1, "asking the engine", MUTED)
    draw_scroll_bar(canvas, rows, top, len(found), glyphs)


def _draw_line(canvas: Canvas, area: Area, name: str, cells: list[tuple[str, int]],
               columns: list[tuple[str, int, Callable[[Store], str]]], style: int) -> None:
    canvas.put(area.y, area.x, clip(name, NAME - 1, "."), style)
    x = area.x + NAME
    for (text, tint), (_, width, _) in zip(cells, columns, strict=True):
        canvas.field(area.y, x, width, text, tint, True, ".")
        x += width + 1
