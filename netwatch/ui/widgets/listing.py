"""A list whose rows are all known: its order, its selection, its chips, its details, and what keys and mouse do.

A tab makes one Listing, draws it, and takes its ACTIONS and on_mouse from it. What it remembers is a ListPart in
state.parts; the selection is the key of a row, so that it stays on it whatever the order.
"""
from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from netwatch._fast.term.canvas import Canvas, clip, text_width
from netwatch.ui.popups.sort import Sorting
from netwatch.ui.state import Area, State
from netwatch.ui.theme import FAINT, MUTED, TAB, TEXT, Glyphs
from netwatch.ui.widgets import facts, table
from netwatch.ui.widgets.facts import Fact, Span
from netwatch.ui.widgets.split import split

if TYPE_CHECKING:
    from _typeshed import SupportsRichComparison

R = TypeVar("R")
WHEEL = 3                          # rows per notch


@dataclass
class ListPart:
    """What a tab with a list remembers."""
    sort: str = ""
    descending: bool = False
    chip: str = ""
    top: int = 0
    cursor: int = 0
    selected: Hashable = None
    pinned: bool = False           # the user chose a row: the screen follows it
    details: bool = False
    details_top: int = 0
    marked: int | None = None      # the value of the details that is marked for copying
    folded: set[Hashable] = field(default_factory=set)


class Places(NamedTuple):
    info: Area
    extra: Area                    # what stands between the first line and the heads
    heads: Area
    rows: Area
    details: Area | None


class Listing(Generic[R]):
    """`name` of the tab; `rows(state)` all rows, those of the chip in force; `key(row)`; `values`: what a column is
    sorted by, None last in either direction; `facts(state, row)` for the details; `head(state)` the first line's
    words; `extra(state)`: lines kept free above the heads; `entered(state)`: what a double click does, else it opens
    the details; `sorted_by` instead of `values`: columns by which rows() brings the rows into order itself."""

    def __init__(self, name: str, columns: Sequence[table.Column], rows: Callable[[State], Sequence[R]],
                 key: Callable[[R], Hashable],
                 values: Mapping[str, Callable[[R], SupportsRichComparison | None]] | None = None,
                 facts: Callable[[State, R], list[Fact]] | None = None, chips: Sequence[str] = (),
                 head: Callable[[State], list[Span]] = lambda state: [],
                 columns_of: Callable[[State], Sequence[table.Column]] | None = None,
                 extra: Callable[[State], int] = lambda state: 0,
                 empty: Callable[[State], Sequence[str]] | None = None,
                 mark: Callable[[R, Glyphs], tuple[str, int, int | None]] | None = None, sort: str = "",
                 descending: bool = False, noun: tuple[str, str] = ("row", "rows"),
                 entered: Callable[[State], None] | None = None,
                 sorted_by: Collection[str] | None = None) -> None:
        self.name, self.columns, self.key, self.values = name, tuple(columns), key, values or {}
        self.facts, self.chips, self.head, self.extra, self.empty, self.mark = facts, chips, head, extra, empty, mark
        self.noun, self.entered = noun, entered or self._open
        self._sortables = set(sorted_by or self.values)
        self._rows, self._columns_of, self._first = rows, columns_of, (sort, descending)

    def new_part(self) -> ListPart:
        sort, descending = self._first
        return ListPart(sort=sort, descending=descending, chip=self.chips[0] if self.chips else "")

    def part(self, state: State) -> ListPart:
        found = state.parts.get(self.name)
        if not isinstance(found, ListPart):
            found = state.parts[self.name] = self.new_part()
        return found

    def columns_now(self, state: State) -> Sequence[table.Column]:
        return self._columns_of(state) if self._columns_of else self.columns

    def rows(self, state: State) -> Sequence[R]:
        """The rows in the order of the screen."""
        part, rows = self.part(state), self._rows(state)
        value = self.values.get(part.sort)
        if value is None:
            return rows
        known = [(found, row) for row in rows if (found := value(row)) is not None]
        known.sort(key=lambda pair: pair[0], reverse=part.descending)
        return [row for _, row in known] + [row for row in rows if value(row) is None]

    def selected(self, state: State) -> R | None:
        """The selected row, None when there is none."""
        part, rows = self.part(state), self.rows(state)
        return next((row for row in rows if self.key(row) == part.selected), None)

    # --------------------------------------------------------------------------------------------------- places

    def places(self, state: State) -> Places:
        """Cut the tab's area up. Used by drawing, by keys and by the mouse."""
        with_details = self.part(state).details and self.facts is not None and self.part(state).selected is not None
        (y, x, height, width), details = split(state.body) if with_details else (state.body, None)
        top = y + min(1, height) + (1 if state.filter.editing and height > 3 else 0)
        more = max(0, min(self.extra(state), height - (top - y) - 4))
        extra = Area(top, x, more, width)
        top += more
        heads = Area(top, x, 1 if height > top - y else 0, width)
        return Places(Area(y, x, min(1, height), width), extra, heads,
                      Area(top + 1, x, max(0, height - (top + 1 - y)), width), details)

    def slots(self, state: State, area: Area) -> list[table.Slot]:
        slots = table.fit(self.columns_now(state), area.width - table.MARGIN - 2, state.live, self.part(state).sort)
        return [slot._replace(x=slot.x + table.MARGIN) for slot in slots]

    # -------------------------------------------------------------------------------------------------- drawing

    def draw(self, canvas: Canvas, state: State) -> Places:
        """All but what the tab puts into `extra`."""
        places, part = self.places(state), self.part(state)
        if places.info.height:
            self.draw_info(canvas, places.info, state)
        if places.heads.height:
            slots, rows = self.slots(state, places.heads), self.rows(state)
            table.draw_heads(canvas, places.heads.y, places.heads.x, slots, part.sort, part.descending, state.glyphs)
            self._draw_rows(canvas, places.rows, slots, rows, state)
        if places.details:
            if places.details.x > state.body.x:
                canvas.fill(state.body.y, places.details.x - 1, state.body.height, 1, state.glyphs.side, FAINT)
            else:
                canvas.fill(places.details.y, places.details.x, 1, places.details.width, state.glyphs.rule, FAINT)
            self._draw_details(canvas, places.details, state)
        return places

    def chip_spots(self, state: State) -> list[tuple[int, str]]:
        """(x, chip) of the chips on the first line."""
        x, spots = state.body.x + 1, []
        shown = self.chips
        if sum(text_width(chip) + 3 for chip in shown) > state.body.width * 3 // 4:
            shown = [self.part(state).chip]          # where they do not fit, the one in force is what must be seen
        for chip in shown:
            spots.append((x, chip))
            x += text_width(chip) + 3
        return spots

    def draw_info(self, canvas: Canvas, area: Area, state: State) -> None:
        glyphs, chosen, x = state.glyphs, self.part(state).chip, area.x + 1
        for start, chip in self.chip_spots(state):
            on = chip == chosen
            canvas.put(area.y, start, f"[{chip}]" if on else f" {chip} ", TAB if on else MUTED, area.width - start)
            x = start + text_width(chip) + 4
        for text, style in self.head(state):
            if area.width - x > 3:
                x += canvas.put(area.y, x, clip(text, area.width - x - 1, glyphs.ellipsis), style)

    def _draw_rows(self, canvas: Canvas, area: Area, slots: list[table.Slot], rows: Sequence[R],
                   state: State) -> None:
        part, glyphs = self.part(state), state.glyphs
        if not rows:
            for i, text in enumerate(self.empty(state) if self.empty else (f"No {self.noun[1]}.",)):
                if i < area.height - 1:
                    canvas.put(area.y + 1 + i, area.x + table.MARGIN,
                               clip(text, area.width - 4, glyphs.ellipsis), TEXT if i == 0 else MUTED)
            return
        for i in range(min(area.height, len(rows) - part.top)):
            row, y, tint = rows[part.top + i], area.y + i, None
            if self.mark is not None:
                sign, style, tint = self.mark(row, glyphs)
                canvas.put(y, area.x + 1, sign, style)
            table.draw_row(canvas, y, area.x, slots, row, tint, glyphs)
            if self.key(row) == part.selected:
                table.draw_selection(canvas, y, Area(y, area.x, 1, area.width - 1), glyphs)
        table.draw_scroll_bar(canvas, area, part.top, len(rows), glyphs)

    def _lines(self, width: int, state: State) -> list[list[Span]]:
        row = self.selected(state)
        if row is None or self.facts is None:
            return [[("Nothing is selected.", MUTED)]]
        return facts.lines_of(self.facts(state, row), width, state.glyphs)

    def _values(self, state: State) -> list[facts.Value]:
        """Every value in the details that is known."""
        row, area = self.selected(state), self.places(state).details
        if row is None or area is None or self.facts is None:
            return []
        return facts.values_of(self.facts(state, row), area.width - 4, state.glyphs)

    def _draw_details(self, canvas: Canvas, area: Area, state: State) -> None:
        lines, top = self._lines(area.width - 4, state), self.part(state).details_top
        marked = self.part(state).marked
        values = self._values(state) if marked is not None else []
        begin, many = values[marked][:2] if marked is not None and marked < len(values) else (0, 0)
        first = area.y + (1 if area.x == state.body.x else 0)
        room = area.y + area.height - first
        for i, line in enumerate(lines[top:top + room]):
            x = area.x + 2
            for text, style in line:
                x += canvas.put(first + i, x, clip(text, area.x + area.width - 1 - x, state.glyphs.ellipsis), style)
            if begin <= top + i < begin + many:
                table.draw_selection(canvas, first + i, Area(first + i, area.x, 1, area.width - 1), state.glyphs)
        table.draw_scroll_bar(canvas, Area(first, area.x, room, area.width), top, len(lines), state.glyphs)

    # ---------------------------------------------------------------------------------------------- what happens

    def on_snapshot(self, state: State) -> None:
        """There is a new picture: find the selected row in it, wherever it is now."""
        part, rows = self.part(state), self.rows(state)
        at = next((i for i, row in enumerate(rows) if self.key(row) == part.selected), None)
        if at is None or not part.pinned:
            at = max(0, min(part.cursor, len(rows) - 1))
            part.selected = self.key(rows[at]) if rows else None
        part.cursor = at
        self._keep_in_view(state, len(rows))

    def select(self, state: State, index: int, pinned: bool = True) -> None:
        """Move the selection to a row by its place in the order."""
        part, rows = self.part(state), self.rows(state)
        part.cursor = max(0, min(index, len(rows) - 1))
        part.selected = self.key(rows[part.cursor]) if rows else None
        part.pinned, part.details_top, part.marked = pinned, 0, None
        self._keep_in_view(state, len(rows))

    def _keep_in_view(self, state: State, total: int) -> None:
        part, rows = self.part(state), self._page(state) + 1
        part.top = max(min(part.top, part.cursor), part.cursor - rows + 1)
        part.top = max(0, min(part.top, total - rows))

    def _page(self, state: State) -> int:
        return max(1, self.places(state).rows.height) - 1

    def scroll_details(self, state: State, lines: int) -> None:
        area, part = self.places(state).details, self.part(state)
        if area is not None:
            lowest = len(self._lines(area.width - 4, state)) - area.height + 1
            part.details_top = max(0, min(part.details_top + lines, lowest))

    def inner(self, state: State) -> tuple[str, ...]:
        """The contexts of keys inside the tab: those of the details, or of copying out of them."""
        if self.places(state).details is None:
            return ()
        return ("fields",) if self.part(state).marked is not None else ("details",)

    def _mark_field(self, state: State, to: Callable[[int, int], int]) -> None:
        """Mark another value for copying, and scroll so that it shows; None when there is none."""
        part, area, values = self.part(state), self.places(state).details, self._values(state)
        if area is None or not values:
            part.marked, state.message = None, "There is nothing to copy"
            return
        part.marked = max(0, min(to(part.marked or 0, len(values) - 1), len(values) - 1))
        line = values[part.marked][0]
        part.details_top = max(line - max(1, area.height - 2) + 1, min(part.details_top, line))

    def _open_fields(self, state: State) -> None:
        top = self.part(state).details_top
        first = next((i for i, (line, *_) in enumerate(self._values(state)) if line >= top), 0)
        self._mark_field(state, lambda at, last: first)

    def _copy_field(self, state: State) -> None:
        part, values = self.part(state), self._values(state)
        place, part.marked = part.marked, None
        if place is None or place >= len(values):
            state.message = "It is no longer there"
            return
        _, _, label, text = values[place]
        state.message = f"Copied {label}: {text}" if state.clipboard(text) else \
            f"This terminal has no clipboard for programs: {text}"

    def _close_fields(self, state: State) -> None:
        self.part(state).marked = None

    def choose_chip(self, state: State, chip: str) -> None:
        part = self.part(state)
        part.chip, part.top, part.cursor, part.pinned = chip, 0, 0, False
        self.on_snapshot(state)

    def _sortable(self, state: State) -> list[table.Column]:
        return [column for column in self.columns_now(state) if column.key in self._sortables]

    def _sort_by(self, state: State, place: int) -> None:
        part, columns = self.part(state), self._sortable(state)
        column = columns[place % len(columns)]
        if column.key != part.sort:
            part.sort, part.descending = column.key, column.right
        self.on_snapshot(state)

    def _place_of_sort(self, state: State) -> int:
        keys = [column.key for column in self._sortable(state)]
        return keys.index(self.part(state).sort) if self.part(state).sort in keys else 0

    def actions(self) -> dict[str, Callable[[State], None]]:
        """For the keys of keys.list_keys()."""
        def step(amount: Callable[[State], int]) -> Callable[[State], None]:
            return lambda state: self.select(state, self.part(state).cursor + amount(state))

        def scroll(lines: int) -> Callable[[State], None]:
            return lambda state: self.scroll_details(state, lines)

        def neighbour(by: int) -> Callable[[State], None]:
            return lambda state: self._sort_by(state, self._place_of_sort(state) + by)

        def mark(to: Callable[[int, int], int]) -> Callable[[State], None]:
            return lambda state: self._mark_field(state, to)

        return {
            "field_open": self._open_fields, "field_close": self._close_fields, "field_copy": self._copy_field,
            "field_down": mark(lambda at, last: at + 1), "field_up": mark(lambda at, last: at - 1),
            "field_first": mark(lambda at, last: 0), "field_last": mark(lambda at, last: last),
            "row_down": step(lambda state: 1), "row_up": step(lambda state: -1), "page_down": step(self._page),
            "page_up": step(lambda state: -self._page(state)), "row_first": lambda state: self.select(state, 0, False),
            "row_last": lambda state: self.select(state, len(self.rows(state)) - 1),
            "details_open": self._open, "details_close": self._close, "details_down": scroll(5),
            "details_up": scroll(-5), "chip_next": self._next_chip, "sort_reverse": self._reverse,
            "sort_next": neighbour(1), "sort_previous": neighbour(-1),
        }

    def _open(self, state: State) -> None:
        part = self.part(state)
        part.details, part.pinned, part.details_top = True, part.selected is not None, 0
        self.on_snapshot(state)

    def _close(self, state: State) -> None:
        self.part(state).details, self.part(state).marked = False, None
        self.on_snapshot(state)

    def _next_chip(self, state: State) -> None:
        at = list(self.chips).index(self.part(state).chip)
        self.choose_chip(state, self.chips[(at + 1) % len(self.chips)])

    def sorting(self, state: State) -> Sorting:
        """For the list of columns (popups/sort.py)."""
        part, columns = self.part(state), self._sortable(state)
        places = {column.key: i for i, column in enumerate(columns)}
        return Sorting(columns, part.sort, part.descending, lambda key: self._sort_by(state, places[key]),
                       lambda: self._reverse(state))

    def _reverse(self, state: State) -> None:
        self.part(state).descending = not self.part(state).descending
        self.on_snapshot(state)

    def on_mouse(self, state: State, what: str, y: int, x: int) -> None:
        """Chips, heads, rows, and the wheel; a double click does what Enter does."""
        places, step = self.places(state), -WHEEL if what == "wheel-up" else WHEEL
        pane = places.details
        if pane and pane.holds(y, x):
            if what.startswith("wheel"):
                self.scroll_details(state, step)
        elif what.startswith("wheel"):
            self.select(state, self.part(state).cursor + step)
        elif y == places.info.y and places.info.height:
            for start, chip in self.chip_spots(state):
                if start <= x < start + text_width(chip) + 2:
                    self.choose_chip(state, chip)
        elif y == places.heads.y and places.heads.height:
            self._click_head(state, places.heads, x)
        elif places.rows.y <= y < places.rows.y + places.rows.height:
            index = self.part(state).top + y - places.rows.y
            if index < len(self.rows(state)):
                self.select(state, index)
                if what == "double":
                    self.entered(state)

    def _click_head(self, state: State, heads: Area, x: int) -> None:
        sortable = self._sortable(state)
        for slot in self.slots(state, heads):
            if slot.x <= x - heads.x < slot.x + slot.width and slot.column in sortable:
                if slot.column.key == self.part(state).sort:
                    self._reverse(state)
                else:
                    self._sort_by(state, sortable.index(slot.column))
