"""The Lite view: one calm screen of 80x24 without tabs: how much flows, how well, and who talks."""
from __future__ import annotations

from netwatch._fast.term.canvas import Canvas, clip, text_width
from netwatch.addons.overview import Overview
from netwatch.addons.throughput import Past
from netwatch.ui.chrome import draw_footer, draw_status, source_words
from netwatch.ui.state import Area, State
from netwatch.ui.tabs.dashboard import responders
from netwatch.ui.tabs.dashboard.health import dns_tile, gateway_tile, range_words, resent_tile
from netwatch.ui.tabs.dashboard.responders import ACTIONS, new_part, question
from netwatch.ui.theme import BRAND, DOWN, MUTED, UP, Glyphs
from netwatch.ui.widgets import graph, throughput
from netwatch.ui.widgets.tiles import Tile

__all__ = ["ACTIONS", "BARE", "draw", "new_part", "on_mouse", "question"]

BARE = True


def list_area(area: Area) -> Area:
    """Where the list stands: below the graphs, above two lines of the frame."""
    top = 2 + graph_rows(area) + 4
    return Area(area.y + top, area.x, max(0, area.height - top - 3), area.width)


def graph_rows(area: Area) -> int:
    """Rows of both graphs together."""
    return max(0, min(area.height - 15, area.height // 4))


def draw(canvas: Canvas, area: Area, state: State) -> None:
    """The whole screen."""
    found, glyphs = responders.overview(state), state.glyphs
    y, x, height, width = area
    used = canvas.put(y, x + 1, "netwatch", BRAND) + 3
    sign, source = source_words(state)
    text = clip(source[0], max(0, width - used - 4), glyphs.ellipsis)
    at = x + width - 2 - text_width(text)
    canvas.put(y, at, *sign)
    canvas.put(y, at + 1, text, source[1])
    if found is None:
        words = state.snapshot.error or f"Reading {state.label}"
        canvas.put(y + 2, x + 1, clip(words, width - 2, glyphs.ellipsis), MUTED)
    else:
        canvas.put(y, x + used, clip(range_words(found), max(0, at - used - 2), glyphs.ellipsis), MUTED)
        _draw_graphs(canvas, Area(y + 1, x + 1, graph_rows(area) + 3, width - 2), found, state)
        _draw_health(canvas, y + 4 + graph_rows(area) + 1, x + 1, width - 2, found, glyphs, state.live)
        responders.draw(canvas, list_area(area), state)
    draw_status(canvas, y + height - 2, state)
    draw_footer(canvas, y + height - 1, state)


def _draw_graphs(canvas: Canvas, area: Area, found: Overview, state: State) -> None:
    """Three lines of words and the graphs between them: down, up, time."""
    y, x, height, width = area
    past, glyphs = found.past, state.glyphs
    rows = height - 3
    upper = rows - rows // 3
    throughput.put_rate(canvas, y, x, width, past, "down", state.live, glyphs)
    _draw_way(canvas, Area(y + 1, x, upper, width), past, "down", DOWN, glyphs)
    throughput.put_rate(canvas, y + 1 + upper, x, width, past, "up", state.live, glyphs)
    _draw_way(canvas, Area(y + 2 + upper, x, rows - upper, width), past, "up", UP, glyphs)
    throughput.draw_time(canvas, y + height - 1, x, width, past, state.live, glyphs)


def _draw_way(canvas: Canvas, area: Area, past: Past, key: str, style: int, glyphs: Glyphs) -> None:
    if area.height > 0:
        graph.area(canvas, area, graph.stretch(past.rates.get(key, ()), area.width),
                   graph.ceiling(throughput.highest(past, key)), style, glyphs)


def _draw_health(canvas: Canvas, y: int, x: int, width: int, found: Overview, glyphs: Glyphs, live: bool) -> None:
    """Gateway, DNS and segments sent again, on one line; what was not measured has the sign for that."""
    start = x
    shown: list[Tile] = [gateway_tile(found, glyphs)] if live else []
    for tile in (*shown, dns_tile(found, glyphs), resent_tile(found)):
        value = tile.value or glyphs.none
        if x + text_width(tile.title) + text_width(value) + 1 > start + width:
            break
        x += canvas.put(y, x, f"{tile.title} ", MUTED)
        x += canvas.put(y, x, value, tile.style if tile.value else MUTED) + 3


def on_mouse(state: State, what: str, y: int, x: int) -> None:
    responders.click(state, list_area(state.body), what, y)
