"""A box of facts over the tab, that can be scrolled: of an alert, of the name of a flow."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from netwatch._fast.term.canvas import Canvas, clip
from netwatch.ui.state import Area, State
from netwatch.ui.theme import MUTED
from netwatch.ui.widgets import facts
from netwatch.ui.widgets.box import draw_box
from netwatch.ui.widgets.chooser import Chooser, centred, moves
from netwatch.ui.widgets.facts import Fact, Span
from netwatch.ui.widgets.table import draw_scroll_bar

WIDTH = 100


@dataclass(frozen=True)
class Told:
    """`told(state)`: the facts, None until they are known; `title(state)`; `place(state)`: how far it is scrolled."""
    name: str
    title: Callable[[State], str]
    told: Callable[[State], list[Fact] | None]
    place: Callable[[State], Chooser]

    def actions(self) -> dict[str, Callable[[State], None]]:
        """Of the keys that keys._scrolls() gives it."""
        return {**moves(self.name, self.place, self._last, lambda state: 1),
                f"{self.name}_page_down": self._page(1), f"{self.name}_page_up": self._page(-1)}

    def draw(self, canvas: Canvas, area: Area, state: State) -> None:
        rows, lines, glyphs = self._rows(state), self._lines(state), state.glyphs
        draw_box(canvas, self.where(state), self.title(state), glyphs)
        if not lines:
            canvas.put(rows.y, rows.x + 1, "asking", MUTED)
        top = max(0, min(self.place(state).row, len(lines) - rows.height))
        for i, line in enumerate(lines[top:top + rows.height]):
            x = rows.x + 1
            for text, style in line:
                x += canvas.put(rows.y + i, x, clip(text, rows.x + rows.width - 2 - x, glyphs.ellipsis), style)
        draw_scroll_bar(canvas, rows, top, len(lines), glyphs)

    def _lines(self, state: State) -> list[list[Span]]:
        found = self.told(state)
        return facts.lines_of(found, min(WIDTH, state.body.width) - 6, state.glyphs) if found is not None else []

    def where(self, state: State) -> Area:
        return centred(state.body, max(3, len(self._lines(state)) + 2), WIDTH)

    def _rows(self, state: State) -> Area:
        box = self.where(state)
        return Area(box.y + 1, box.x + 1, max(1, box.height - 2), box.width - 2)

    def _last(self, state: State) -> int:
        return max(1, len(self._lines(state)) - self._rows(state).height + 1)

    def _page(self, way: int) -> Callable[[State], None]:
        def act(state: State) -> None:
            place = self.place(state)
            place.move(place.row + way * (self._rows(state).height - 1), self._last(state), 1)
        return act
