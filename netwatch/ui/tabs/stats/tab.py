"""The Stats tab: what came in a range of time, which protocols it was, who sent it, and how long round trips took.

Counts by the second are exact for any range. Sums over flows are of the flows that began in the range, which is said,
with how many older ones are left out.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from netwatch._fast.term.canvas import Canvas, clip
from netwatch.addons.statistics import Piece, Share, Statistics, Talker
from netwatch.addons.throughput import RANGES
from netwatch.ui import drill
from netwatch.ui import format as fmt
from netwatch.ui.state import Area, State
from netwatch.ui.tabs.stats import histogram
from netwatch.ui.tabs.stats.panels import (
    PANELS,
    UNRECOGNISED,
    Row,
    identity,
    is_dns,
    layout,
    new_part,
    of_protocol,
    of_time,
    part,
    place,
    question,
    rows_of,
    statistics,
    times_of,
    top_of,
    ways,
)
from netwatch.ui.theme import ADDRESS, APP, HEAD_SORT, MATCH, MUTED, NAME, TEXT, TITLE, UNDERLINE, Glyphs
from netwatch.ui.widgets import table, tiles
from netwatch.ui.widgets.table import Cell, Column
from netwatch.ui.widgets.throughput import average, average_words
from netwatch.ui.widgets.tiles import Tile

__all__ = ["ACTIONS", "draw", "new_part", "on_mouse", "question"]

ROOMY = 64                         # cells from which a panel of times says all of what it is about

# ------------------------------------------------------------------------------------------------------------- its keys

def _turn(step: int) -> Callable[[State], None]:
    def act(state: State) -> None:
        names = list(RANGES)
        part(state).range = names[(names.index(part(state).range) + step) % len(names)]
    return act


def panels(state: State) -> list[str]:
    """Those that there is room for."""
    places = layout(state)
    return [name for name in PANELS if getattr(places, name)]


def _panel(state: State) -> str:
    """The one that has the keys."""
    return part(state).panel if part(state).panel in panels(state) else PANELS[0]


def _move(to: Callable[[int, int], int]) -> Callable[[State], None]:
    """Select another row of the panel that has the keys."""
    def act(state: State) -> None:
        found, panel = statistics(state), _panel(state)
        rows = rows_of(state, found, panel) if found else []
        if found and rows:
            _select(state, found, panel, max(0, min(len(rows) - 1, to(place(state, found, panel), len(rows)))))
    return act


def _select(state: State, found: Statistics, panel: str, at: int) -> None:
    mine, rows = part(state), rows_of(state, found, panel)
    mine.panel, mine.chosen[panel] = panel, identity(rows[at])
    mine.tops[panel] = top_of(state, panel, height_of(state, panel), at, len(rows))


def height_of(state: State, panel: str) -> int:
    """Rows of a panel that are on screen."""
    area = getattr(layout(state), panel)
    return max(1, area.height - (2 if panel in PANELS[:2] else 1)) if area else 1


def panel_next(state: State) -> None:
    names = panels(state)
    part(state).panel = names[(names.index(_panel(state)) + 1) % len(names)]


def _by(step: int) -> Callable[[State], None]:
    """Sum up by something else."""
    def act(state: State) -> None:
        names, mine = ways(state), part(state)
        mine.by = names[((names.index(mine.by) if mine.by in names else 0) + step) % len(names)]
        mine.panel = PANELS[0]
        state.message = f"By {mine.by}"
    return act


def follow(state: State) -> None:
    """Exactly the flows that the selected row has counted, in Connections."""
    found, panel = statistics(state), _panel(state)
    rows = rows_of(state, found, panel) if found else []
    if not found or not rows:
        state.message = "Nothing is selected"
        return
    row, since = rows[place(state, found, panel)], found.past.since_ns
    if isinstance(row, Piece):
        drill.into(state, row.within)
    elif isinstance(row, Share):
        drill.into(state, of_protocol(row, since))
    else:
        text, words = (f"src == {row.address} or dst == {row.address}", row.address) if isinstance(row, Talker) else \
            of_time(state, panel, row)
        if since:
            text = f"({text}) and first >= {datetime.fromtimestamp(since / 1e9, UTC):%Y-%m-%dT%H:%M:%SZ}"
        drill.into_text(state, text, words)


ACTIONS: dict[str, Callable[[State], None]] = {
    "range_next": _turn(1), "range_previous": _turn(-1), "stats_by": _by(1), "stats_by_previous": _by(-1),
    "stats_panel": panel_next, "stats_flows": follow,
    "stats_down": _move(lambda at, n: at + 1), "stats_up": _move(lambda at, n: at - 1),
    "stats_page_down": _move(lambda at, n: at + 10), "stats_page_up": _move(lambda at, n: at - 10),
    "stats_first": _move(lambda at, n: 0), "stats_last": _move(lambda at, n: n - 1),
}


def chip_spots(state: State) -> list[tuple[int, str]]:
    """(x, name) of each range in the first line."""
    spots, x = [], state.body.x + 1
    for name in RANGES:
        spots.append((x, name))
        x += len(name) + 2
    return spots


def on_mouse(state: State, what: str, y: int, x: int) -> None:
    if what.startswith("wheel"):
        ACTIONS["stats_up" if what == "wheel-up" else "stats_down"](state)
        return
    if y == state.body.y:
        for start, name in chip_spots(state):
            if start <= x < start + len(name):
                part(state).range = name
    found, places = statistics(state), layout(state)
    for panel in panels(state):
        area = getattr(places, panel)
        if found and area.y < y < area.y + area.height and area.x <= x < area.x + area.width:
            height, rows = height_of(state, panel), rows_of(state, found, panel)
            line = y - area.y - (area.height - height)
            at = top_of(state, panel, height, place(state, found, panel), len(rows)) + line
            if line >= 0 and at < len(rows):
                _select(state, found, panel, at)
                if what == "double":
                    follow(state)


# -------------------------------------------------------------------------------------------------- what it looks like

def draw(canvas: Canvas, area: Area, state: State) -> None:
    """The whole tab. `area` is state.body."""
    places, found, glyphs = layout(state), statistics(state), state.glyphs
    _draw_chips(canvas, places.chips, found, state)
    if found is None:
        words = state.snapshot.error or f"Reading {state.label}"
        canvas.put(area.y + 2, area.x + 3, clip(words, area.width - 4, glyphs.ellipsis), MUTED)
        return
    tiles.draw(canvas, places.tiles, tiles_of(found, state.live, glyphs), glyphs)
    by, tops = part(state).by, list(rows_of(state, found, "pieces"))
    title = "Protocols" if by == "protocol" else f"By {by}"
    _draw_list(canvas, places.pieces, PIECES, tops, title, _note(found, by), state, "pieces",
               _note_in_short(found, by))
    if places.talkers:
        noun = "address" if found.addresses == 1 else "addresses"
        left_out = f", {fmt.count(found.left_out)} left out" if found.left_out else ""
        _draw_list(canvas, places.talkers, TALKERS, list(found.talkers), "Top talkers",
                   f"of {fmt.count(found.addresses)} {noun}{left_out}", state, "talkers")
    if places.handshake and places.data:
        roomy = places.data.width >= ROOMY
        other = "DNS response" if is_dns(state) else "TCP data to ACK, smoothed, worse side" if roomy else "Data RTT"
        for panel, words in (("handshake", "TCP handshake RTT" if roomy else "Handshake"), ("data", other)):
            histogram.draw(canvas, getattr(places, panel), words, times_of(state, found, panel),
                        place(state, found, panel) if _panel(state) == panel else None, glyphs)


def _note(found: Statistics, by: str) -> str:
    """Which flows the sums are of, and what of them is counted twice or not known."""
    twice = fmt.counted_twice(found.carried) if by == "protocol" else found.why
    return flows_meant(found) + (f"; {twice}" if twice else "")


def _note_in_short(found: Statistics, by: str) -> str:
    """The same where there is less room: that something is counted twice is no small thing."""
    return fmt.counted_twice(found.carried, 0) if by == "protocol" else ""


def flows_meant(found: Statistics) -> str:
    """Which flows the sums are of, and which are missing from them."""
    whole = found.past.since_ns == 0
    words = "session" if whole else f"flows begun in {found.past.range}"
    if not whole and found.older:
        words += f"; {fmt.count(found.older)} older not in it"
    return words + (f"; {fmt.count(found.gone)} no longer held" if found.gone else "")


def _draw_chips(canvas: Canvas, area: Area, found: Statistics | None, state: State) -> None:
    x = area.x + 1
    for x, name in chip_spots(state):
        chosen = name == part(state).range
        canvas.put(area.y, x, name, HEAD_SORT | UNDERLINE if chosen else MUTED, area.x + area.width - x)
    x += len("session") + 3
    if found is None:
        return
    past = found.past
    until = past.until_ns
    words = f"{fmt.age(past.seconds)} to {fmt.day(until)} {fmt.clock(until)} {fmt.zone(until)}" if past.end else \
        "no frame has a time" if found.past.session["packets"] else "nothing yet"
    x += canvas.put(area.y, x, clip(words, area.x + area.width - x, state.glyphs.ellipsis), TEXT) + 2
    if state.filter.applied_text:
        text = f"filter: {state.filter.applied_text} (not of the counts)"
        canvas.put(area.y, x, clip(text, max(0, area.x + area.width - x), state.glyphs.ellipsis), MATCH)


def tiles_of(found: Statistics, live: bool, glyphs: Glyphs) -> list[Tile]:
    """Counts of the range, exact; each with its mean rate."""
    past = found.past
    counts = past.counts

    def mean(key: str) -> str:
        value = average(past, key)
        return glyphs.none if value is None else f"{fmt.short_count(value)}/s"

    share = f"{100 * counts['resent'] / counts['tcp']:.2f} %" if counts.get("tcp") else "no TCP"
    median = found.dns.median_us
    answer = "not read" if found.dns.off else "none timed" if median is None else (
        f"p50 {fmt.micros(median, glyphs.ascii_only)}")
    return [
        Tile("Packets", fmt.count(counts["packets"]), mean("packets")),
        Tile("Bytes", fmt.size(counts["bytes"]), average_words(past, "bytes", glyphs)),
        Tile("Flows begun", fmt.count(counts["begun"]), f"{fmt.count(counts['ended'])} ended"),
        Tile("DNS queries", "" if found.dns.off else fmt.count(counts["dns"]), answer),
        Tile("TCP resent", fmt.count(counts["resent"]) if counts.get("tcp") else "", share),
        Tile("Dropped", fmt.count(counts["drops"]) if live else "", "frames" if live else "not in file"),
    ]


def _name(row: Share | Piece, glyphs: Glyphs) -> Cell:
    if isinstance(row, Piece):
        return row.label, TEXT
    if not row.app:
        return row.transport, TITLE
    return f"  {row.app}", APP if row.app != UNRECOGNISED else MUTED


PIECES = (
    Column("name", "What", 14, 40, 1, False, 99, _name),
    Column("flows", "Flows", 6, 8, 0, True, 60, lambda row, glyphs: (fmt.short_count(row.flows), TEXT)),
    Column("packets", "Packets", 7, 9, 0, True, 50, lambda row, glyphs: (fmt.short_count(row.packets), TEXT)),
    Column("bytes", "Bytes", 8, 8, 0, True, 80, lambda row, glyphs: (fmt.size(row.bytes), TEXT)),
)
TALKERS = (
    Column("address", "Address", 15, 39, 2, False, 99, lambda each, glyphs: (each.address, ADDRESS)),
    Column("name", "Name", 12, 40, 2, False, 40,
           lambda each, glyphs: (each.name, NAME) if each.name else (glyphs.none, MUTED)),
    Column("flows", "Flows", 5, 7, 0, True, 50, lambda each, glyphs: (fmt.short_count(each.flows), TEXT)),
    Column("sent", "Sent", 8, 8, 0, True, 80, lambda each, glyphs: (fmt.size(each.sent), TEXT)),
    Column("received", "Received", 8, 8, 0, True, 70, lambda each, glyphs: (fmt.size(each.received), TEXT)),
)


def _draw_list(canvas: Canvas, area: Area, columns: tuple[Column, ...], rows: Sequence[Row], title: str, note: str,
               state: State, panel: str, brief: str = "") -> None:
    """A panel with a list, most first. The share of the largest is shown by a bar where there is room. `brief`: the
    note where it has no room."""
    y, x, height, width = area
    glyphs, found = state.glyphs, statistics(state)
    tiles.draw_title(canvas, y, x, width, title, note, TITLE, glyphs, brief)
    if not rows or found is None:
        canvas.put(y + 1, x + 2, "none", MUTED)
        return
    bar = width // 5 if columns is PIECES and width >= 60 else 0
    slots = table.fit(columns, width - 4 - (bar + 1 if bar else 0))
    order = "" if columns is TALKERS else "flows" if is_dns(state) else "bytes"
    table.draw_heads(canvas, y + 1, x + 2, slots, order, True, glyphs)
    most = max((row.bytes for row in rows if isinstance(row, Share | Piece)), default=0)
    inner = Area(y + 2, x, max(0, height - 2), width)
    at = place(state, found, panel)
    top = top_of(state, panel, inner.height, at, len(rows))
    for i, row in enumerate(rows[top:top + inner.height]):
        table.draw_row(canvas, inner.y + i, x + 2, slots, row, None, glyphs)
        if bar and isinstance(row, Share | Piece):
            histogram.draw_bar(canvas, inner.y + i, x + width - bar - 1, bar - 1, row.bytes, most, glyphs)
        if top + i == at and _panel(state) == panel:
            table.draw_selection(canvas, inner.y + i, Area(inner.y + i, x, 1, width - 1), glyphs)
    table.draw_scroll_bar(canvas, inner, top, len(rows), glyphs)
