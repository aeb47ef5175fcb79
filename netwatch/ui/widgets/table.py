"""A table of rows on a canvas: which columns fit, how wide they are, and the heads, rows and scroll bar."""
from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from netwatch._fast.term.canvas import Canvas, clip, text_width
from netwatch.ui import format as fmt
from netwatch.ui.state import Area
from netwatch.ui.theme import FAINT, HEAD, HEAD_SORT, SELECTED, TITLE, UNDERLINE, Glyphs

Cell = tuple[str, int]             # text, style
COUNT = re.compile(r"[0-9]{1,3}(,[0-9]{3})+")
GAP = 1
MARGIN = 3                         # selection bar, mark, blank


@dataclass(frozen=True)
class Column:
    """One line of a table's definition. `rank` is its importance: the lowest goes first when the screen is narrow."""
    key: str
    title: str
    least: int                     # cells it needs
    most: int                      # cells it can use
    share: int                     # of the width left over, up to `most`
    right: bool
    rank: int
    cell: Callable[[Any, Glyphs], Cell]     # Any: a row of its table, which is each tab's own
    file_rank: int | None = None   # its importance when a file is read, if another
    help: str = ""
    tail: str = ""                 # when it is cut, what follows the last of these stays: a port, a PID
    extra: bool = False            # not on screen unless chosen
    sort: str = ""                 # field to sort by, if not `key`; "-field" when the field runs the other way
    brief: Callable[..., str] | None = None    # what a cell says where all of it does not fit

    def order(self, descending: bool) -> tuple[str, bool]:
        """(field, descending) as the session understands them."""
        field = self.sort or self.key
        return (field[1:], not descending) if field.startswith("-") else (field, descending)


def titled(column: Column, title: str) -> Column:
    """The same column under another title."""
    return replace(column, title=title)


class Slot(NamedTuple):
    """A column that is on screen, and where."""
    column: Column
    x: int
    width: int


def fit(columns: Sequence[Column], width: int, live: bool = True, sort: str = "") -> list[Slot]:
    """The columns that fit in `width` cells, in order, the spare width shared out. `sort` is the last to go but one."""
    def rank(column: Column) -> int:
        if column.key == sort:
            return 98
        return column.rank if live or column.file_rank is None else column.file_rank

    shown = list(columns)
    gone: list[Column] = []
    while len(shown) > 1 and sum(column.least + GAP for column in shown) - GAP > width:
        gone.append(min(shown, key=rank))
        shown.remove(gone[-1])
    for column in sorted(gone, key=rank, reverse=True):        # a small one may fit where a greater one did not
        if sum(each.least + GAP for each in shown) + column.least <= width:
            shown.append(column)
    shown.sort(key=columns.index)
    widths = {column.key: column.least for column in shown}
    spare = width - sum(widths.values()) - GAP * (len(shown) - 1)
    if spare < 0:
        widths[shown[0].key] = max(1, width)
    while spare > 0:
        hungry = [column for column in shown if column.share and widths[column.key] < column.most]
        if not hungry:
            break
        total = sum(column.share for column in hungry)
        given = 0
        for column in hungry:
            part = min(column.most - widths[column.key], max(1, spare * column.share // total), spare - given)
            widths[column.key] += part
            given += part
        spare -= given
    slots, x = [], 0
    for column in shown:
        slots.append(Slot(column, x, widths[column.key]))
        x += widths[column.key] + GAP
    return slots


def draw_heads(canvas: Canvas, y: int, x: int, slots: Sequence[Slot], sort: str, descending: bool,
               glyphs: Glyphs) -> None:
    """The head of each column; the one the table is sorted by has an arrow and a line under it."""
    for column, at, width in slots:
        if column.key == sort:
            arrow = glyphs.down if descending else glyphs.up
            text = arrow + column.title if column.right else column.title + arrow
            canvas.field(y, x + at, width, text, HEAD_SORT | UNDERLINE, column.right, glyphs.ellipsis)
        else:
            canvas.field(y, x + at, width, column.title, HEAD, column.right, glyphs.ellipsis)


def draw_row(canvas: Canvas, y: int, x: int, slots: Sequence[Slot], row: object, tint: int | None,
             glyphs: Glyphs) -> None:
    """One row; `tint` overrides the style of every cell."""
    for column, at, width in slots:
        text, style = column.cell(row, glyphs)
        if text_width(text) > width:
            text = column.brief(row, glyphs) if column.brief else in_short(text) if column.right else text
        if column.tail and text_width(text) > width:
            text = cut_head(text, column.tail, width, glyphs.ellipsis)
        canvas.field(y, x + at, width, text, style if tint is None else tint, column.right, glyphs.ellipsis)


def in_short(text: str) -> str:
    """A count where all of its digits do not fit: 1,234,567 cut after some of them is another number."""
    return fmt.short_count(int(text.replace(",", ""))) if COUNT.fullmatch(text) else text


def cut_head(text: str, separator: str, width: int, ellipsis: str) -> str:
    """host:port in `width` cells: the host is cut and the port kept, as long as there is something left of the host."""
    head, found, tail = text.rpartition(separator)
    room = width - text_width(tail) - len(separator)
    if not found or room < 4:
        return str(clip(text, width, ellipsis))
    return f"{clip(head, room, ellipsis)}{separator}{tail}"


def draw_selection(canvas: Canvas, y: int, area: Area, glyphs: Glyphs) -> None:
    """Mark the row at `y` as the selected one: a bar on the left, a tint all along."""
    canvas.put(y, area.x, glyphs.bar, TITLE)
    canvas.restyle(y, area.x, area.width, SELECTED)


def draw_scroll_bar(canvas: Canvas, area: Area, top: int, total: int, glyphs: Glyphs) -> None:
    """In the last column of `area`: which part of `total` rows is on screen. Nothing when all of them are."""
    if total <= area.height or area.height < 1:
        return
    x = area.x + area.width - 1
    canvas.fill(area.y, x, area.height, 1, glyphs.side, FAINT)
    length = max(1, area.height * area.height // total)
    start = (area.height - length) * min(top, total - area.height) // (total - area.height)
    canvas.fill(area.y + start, x, length, 1, glyphs.thumb, HEAD)
