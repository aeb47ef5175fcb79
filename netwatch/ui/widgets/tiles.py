"""A row of tiles: a title, one number, and a note that says what the number is of."""
from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from netwatch._fast.term.canvas import Canvas, clip, text_width
from netwatch.ui.state import Area
from netwatch.ui.theme import BOLD, FAINT, MUTED, TEXT, Glyphs

LEAST = 13                         # cells of a tile; where there are fewer, the last tiles are left out


class Tile(NamedTuple):
    """`value` is "" for what was not measured."""
    title: str
    value: str
    note: str = ""
    style: int = TEXT


def draw(canvas: Canvas, area: Area, tiles: Sequence[Tile], glyphs: Glyphs) -> None:
    """All of them side by side, equally wide; with two rows the notes are left out."""
    y, x, height, width = area
    tiles = tiles[:max(1, width // LEAST)]
    if height < 2 or not tiles:
        return
    for i, tile in enumerate(tiles):
        left = x + width * i // len(tiles)
        room = x + width * (i + 1) // len(tiles) - left - 2
        if i:
            canvas.fill(y, left - 1, min(height, 3), 1, glyphs.side, FAINT)
        known = bool(tile.value)
        canvas.put(y, left + 1, clip(tile.title, room, glyphs.ellipsis), MUTED)
        canvas.put(y + 1, left + 1, clip(tile.value or glyphs.none, room, glyphs.ellipsis),
                   tile.style | BOLD if known else MUTED)
        if height > 2:
            canvas.put(y + 2, left + 1, clip(tile.note, room, glyphs.ellipsis), MUTED)


def draw_title(canvas: Canvas, y: int, x: int, width: int, title: str, note: str, style: int, glyphs: Glyphs,
               brief: str = "") -> None:
    """The head of a part of a screen: its title, a word about it, and a rule to the right edge. `brief`: that word
    where it has no room."""
    canvas.fill(y, x, 1, width, glyphs.rule, FAINT)
    used = canvas.put(y, x + 1, clip(f" {title} ", width - 2, glyphs.ellipsis), style) + 1
    if brief and text_width(note) + 1 > width - used - 1:
        note = brief
    if note and used + 4 < width:
        canvas.put(y, x + used, clip(f"{note} ", width - used - 1, glyphs.ellipsis), MUTED)
