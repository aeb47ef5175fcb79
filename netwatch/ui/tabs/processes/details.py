"""What is told of one process: its sums, where its traffic goes, in what states, and its last minute as a graph."""
from __future__ import annotations

from collections.abc import Callable

from netwatch._fast.term.canvas import Canvas, clip
from netwatch.addons.groups import Grouped
from netwatch.addons.processes import REMOTE
from netwatch.ui import format as fmt
from netwatch.ui.recent import Recent
from netwatch.ui.state import Area, State
from netwatch.ui.tabs.connections.flow_cells import Row
from netwatch.ui.tabs.connections.group_cells import name_of
from netwatch.ui.theme import BRAND, DOWN, MUTED, TEXT, TITLE, UP, Glyphs
from netwatch.ui.widgets import graph

GRAPH_WIDTH = 32                   # cells of a minute, and of its scale
WIDE_FROM = 46                     # cells from which a list has all its columns
LISTS_FROM = 72                    # cells from which lists and graph stand side by side

_Numbers = tuple[tuple[str, int, int, Callable[[Row], str]], ...]
_WIDE: _Numbers = (
    ("Flows", 9, TEXT, lambda row: fmt.count(row["flows"])), ("Down", 10, DOWN, lambda row: fmt.size(row["bytes_in"])),
    ("Up", 10, UP, lambda row: fmt.size(row["bytes_out"])),
)
_NARROW: _Numbers = (("Bytes", 9, TEXT, lambda row: fmt.size(row["bytes_in"] + row["bytes_out"])),)


def draw(canvas: Canvas, area: Area, state: State, row: Row | None, found: Grouped | None, recent: Recent) -> None:
    glyphs, beside = state.glyphs, area.x > state.body.x
    if row is None or found is None:
        canvas.put(area.y, area.x + 1, " No process is selected ", TITLE)
        return
    kind, value = row["key"]
    if kind == REMOTE:
        heading = f" {name_of(value[0], 'pid')[0]} and {name_of(value[1], 'host')[0]} "
    elif kind == "pid" and value[1] >= 0:
        heading = f" {value[0]}, PID {value[1]} "
    else:
        heading = f" {name_of(row['key'], 'pid')[0]} "
    canvas.put(area.y, area.x + (0 if beside else 1), clip(heading, area.width - 2, glyphs.ellipsis), TITLE)
    inside = Area(area.y + 1, area.x + 1, area.height - 1, area.width - 2)
    if beside or area.width < LISTS_FROM:
        used = _draw_lists(canvas, inside, found, glyphs)
        _draw_graph(canvas, inside._replace(y=inside.y + used, height=inside.height - used), row, found, recent, glyphs)
        return
    left = inside.width - GRAPH_WIDTH - 12
    _draw_lists(canvas, inside._replace(width=left), found, glyphs)
    _draw_graph(canvas, Area(inside.y, inside.x + left + 2, inside.height, inside.width - left - 2), row, found, recent,
                glyphs)


def _draw_lists(canvas: Canvas, area: Area, found: Grouped, glyphs: Glyphs) -> int:
    """Top remotes and states; rows used. Nothing where there is but one remote."""
    if found.top is None:
        return 0
    cells = _WIDE if area.width >= WIDE_FROM else _NARROW
    room = area.width - sum(width for _, width, _, _ in cells) - 1
    y = area.y
    for title, by in (("Top remotes", "remote"), ("States", "state")):
        if y < area.y + area.height:
            canvas.put(y, area.x, clip(title, room, glyphs.ellipsis), BRAND)
            _draw_cells(canvas, y, area, [(name, width, MUTED) for name, width, _, _ in cells], glyphs)
        for row in found.top.get(by, ()):
            y += 1
            if y >= area.y + area.height:
                return area.height
            text, style = name_of(row["key"], by)
            canvas.put(y, area.x + 1, clip(text, room - 1, glyphs.ellipsis), style)
            _draw_cells(canvas, y, area, [(cell(row), width, style) for _, width, style, cell in cells], glyphs)
        y += 2
    return min(y - area.y, area.height)


def _draw_cells(canvas: Canvas, y: int, area: Area, cells: list[tuple[str, int, int]], glyphs: Glyphs) -> None:
    """Right-aligned, from the right edge of the area."""
    x = area.x + area.width - sum(width for _, width, _ in cells)
    for text, width, style in cells:
        canvas.field(y, x, width - 1, text, style, True, glyphs.ellipsis)
        x += width


def _draw_graph(canvas: Canvas, area: Area, row: Row, found: Grouped, recent: Recent, glyphs: Glyphs) -> None:
    """Down above, up below, of the minute in which the process was on screen."""
    if area.height < 5 or area.width < GRAPH_WIDTH + 10:
        return
    second = found.now_ns // 1_000_000_000 - 1
    up, down = (recent.values(row["key"], second, side) for side in (0, 1))
    top = graph.ceiling(max(graph.highest(up), graph.highest(down)))
    tall = min((area.height - 2) // 2, 6)
    canvas.put(area.y, area.x, "Last 60 s", BRAND)
    canvas.put(area.y, area.x + 11, clip(f"peak {fmt.rate(graph.highest(down))} down, {fmt.rate(graph.highest(up))} up",
                                         area.width - 11, glyphs.ellipsis), MUTED)
    for y, values, style, mirrored in ((area.y + 1, down, DOWN, False), (area.y + 1 + tall, up, UP, True)):
        graph.axis(canvas, Area(y, area.x, tall, 9), top, fmt.rate, glyphs, mirrored)
        graph.area(canvas, Area(y, area.x + 10, tall, 30), values, top, style, glyphs, mirrored)
