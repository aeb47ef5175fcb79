"""Room for the details of what is selected: beside a table where there is width, else below it."""

from __future__ import annotations

from netwatch.ui.state import Area

SIDE_PANE_FROM = 140               # columns from which details stand beside the table
SIDE_PANE = 62                     # their width there
LEAST_ROWS = 4                     # of the table that stay visible above them


def split(body: Area) -> tuple[Area, Area]:
    """The table's part of the area, and the details' part."""
    y, x, height, width = body
    if width >= SIDE_PANE_FROM:
        left = width - SIDE_PANE - 1
        return Area(y, x, height, left), Area(y, x + left + 1, height, SIDE_PANE)
    tall = max(min(height // 2 + 1, 20), min(height - 3 - LEAST_ROWS, 12))
    tall = tall if height - tall >= 3 + LEAST_ROWS else height
    return Area(y, x, height - tall, width), Area(y + height - tall, x, tall, width)
