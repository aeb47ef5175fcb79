"""The Dashboard tab: is all right, and who uses the network? The interface and its health on a few lines, how much
flows and what is new, programs and where they go, and with room for it how the capture does."""
from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from netwatch._fast.term.canvas import Canvas, clip, text_width
from netwatch.addons.dashboard import DashboardNow, DashboardQuestion
from netwatch.ui import format as fmt
from netwatch.ui.state import Area, State
from netwatch.ui.tabs.dashboard import health, news, programs, responders
from netwatch.ui.tabs.dashboard.programs import DashboardPart
from netwatch.ui.theme import APP, FAINT, MUTED, TEXT, TITLE
from netwatch.ui.widgets import throughput, tiles
from netwatch.ui.widgets.facts import Span
from netwatch.ui.widgets.table import Column

__all__ = ["ACTIONS", "draw", "new_part", "on_mouse", "question"]

SIDE_BY_SIDE = 100                 # columns from which parts stand beside each other
CAPTURE_FROM = 170                 # ... from which the capture's own health has a place
CAPTURE = 36
GAP = 3                            # cells between two items of a line
TALL = 34                          # rows from which a narrow screen tells what is new
new_part = DashboardPart
HOSTS = (responders.COLUMNS[1], Column("app", "App", 6, 12, 1, False, 85, lambda peer, glyphs: (peer.spoken, APP)),
         *(column for column in responders.COLUMNS if column.key not in ("process", "host", "app")))


def found_of(state: State) -> DashboardNow | None:
    """The newest answer; None before the first."""
    found = state.snapshot.answer
    return found if isinstance(found, DashboardNow) else None


def question(state: State) -> DashboardQuestion:
    return DashboardQuestion(responders.range_of(state), responders.KEPT, responders.by_rate(state),
                             state.filter.applied, state.at is None, frozenset(programs.part(state).unfolded))


class Layout(NamedTuple):
    """From above: lines of the interface and of health, the chart (with its title) and what is new, the lists (with
    their titles) and the capture's own health. None for what has no place."""
    lines: Area
    chart: Area
    news: Area | None
    programs: Area
    hosts: Area | None
    capture: Area | None


def layout(state: State) -> Layout:
    """Cut the tab's area up: drawing and the mouse ask."""
    y, x, height, width = state.body
    wide, found = width >= SIDE_BY_SIDE, found_of(state)
    lines = Area(y, x, min(len(lines_of(found, state, width)) if found else 1, max(1, height // 5)), width)
    y, height = y + lines.height, height - lines.height
    chart = 0 if height < 16 else max(6, height // 3)
    chart = 6 if chart and height < 24 else chart
    beside = width * 3 // 5 if wide else width
    told = state.at is None
    fresh = Area(y, x + beside, chart, width - beside) if wide and told and chart else None
    place = Area(y, x, chart, beside if fresh else width)
    y, height = y + chart, height - chart
    if not wide and told and height >= TALL - 14 and state.body.height >= TALL:
        fresh = Area(y, x, 5, width)
        y, height = y + 5, height - 5
    capture = Area(y, x + width - CAPTURE, height, CAPTURE) if width >= CAPTURE_FROM and told else None
    room = width - (CAPTURE + 1 if capture else 0)
    if wide:
        left = room * 3 // 5
        return Layout(lines, place, fresh, Area(y, x, height, left), Area(y, x + left, height, room - left), capture)
    upper = height if height < 8 else height - max(4, height * 2 // 5)
    upper = min(upper, max(4, len(programs.branches(state)) + 2)) if upper < height else upper
    hosts = Area(y + upper, x, height - upper, width) if upper < height else None
    if hosts is None and programs.part(state).where:
        return Layout(lines, place, fresh, Area(y, x, 0, width), Area(y, x, height, width), capture)
    return Layout(lines, place, fresh, Area(y, x, upper, width), hosts, capture)


def draw(canvas: Canvas, area: Area, state: State) -> None:
    """The whole tab. `area` is state.body."""
    found, glyphs = found_of(state), state.glyphs
    if found is None:
        words = state.snapshot.error or f"Reading {state.label}"
        canvas.put(area.y + 1, area.x + 3, clip(words, area.width - 4, glyphs.ellipsis), MUTED)
        return
    places = layout(state)
    for i, spans in enumerate(lines_of(found, state, area.width)[:places.lines.height]):
        at = area.x + 1
        for text, style in spans:
            at += canvas.put(area.y + i, at, text, style)
    y, x, height, width = places.chart
    if height:
        tiles.draw_title(canvas, y, x, width, f"Throughput {health.range_words(found)}", _all(state), TITLE, glyphs)
        throughput.draw(canvas, Area(y + 1, x + 1, height - 1, width - 2), found.past, state.live and state.at is None,
                        glyphs)
    if places.news:
        news.draw(canvas, places.news, found, state)
    _draw_lists(canvas, places, found, state)


def _draw_lists(canvas: Canvas, places: Layout, found: DashboardNow, state: State) -> None:
    glyphs, where = state.glyphs, programs.part(state).where
    y, x, height, width = places.programs
    if height:
        tiles.draw_title(canvas, y, x, width, *programs.title(found, state), MUTED if where else TITLE, glyphs)
        programs.draw(canvas, Area(y + 1, x, height - 1, width), state)
    if places.hosts:
        y, x, height, width = places.hosts
        noun = f"{fmt.count(found.hosts)} host{'s' * (found.hosts != 1)}"
        more = f", {fmt.count(found.left_out)} flows left out" if found.left_out else ""
        twice = fmt.counted_twice(found.carried, width - 40)
        tiles.draw_title(canvas, y, x, width, "Where to", noun + more + (f"; {twice}" if twice else ""),
                         TITLE if where else MUTED, glyphs, twice)
        responders.draw(canvas, Area(y + 1, x, height - 1, width), state, HOSTS, where)
        if x > places.programs.x:
            canvas.fill(y + 1, x, height - 1, 1, glyphs.side, FAINT)
    if places.capture:
        y, x, height, width = places.capture
        tiles.draw_title(canvas, y, x, width, "Capture", "", TITLE, glyphs)
        _draw_capture(canvas, Area(y + 1, x, height - 1, width), state)


def lines_of(found: DashboardNow, state: State, width: int) -> list[list[Span]]:
    """The interface of a live source, or how much flows in a file, and how the network does, as lines that fit."""
    items: list[list[list[Span]]] = []
    if state.live and state.at is None:
        names = [name.strip() for name in state.label.split(",")]
        rows = [row for row in found.interfaces if row.name in names] or list(found.interfaces[:1])
        items += [health.card_items(row, found, state.health if i == 0 else None, state.glyphs)
                  for i, row in enumerate(rows[:2])]
    else:
        items.append([_pace(found, state.health is not None and state.health.done)])
    told = health.health_items(found, state.live, state.glyphs)
    return [line for each in (*items, told) for line in _wrapped(each, width - 2)]


def _pace(found: DashboardNow, whole: bool) -> list[Span]:
    """How much flows in a file: at the clock of its replay, and once all of it was read on the mean."""
    told = throughput.average if whole else throughput.newest
    mean, packets = (told(found.past, key) for key in ("bytes", "packets"))
    if mean is None or packets is None:
        why = "no time passes in it" if found.past.until_ns else "no frame has a time"
        return [(f"Throughput not measured: {why}", MUTED)]
    return [("Throughput ", MUTED), (fmt.rate(mean), TEXT),
            (f", {fmt.short_count(packets)} packets/s, {'mean' if whole else 'now'}", MUTED)]


def _wrapped(items: list[list[Span]], width: int) -> list[list[Span]]:
    """Items one after the other, each whole, on as many lines as it takes."""
    lines: list[list[Span]] = []
    used = width + 1
    for item in items:
        cells = sum(text_width(text) for text, _ in item)
        if used + GAP + cells > width:
            lines.append(list(item))
            used = cells
        else:
            lines[-1] += [(" " * GAP, MUTED), *item]
            used += GAP + cells
    return lines


def _all(state: State) -> str:
    return "of all flows, whatever the filter" if state.filter.applied_text else ""


def _draw_capture(canvas: Canvas, area: Area, state: State) -> None:
    """What is known of the capture itself; nothing before the first look at it."""
    if state.health is None:
        return
    lines = health.health_lines(state.health, state, responders.overview(state))
    for y, (name, value, style) in enumerate(lines[:area.height], area.y):
        canvas.put(y, area.x + 1, clip(name, 20, state.glyphs.ellipsis), MUTED)
        room = max(1, area.width - 23)
        canvas.field(y, area.x + 22, room, value, style, True, state.glyphs.ellipsis)


# ------------------------------------------------------------------------------------------------------------ its keys

def _either(of_programs: Callable[[State], None], of_hosts: str) -> Callable[[State], None]:
    """A key that both lists know: it goes to the one that has the keys."""
    def act(state: State) -> None:
        (responders.ACTIONS[of_hosts] if programs.part(state).where else of_programs)(state)
    return act


def turn_panel(state: State) -> None:
    """The keys go to the other list."""
    mine = programs.part(state)
    mine.where = not mine.where


ACTIONS: dict[str, Callable[[State], None]] = responders.ACTIONS | {
    "peer_down": _either(programs.move(lambda at, n: at + 1), "peer_down"),
    "peer_up": _either(programs.move(lambda at, n: at - 1), "peer_up"),
    "peer_page_down": _either(programs.move(lambda at, n: at + programs.PAGE), "peer_page_down"),
    "peer_page_up": _either(programs.move(lambda at, n: at - programs.PAGE), "peer_page_up"),
    "peer_first": _either(programs.move(lambda at, n: 0), "peer_first"),
    "peer_last": _either(programs.move(lambda at, n: n - 1), "peer_last"),
    "peer_open": _either(programs.follow, "peer_open"),
    "peer_toggle": _either(programs.turn, "peer_toggle"),
    "dashboard_panel": turn_panel,
}


def on_mouse(state: State, what: str, y: int, x: int) -> None:
    places = layout(state)
    tree, hosts = places.programs, places.hosts
    if tree.y < y < tree.y + tree.height and x < tree.x + tree.width:
        programs.click(state, Area(tree.y + 1, tree.x, tree.height - 1, tree.width), what, y)
    elif hosts and hosts.y < y < hosts.y + hosts.height and hosts.x <= x < hosts.x + hosts.width:
        programs.part(state).where = True
        responders.click(state, Area(hosts.y + 1, hosts.x, hosts.height - 1, hosts.width), what, y)
