"""A box with a title, for what lies over a tab."""
from __future__ import annotations

from netwatch._fast.term.canvas import Canvas
from netwatch.ui.state import Area
from netwatch.ui.theme import FAINT, TITLE, Glyphs


def draw_box(canvas: Canvas, area: Area, title: str, glyphs: Glyphs) -> None:
    """An empty box with a title, over whatever was there."""
    y, x, height, width = area
    canvas.fill(y, x, height, width, " ")
    for line in (y, y + height - 1):
        canvas.fill(line, x, 1, width, glyphs.rule, FAINT)
    canvas.fill(y, x, height, 1, glyphs.side, FAINT)
    canvas.fill(y, x + width - 1, height, 1, glyphs.side, FAINT)
    ends = ((y, x), (y, x + width - 1), (y + height - 1, x), (y + height - 1, x + width - 1))
    for (line, column), corner in zip(ends, glyphs.corners, strict=True):
        canvas.put(line, column, corner, FAINT)
    canvas.put(y, x + 2, f" {title} ", TITLE, width - 4)
