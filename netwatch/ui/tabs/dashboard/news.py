"""What is new on the Dashboard: the last five minutes of the Timeline, what is bad first."""
from __future__ import annotations

from netwatch._fast.term.canvas import Canvas, clip
from netwatch.addons.dashboard import NEWS_S, DashboardNow
from netwatch.model.contract import ERROR, INFO
from netwatch.ui import format as fmt
from netwatch.ui.state import Area, State
from netwatch.ui.theme import BAD, MUTED, TEXT, TITLE, WARN
from netwatch.ui.widgets import tiles


def draw(canvas: Canvas, area: Area, found: DashboardNow, state: State) -> None:
    """A title and a line each; how many are left out is said."""
    y, x, height, width = area
    glyphs, room = state.glyphs, height - 1
    told = found.news[:room]
    things = sum(each.count for each in told)
    left = f"{fmt.count(found.news_total - things)} more in Timeline" if found.news_total > things else ""
    ago = f"New in the last {NEWS_S // 60} min" if state.live else f"Its last {NEWS_S // 60} min"
    tiles.draw_title(canvas, y, x, width, ago, left, TITLE, glyphs)
    if not told:
        canvas.put(y + 1, x + 1, clip("nothing", width - 2, glyphs.ellipsis), MUTED)
    for i, each in enumerate(told, y + 1):
        style = BAD if each.severity == ERROR else MUTED if each.severity == INFO else WARN
        at = x + 1 + canvas.put(i, x + 1, glyphs.dot if each.severity == INFO else "!", style) + 1
        at += canvas.put(i, at, fmt.clock(each.time_ns), MUTED) + 1
        times = f" {glyphs.ended}{fmt.short_count(each.count)}" if each.count > 1 else ""
        at += canvas.put(i, at, clip(each.text, x + width - 1 - at - len(times), glyphs.ellipsis),
                         TEXT if each.severity != INFO else MUTED)
        canvas.put(i, at, times, style)
