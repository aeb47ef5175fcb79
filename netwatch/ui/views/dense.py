"""The Dense view: four boxes on one large screen: throughput, interfaces and counts, health, connections."""
from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from netwatch._fast.term.canvas import Canvas, clip, text_width
from netwatch.addons.overview import Overview, OverviewQuestion
from netwatch.ui import format as fmt
from netwatch.ui.chrome import draw_footer, draw_status, source_words
from netwatch.ui.state import Area, State
from netwatch.ui.tabs import interfaces
from netwatch.ui.tabs.dashboard import responders
from netwatch.ui.tabs.dashboard.health import dns_tile, gateway_tile, health_lines, range_words, resent_tile
from netwatch.ui.tabs.dashboard.responders import ACTIONS, new_part
from netwatch.ui.theme import BRAND, DOWN, FAINT, MUTED, TEXT, TITLE, UP
from netwatch.ui.widgets import graph, table, throughput
from netwatch.ui.widgets.box import draw_box

__all__ = ["ACTIONS", "BARE", "draw", "new_part", "on_mouse", "question"]

BARE = True
LEAST_ROWS, LEAST_COLS = 44, 130
STRIPS = (("packets", "packets", TEXT), ("begun", "new flows", TEXT), ("dns", "DNS queries", TEXT),
          ("resent", "TCP resent", TEXT), ("drops", "dropped", TEXT))
LINKS = 5                          # interfaces that are shown
LINK_COLUMNS = [column for column in interfaces.COLUMNS
                if column.key in ("name", "state", "rx", "tx", "errors", "drops", "history")]
ROOM_FOR_HISTORY = 90              # columns


class Layout(NamedTuple):
    """The boxes, edges included."""
    net: Area
    counts: Area
    health: Area
    list: Area


def question(state: State) -> OverviewQuestion:
    return replace(responders.question(state), interfaces=state.live)


def fits(area: Area) -> bool:
    return area.height >= LEAST_ROWS and area.width >= LEAST_COLS


def layout(area: Area) -> Layout:
    """Below a line of title, above the two lines of the frame."""
    y, x, height, width = area
    room = height - 3
    net, middle = room * 2 // 5, 14
    half = width // 2
    return Layout(Area(y + 1, x, net, width), Area(y + 1 + net, x, middle, half),
                  Area(y + 1 + net, x + half, middle, width - half),
                  Area(y + 1 + net + middle, x, room - net - middle, width))


def draw(canvas: Canvas, area: Area, state: State) -> None:
    """The whole screen, or why it is not there."""
    found, glyphs = responders.overview(state), state.glyphs
    y, x, height, width = area
    if not fits(area):
        lines = (("Dense needs a larger terminal", TITLE), (f"{width}x{height} now, {LEAST_COLS}x{LEAST_ROWS} needed",
                 MUTED), ("V goes to the next view", MUTED))
        for i, (text, style) in enumerate(lines):
            canvas.put(y + max(0, height // 2 - 2) + i, x + max(0, (width - len(text)) // 2), text, style)
    else:
        canvas.put(y, x + 1, "netwatch", BRAND)
        sign, words = source_words(state)
        text = clip(words[0], width - 20, glyphs.ellipsis)
        at = x + width - 2 - text_width(text)
        canvas.put(y, at, *sign)
        canvas.put(y, at + 1, text, words[1])
        if found is None:
            canvas.put(y + 2, x + 1, clip(state.snapshot.error or f"Reading {state.label}", width - 2, glyphs.ellipsis),
                       MUTED)
        else:
            _draw_boxes(canvas, layout(area), found, state)
    draw_status(canvas, y + height - 2, state)
    draw_footer(canvas, y + height - 1, state)


def _inside(area: Area) -> Area:
    return Area(area.y + 1, area.x + 2, area.height - 2, area.width - 4)


def _draw_boxes(canvas: Canvas, places: Layout, found: Overview, state: State) -> None:
    glyphs = state.glyphs
    draw_box(canvas, places.net, f"1 Throughput, {range_words(found)}", glyphs)
    throughput.draw(canvas, _inside(places.net), found.past, state.live, glyphs)
    inside = _inside(places.counts)
    if found.interfaces:
        shown = min(LINKS, len(found.interfaces))
        words = f", {shown} of {len(found.interfaces)}" if shown < len(found.interfaces) else ""
        draw_box(canvas, places.counts, f"2 Interfaces{words}, and by the second", glyphs)
        _draw_links(canvas, Area(inside.y, inside.x, 1 + shown, inside.width), found, state)
        below = 1 + LINKS
        _draw_counts(canvas, Area(inside.y + below, inside.x, inside.height - below, inside.width), found, state)
    else:
        draw_box(canvas, places.counts, "2 By the second", glyphs)
        _draw_counts(canvas, inside, found, state)
    draw_box(canvas, places.health, "3 Health", glyphs)
    _draw_health(canvas, _inside(places.health), found, state)
    title, words = responders.title_of(found, state)
    draw_box(canvas, places.list, f"4 {title}: {words}", glyphs)
    responders.draw(canvas, list_area(places), state)


def list_area(places: Layout) -> Area:
    y, x, height, width = places.list
    return Area(y + 1, x + 1, height - 2, width - 2)


def _draw_links(canvas: Canvas, area: Area, found: Overview, state: State) -> None:
    """The busiest interfaces of this machine, as its Interfaces tab shows them."""
    y, x, height, width = area
    columns = [column for column in LINK_COLUMNS if column.key != "history" or width >= ROOM_FOR_HISTORY]
    slots = [slot._replace(x=slot.x + 2) for slot in table.fit(columns, width - 2)]
    table.draw_heads(canvas, y, x, slots, "", True, state.glyphs)
    for i, row in enumerate(found.interfaces[:height - 1]):
        sign, style, tint = interfaces.mark(row, state.glyphs)
        canvas.put(y + 1 + i, x, sign, style)
        table.draw_row(canvas, y + 1 + i, x, slots, row, tint, state.glyphs)


def _draw_counts(canvas: Canvas, area: Area, found: Overview, state: State) -> None:
    """A line each: the newest rate, the count of the range, and its course."""
    y, x, height, width = area
    past, glyphs = found.past, state.glyphs
    canvas.put(y, x, "", MUTED)
    for text, at, cells in (("now/s" if state.live else "last/s", 15, 8), (past.range, 24, 9),
                            ("peak/s", 34, 8)):
        canvas.field(y, x + at, cells, text, MUTED, True, glyphs.ellipsis)
    ways = (("down", f"{glyphs.down} bytes", DOWN), ("up", f"{glyphs.up} bytes", UP))
    for i, (key, name, style) in enumerate((STRIPS if found.interfaces else (*ways, *STRIPS))[:height - 1]):
        rates = past.rates.get(key, ())
        now, measured = throughput.newest(past, key), key != "drops" or state.live
        measured = measured and not (key == "dns" and found.dns.off) and now is not None
        shown = (fmt.short_count(now or 0), fmt.short_count(past.counts.get(key, 0)),
                 fmt.short_count(throughput.highest(past, key))) if measured else (glyphs.none,) * 3
        canvas.put(y + 1 + i, x, name, MUTED)
        for text, at, cells in zip(shown, (15, 24, 34), (8, 9, 8), strict=True):
            canvas.field(y + 1 + i, x + at, cells, text, TEXT if measured else MUTED, True, glyphs.ellipsis)
        room = width - 45
        if measured and room > 4:
            canvas.put(y + 1 + i, x + 44, graph.spark(graph.stretch(rates, room), room, None, glyphs), style)


def _draw_health(canvas: Canvas, area: Area, found: Overview, state: State) -> None:
    """What was timed on the left, how the capture does on the right."""
    y, x, height, width = area
    glyphs = state.glyphs
    half = width // 2
    timed = ([gateway_tile(found, glyphs)] if state.live else []) + [dns_tile(found, glyphs), resent_tile(found)]
    line = y
    for tile in timed:
        canvas.field(line, x, 12, tile.title, MUTED, False, glyphs.ellipsis)
        canvas.field(line, x + 12, half - 13, tile.value or glyphs.none, tile.style if tile.value else MUTED, True,
                     glyphs.ellipsis)
        canvas.put(line + 1, x + 2, clip(tile.note, half - 4, glyphs.ellipsis), MUTED)
        line += 3
    canvas.fill(y, x + half, height, 1, glyphs.side, FAINT)
    if state.health is None:
        return
    for i, (name, value, style) in enumerate(health_lines(state.health, state, found)[:height]):
        canvas.put(y + i, x + half + 2, clip(name, 19, glyphs.ellipsis), MUTED)
        canvas.field(y + i, x + half + 22, max(1, width - half - 22), value, style, True, glyphs.ellipsis)


def on_mouse(state: State, what: str, y: int, x: int) -> None:
    if fits(state.body):
        responders.click(state, list_area(layout(state.body)), what, y)
