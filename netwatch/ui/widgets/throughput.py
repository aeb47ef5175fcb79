"""The chart of bytes per second, one way above the other: newest on the right, each way with an axis of its own."""
from __future__ import annotations

from collections.abc import Sequence

from netwatch._fast.term.canvas import Canvas
from netwatch.addons.throughput import Past
from netwatch.ui import format as fmt
from netwatch.ui.state import Area
from netwatch.ui.theme import DOWN, FAINT, MUTED, TEXT, UP, Glyphs
from netwatch.ui.widgets import graph

DATED = 60                         # cells of an axis from which there is room for the date
AXIS = 10                          # cells of the scale on the left


def directions(past: Past) -> tuple[str, str]:
    """What the two ways are, in words; none as long as nothing passed by."""
    if not past.end:
        return "", ""
    if past.here:
        return "to this machine", "from this machine"
    return "responder to initiator", "initiator to responder"


def newest(past: Past, key: str) -> float | None:
    """The rate now: the mean of the last three seconds as far as they were captured; None when none were."""
    return past.now.get(key)


def average(past: Past, key: str) -> float | None:
    """Over the whole range, per second; None where it is one moment."""
    return past.counts.get(key, 0) / past.seconds if past.seconds else None


def highest(past: Past, key: str) -> float:
    """The largest rate that is told: of the pieces, now, or on average. A piece that was captured in part has too low a
    rate, and nothing that is shown is above the peak."""
    return max(graph.highest(past.rates.get(key, ())), newest(past, key) or 0.0, average(past, key) or 0.0)


def average_words(past: Past, key: str, glyphs: Glyphs) -> str:
    """The same, for people."""
    mean = average(past, key)
    return glyphs.none if mean is None else fmt.rate(mean)


def put_rate(canvas: Canvas, y: int, x: int, width: int, past: Past, key: str, live: bool, glyphs: Glyphs) -> None:
    """One line: the sign of the way, its rate now (of a file, at its end), peak and average over the range, what it
    is."""
    down = key == "down"
    now, start = newest(past, key), x
    x += canvas.put(y, x, f"{glyphs.down if down else glyphs.up} ", DOWN if down else UP)
    words = directions(past)[0 if down else 1]
    whole = past.step > 1 and highest(past, key) <= graph.highest(past.rates.get(key, ()))     # it is that of a piece
    peak = f"peak {fmt.rate(highest(past, key))}" + (f" ({past.step} s)" if whole else "") \
        if past.seconds >= 2 * past.step else "peak not measured"      # less than two of its pieces is no course
    if not live:
        x += canvas.put(y, x, "last ", MUTED)
    for text, style in ((fmt.rate(now) if now is not None else glyphs.none, TEXT), (peak, MUTED),
                        (f"avg {average_words(past, key, glyphs)}", MUTED), (words, MUTED)):
        if x + len(text) > start + width:
            break
        canvas.put(y, x, text, style)
        x += max(len(text), 9) + 3


def span_words(past: Past) -> str:
    """How far back the left edge is: 5m00s."""
    steps = max(len(rates) for rates in past.rates.values()) if past.rates else 0
    return fmt.age(min(steps * past.step, past.seconds) if steps * past.step <= past.seconds + 2 else
                   steps * past.step) if steps else ""


def draw_time(canvas: Canvas, y: int, x: int, width: int, past: Past, live: bool, glyphs: Glyphs) -> None:
    """The axis of time under a graph. A file ends at its last frame, which is not now."""
    left = f"-{span_words(past)}" if past.end else fmt.NO_TIME
    at = past.until_ns
    right = "now" if live else "end" if not past.end else \
        f"end {fmt.moment(at) if width >= DATED else f'{fmt.clock(at)} {fmt.zone(at)}'}"
    canvas.fill(y, x, 1, width, glyphs.rule, FAINT)
    canvas.put(y, x, left + " ", MUTED, width)
    if width > len(left) + len(right) + 2:
        canvas.put(y, x + width - len(right) - 1, " " + right, MUTED)


def draw(canvas: Canvas, area: Area, past: Past, live: bool, glyphs: Glyphs) -> None:
    """A line of words and the area for each way, with the time between them: at least 5 rows, else fewer parts."""
    y, x, height, width = area
    if height < 1 or width < AXIS + 10:
        return
    put_rate(canvas, y, x, width, past, "down", live, glyphs)
    if height < 2:
        return
    put_rate(canvas, y + height - 1, x, width, past, "up", live, glyphs)
    rows = height - 3
    if rows < 2:
        return
    upper = rows - rows // 2
    for key, part in (("down", Area(y + 1, x, upper, width)), ("up", Area(y + 2 + upper, x, rows - upper, width))):
        draw_way(canvas, part, past.rates.get(key, ()), graph.ceiling(highest(past, key)), key == "up", glyphs)
    draw_time(canvas, y + 1 + upper, x + AXIS + 1, width - AXIS - 1, past, live, glyphs)


def draw_way(canvas: Canvas, area: Area, rates: Sequence[float | None], top: float, mirrored: bool,
             glyphs: Glyphs) -> None:
    """The scale up to `top` and the area of one way; what is sent hangs from its upper edge."""
    y, x, height, width = area
    graph.axis(canvas, Area(y, x, height, AXIS), top, fmt.rate, glyphs, mirrored)
    canvas.fill(y, x + AXIS, height, 1, glyphs.side, FAINT)
    plot = Area(y, x + AXIS + 1, height, width - AXIS - 1)
    graph.area(canvas, plot, graph.stretch(rates, plot.width), top, UP if mirrored else DOWN, glyphs, mirrored)
