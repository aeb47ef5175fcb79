"""How many flows lie in each step of a time: the steps, put together until they fit, and their bars."""
from __future__ import annotations

from netwatch._fast.term.canvas import Canvas
from netwatch.addons.statistics import SPREAD_US
from netwatch.ui import format as fmt
from netwatch.ui.state import Area
from netwatch.ui.theme import MUTED, TEXT, TITLE, UP, Glyphs
from netwatch.ui.widgets import graph, table, tiles

Step = tuple[int, int | None, int]     # from, up to (None: without end), flows


def draw_bar(canvas: Canvas, y: int, x: int, cells: int, value: float, top: float, glyphs: Glyphs) -> None:
    """`value` as a bar of at most `cells`, `top` being all of them; whatever is above zero has one."""
    if value > 0 and top > 0:
        canvas.fill(y, x, 1, max(1, min(cells, round(cells * value / top))), glyphs.full, UP)


def steps_of(counts: tuple[int, ...], rows: int) -> list[Step]:
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


def limits_of(low: int, high: int | None, glyphs: Glyphs) -> str:
    if high is None:
        return f"from {fmt.micros(low, glyphs.ascii_only)}"
    return f"{fmt.micros(low, glyphs.ascii_only)} {glyphs.arrow} {fmt.micros(high, glyphs.ascii_only)}"


def note_of(counts: tuple[int, ...], glyphs: Glyphs) -> str:
    """How many flows are timed, and between what the median lies."""
    total, middle = sum(counts), median_step(counts)
    if middle is None:
        return "no flow timed"
    high = SPREAD_US[middle + 1] if middle + 1 < len(SPREAD_US) else None
    limits = limits_of(SPREAD_US[middle] if middle else 0, high, glyphs)
    return f"of {fmt.count(total)}, median {limits}"


def brief_of(counts: tuple[int, ...], glyphs: Glyphs) -> str:
    """The same where there is less room: the unit once where it is the same."""
    low, arrow, high = note_of(counts, glyphs).partition(f" {glyphs.arrow} ")
    number, _, unit = low.rpartition(" ")
    short = f"{number}{arrow}{high}" if arrow and high.endswith(f" {unit}") else f"{low}{arrow}{high}"
    return short.replace("median", "p50")


def draw(canvas: Canvas, area: Area, title: str, counts: tuple[int, ...], chosen: int | None, glyphs: Glyphs) -> None:
    """A bar for each step; `chosen`: the selected one, where this panel has the keys."""
    y, x, height, width = area
    tiles.draw_title(canvas, y, x, width, title, note_of(counts, glyphs), TITLE, glyphs, brief_of(counts, glyphs))
    steps = steps_of(counts, height - 1)
    top = graph.highest([float(count) for _, _, count in steps])
    for i, (low, high, count) in enumerate(steps):
        at = y + 1 + i
        canvas.field(at, x + 2, 17, limits_of(low, high, glyphs), MUTED, True, glyphs.ellipsis)
        canvas.field(at, x + 20, 6, fmt.short_count(count), TEXT, True, glyphs.ellipsis)
        draw_bar(canvas, at, x + 27, max(1, width - 28), count, top, glyphs)
        if chosen == i:
            table.draw_selection(canvas, at, Area(at, x, 1, width - 1), glyphs)
