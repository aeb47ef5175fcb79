"""The Stats tab: what came in a range of time, which protocols it was, who sent it, and how long round trips took.

Counts by the second are exact for any range. Sums over flows are of the flows that began in the range, which is said,
with how many older ones are left out.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from netwatch._fast.term.canvas import Canvas, clip
from netwatch.addons.statistics import SPREAD_US, Share, Statistics, StatisticsQuestion, Talker
from netwatch.addons.throughput import RANGES
from netwatch.ui import format as fmt
from netwatch.ui.state import Area, State
from netwatch.ui.theme import ADDRESS, APP, HEAD_SORT, MATCH, MUTED, NAME, TEXT, TITLE, UNDERLINE, UP, Glyphs
from netwatch.ui.widgets import graph, table, tiles
from netwatch.ui.widgets.table import Cell, Column
from netwatch.ui.widgets.throughput import average, average_words
from netwatch.ui.widgets.tiles import Tile

SIDE_BY_SIDE = 76                  # columns from which two panels stand beside each other
SPREAD_ROWS = 10                   # of round trips, at most


@dataclass
class Stats:
    """`top` is the first row of both lists."""
    range: str = "session"
    top: int = 0


new_part = Stats


class Layout(NamedTuple):
    """Panels have a title line each; None where there is no room."""
    chips: Area
    tiles: Area
    protocols: Area
    talkers: Area | None
    handshake: Area | None
    data: Area | None


def part(state: State) -> Stats:
    return state.part("stats", Stats)


def question(state: State) -> StatisticsQuestion:
    return StatisticsQuestion(part(state).range, where=state.filter.applied)


def statistics(state: State) -> Statistics | None:
    found = state.snapshot.answer
    return found if isinstance(found, Statistics) else None


def layout(state: State) -> Layout:
    """Cut the tab's area up: drawing and the keys ask."""
    y, x, height, width = state.body
    chips = Area(y, x, min(1, height), width)
    tall = 3 if height >= 14 else 2
    strip = Area(y + 1, x, max(0, min(tall, height - 1)), width)
    y, height = y + 1 + tall, max(0, height - 1 - tall)
    if width < SIDE_BY_SIDE:
        upper = height if height < 10 else height // 2
        return Layout(chips, strip, Area(y, x, upper, width),
                      Area(y + upper, x, height - upper, width) if height > upper else None, None, None)
    half = width // 2
    below = min(SPREAD_ROWS + 1, height * 2 // 5) if height >= 12 else 0
    upper = height - below
    lower = y + upper
    return Layout(chips, strip, Area(y, x, upper, half - 1), Area(y, x + half, upper, width - half),
                  Area(lower, x, below, half - 1) if below else None,
                  Area(lower, x + half, below, width - half) if below else None)


# ------------------------------------------------------------------------------------------------------------- its keys

def _turn(step: int) -> Callable[[State], None]:
    def act(state: State) -> None:
        names = list(RANGES)
        mine = part(state)
        mine.range, mine.top = names[(names.index(mine.range) + step) % len(names)], 0
    return act


def lowest_top(state: State) -> int:
    """The last place to which the longer list can be scrolled."""
    found, places = statistics(state), layout(state)
    if found is None:
        return 0
    rows = max(1, places.protocols.height - 2)
    return max(0, max(len(hierarchy(found.shares)), len(found.talkers) if places.talkers else 0) - rows)


def _scroll(to: Callable[[int, int], int]) -> Callable[[State], None]:
    def act(state: State) -> None:
        last = lowest_top(state)
        part(state).top = max(0, min(last, to(min(part(state).top, last), last)))
    return act


ACTIONS: dict[str, Callable[[State], None]] = {
    "range_next": _turn(1), "range_previous": _turn(-1),
    "stats_down": _scroll(lambda top, last: top + 1), "stats_up": _scroll(lambda top, last: top - 1),
    "stats_page_down": _scroll(lambda top, last: top + 10), "stats_page_up": _scroll(lambda top, last: top - 10),
    "stats_first": _scroll(lambda top, last: 0), "stats_last": _scroll(lambda top, last: last),
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
    elif y == state.body.y:
        for start, name in chip_spots(state):
            if start <= x < start + len(name):
                part(state).range, part(state).top = name, 0


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
    which = flows_meant(found)
    _draw_list(canvas, places.protocols, PROTOCOLS, hierarchy(found.shares), "Protocols", which, "bytes", state)
    if places.talkers:
        noun = "address" if found.addresses == 1 else "addresses"
        left_out = f", {fmt.count(found.left_out)} left out" if found.left_out else ""
        _draw_list(canvas, places.talkers, TALKERS, list(found.talkers), "Top talkers",
                   f"of {fmt.count(found.addresses)} {noun}{left_out}", "sent", state)
    if places.handshake and places.data:
        _draw_spread(canvas, places.handshake, "TCP handshake RTT", found.handshake, glyphs)
        _draw_spread(canvas, places.data, "TCP data to ACK, smoothed, worse side", found.data, glyphs)


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
        "nothing yet"
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

    share = f"{100 * counts['resent'] / counts['tcp']:.2f} % of TCP" if counts.get("tcp") else "no TCP"
    median = found.dns.median_us
    answer = "content is not read" if found.dns.off else "none timed" if median is None else f"p50 {fmt.micros(median)}"
    return [
        Tile("Packets", fmt.count(counts["packets"]), mean("packets")),
        Tile("Bytes", fmt.size(counts["bytes"]), average_words(past, "bytes", glyphs)),
        Tile("Flows begun", fmt.count(counts["begun"]), f"{fmt.count(counts['ended'])} ended"),
        Tile("DNS queries", "" if found.dns.off else fmt.count(counts["dns"]), answer),
        Tile("TCP resent", fmt.count(counts["resent"]) if counts.get("tcp") else "", share),
        Tile("Dropped", fmt.count(counts["drops"]) if live else "", "frames" if live else "not told by a file"),
    ]


def hierarchy(shares: tuple[Share, ...]) -> list[Share]:
    """Each transport with its sums, and under it the applications recognised; the rest of it is "unrecognised"."""
    found: list[Share] = []
    groups: dict[str, list[Share]] = {}
    for share in shares:
        groups.setdefault(share.transport, []).append(share)
    for name, parts in sorted(groups.items(), key=lambda each: -sum(share.bytes for share in each[1])):
        found.append(Share(name, "", *(sum(getattr(share, key) for share in parts)
                                       for key in ("flows", "packets", "bytes"))))
        if any(share.app for share in parts):
            found += [replace(share, app=share.app or "unrecognised") for share in parts]
    return found


def _share_name(share: Share, glyphs: Glyphs) -> Cell:
    if not share.app:
        return share.transport, TITLE
    return f"  {share.app}", APP if share.app != "unrecognised" else MUTED


PROTOCOLS = (
    Column("name", "Protocol", 14, 30, 1, False, 99, _share_name),
    Column("flows", "Flows", 6, 8, 0, True, 60, lambda share, glyphs: (fmt.short_count(share.flows), TEXT)),
    Column("packets", "Packets", 7, 9, 0, True, 50, lambda share, glyphs: (fmt.short_count(share.packets), TEXT)),
    Column("bytes", "Bytes", 8, 8, 0, True, 80, lambda share, glyphs: (fmt.size(share.bytes), TEXT)),
)
TALKERS = (
    Column("address", "Address", 15, 39, 2, False, 99, lambda each, glyphs: (each.address, ADDRESS)),
    Column("name", "Name", 12, 40, 2, False, 40,
           lambda each, glyphs: (each.name, NAME) if each.name else (glyphs.none, MUTED)),
    Column("flows", "Flows", 5, 7, 0, True, 50, lambda each, glyphs: (fmt.short_count(each.flows), TEXT)),
    Column("sent", "Sent", 8, 8, 0, True, 80, lambda each, glyphs: (fmt.size(each.sent), TEXT)),
    Column("received", "Received", 8, 8, 0, True, 70, lambda each, glyphs: (fmt.size(each.received), TEXT)),
)


def _draw_list(canvas: Canvas, area: Area, columns: tuple[Column, ...], rows: Sequence[Share | Talker],
               title: str, note: str, order: str, state: State) -> None:
    """A panel with a list, most first. The share of the largest is shown by a bar where there is room."""
    y, x, height, width = area
    glyphs = state.glyphs
    tiles.draw_title(canvas, y, x, width, title, note, TITLE, glyphs)
    if not rows:
        canvas.put(y + 1, x + 2, "none", MUTED)
        return
    bar = width // 5 if columns is PROTOCOLS and width >= 60 else 0
    slots = table.fit(columns, width - 4 - (bar + 1 if bar else 0))
    table.draw_heads(canvas, y + 1, x + 2, slots, order if columns is PROTOCOLS else "", True, glyphs)
    most = next((row.bytes for row in rows if isinstance(row, Share)), 0)
    inner = Area(y + 2, x, max(0, height - 2), width)
    top = min(part(state).top, max(0, len(rows) - inner.height))
    for i, row in enumerate(rows[top:top + inner.height]):
        table.draw_row(canvas, inner.y + i, x + 2, slots, row, None, glyphs)
        if bar and isinstance(row, Share):
            draw_bar(canvas, inner.y + i, x + width - bar - 1, bar - 1, row.bytes, most, glyphs)
    table.draw_scroll_bar(canvas, inner, top, len(rows), glyphs)


def draw_bar(canvas: Canvas, y: int, x: int, cells: int, value: float, top: float, glyphs: Glyphs) -> None:
    """`value` as a bar of at most `cells`, `top` being all of them; whatever is above zero has one."""
    if value > 0 and top > 0:
        canvas.fill(y, x, 1, max(1, min(cells, round(cells * value / top))), glyphs.full, UP)


def steps_of(counts: tuple[int, ...], rows: int) -> list[tuple[int, int | None, int]]:
    """(from, up to, flows) in microseconds from the first step that has any to the last; neighbours are put together
    until there are at most `rows`. The last step of all has no end."""
    known = [k for k, count in enumerate(counts) if count]
    if not known or rows < 1:
        return []
    first, last = known[0], known[-1]
    wide = -(-(last - first + 1) // rows)
    found = []
    for k in range(first, last + 1, wide):
        end = min(k + wide, len(counts))
        found.append((0 if k == 0 else SPREAD_US[k], SPREAD_US[end] if end < len(counts) else None, sum(counts[k:end])))
    return found


def median_step(counts: tuple[int, ...]) -> int | None:
    """The step in which the median lies."""
    half, so_far = sum(counts) / 2, 0
    for k, count in enumerate(counts):
        so_far += count
        if count and so_far >= half:
            return k
    return None


def _limits(low: int, high: int | None, glyphs: Glyphs) -> str:
    if high is None:
        return f"from {fmt.micros(low, glyphs.ascii_only)}"
    return f"{fmt.micros(low, glyphs.ascii_only)} {glyphs.arrow} {fmt.micros(high, glyphs.ascii_only)}"


def _draw_spread(canvas: Canvas, area: Area, title: str, counts: tuple[int, ...], glyphs: Glyphs) -> None:
    """How many flows lie in each step, a bar each."""
    y, x, height, width = area
    total, middle = sum(counts), median_step(counts)
    note = "no flow timed"
    if middle is not None:
        high = SPREAD_US[middle + 1] if middle + 1 < len(SPREAD_US) else None
        limits = _limits(SPREAD_US[middle] if middle else 0, high, glyphs)
        note = f"{fmt.count(total)} {'flow' if total == 1 else 'flows'}, median {limits}"
    tiles.draw_title(canvas, y, x, width, title, note, TITLE, glyphs)
    steps = steps_of(counts, height - 1)
    top = graph.highest([float(count) for _, _, count in steps])
    for i, (low, high, count) in enumerate(steps):
        canvas.field(y + 1 + i, x + 2, 17, _limits(low, high, glyphs), MUTED, True, glyphs.ellipsis)
        canvas.field(y + 1 + i, x + 20, 6, fmt.short_count(count), TEXT, True, glyphs.ellipsis)
        draw_bar(canvas, y + 1 + i, x + 27, max(1, width - 28), count, top, glyphs)
