"""What is told of one process: its sums, where its traffic goes, in what states, and its last minute as a graph."""
from __future__ import annotations

from typing import Any

from netwatch._fast.canvas import clip
from netwatch.ask.groups import Grouped
from netwatch.ui import format as fmt
from netwatch.ui.recent import Recent
from netwatch.ui.state import Area, State
from netwatch.ui.tabs.flow_cells import Row
from netwatch.ui.tabs.group_cells import name_of
from netwatch.ui.theme import BRAND, DOWN, MUTED, TEXT, TITLE, UP, Glyphs
from netwatch.ui.widgets import graph

GRAPH_WIDTH = 32                   # cells of a minute, and of its scale
LISTS_FROM = 72                    # cells from which lists and graph stand side by side


def draw(canvas: Any, area: Area, state: State, row: Row | None, found: Grouped | None, recent: Recent) -> None:
    glyphs, beside = state.glyphs, area.x > state.body.x
    if row is None or found is None:
        canvas.put(area.y, area.x + 1, " No process is selected ", TITLE)
        return
    kind, value = row["key"]
    name = name_of(row["key"], "pid")[0]
    heading = f" {name}, PID {value[1]} " if kind == "pid" and value[1] >= 0 else f" {name} "
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


def _draw_lists(canvas: Any, area: Area, found: Grouped, glyphs: Glyphs) -> int:
    """Top remotes and states; rows used."""
    y = area.y
    for title, by in (("Top remotes", "remote"), ("States", "state")):
        rows = (found.top or {}).get(by)
        if y < area.y + area.height:
            canvas.put(y, area.x, title, BRAND)
            canvas.field(y, area.x + area.width - 31, 8, "Flows", MUTED, True, glyphs.ellipsis)
            canvas.field(y, area.x + area.width - 22, 10, "Down", MUTED, True, glyphs.ellipsis)
            canvas.field(y, area.x + area.width - 11, 10, "Up", MUTED, True, glyphs.ellipsis)
        for row in rows or ():
            y += 1
            if y >= area.y + area.height:
                return area.height
            text, style = name_of(row["key"], by)
            canvas.put(y, area.x + 1, clip(text, area.width - 33, glyphs.ellipsis), style)
            canvas.field(y, area.x + area.width - 31, 8, fmt.count(row["flows"]), TEXT, True, glyphs.ellipsis)
            canvas.field(y, area.x + area.width - 22, 10, fmt.size(row["bytes_in"]), DOWN, True, glyphs.ellipsis)
            canvas.field(y, area.x + area.width - 11, 10, fmt.size(row["bytes_out"]), UP, True, glyphs.ellipsis)
        y += 2
    return min(y - area.y, area.height)


def _draw_graph(canvas: Any, area: Area, row: Row, found: Grouped, recent: Recent, glyphs: Glyphs) -> None:
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
