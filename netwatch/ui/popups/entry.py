"""One line to type, over a tab: a number to go to, a filter to capture with. open_entry() says what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from netwatch._fast.term.canvas import Canvas, text_width
from netwatch.ui.state import Area, Line, State
from netwatch.ui.theme import INPUT, MUTED, REVERSE
from netwatch.ui.widgets.box import draw_box

WIDTH = 64


@dataclass
class Entry:
    """What is asked; `accept` gets the text when Enter is pressed."""

    title: str = ""
    hint: str = ""
    line: Line = field(default_factory=Line)
    accept: Callable[[State, str], None] = lambda state, text: None


def open_entry(state: State, title: str, hint: str, text: str, accept: Callable[[State, str], None]) -> None:
    """Ask for a line that begins as `text`."""
    state.parts["entry"] = Entry(title, hint, Line(text, len(text)), accept)
    state.overlay = "entry"


def entry_of(state: State) -> Entry:
    found = state.parts["entry"]
    assert isinstance(found, Entry)
    return found


def draw(canvas: Canvas, area: Area, state: State) -> None:
    entry = entry_of(state)
    width = min(WIDTH, area.width)
    box = Area(area.y + max(0, area.height // 3 - 2), area.x + (area.width - width) // 2, min(4, area.height), width)
    draw_box(canvas, box, entry.title, state.glyphs)
    room, line = width - 5, entry.line
    skip = max(0, line.cursor - room + 1)
    canvas.put(box.y + 1, box.x + 2, line.text[skip:], INPUT, room)
    under = line.text[line.cursor:line.cursor + 1] or " "
    canvas.put(box.y + 1, box.x + 2 + text_width(line.text[skip:line.cursor]), under, INPUT | REVERSE)
    canvas.put(box.y + 2, box.x + 2, entry.hint, MUTED, width - 4)


def type_character(state: State, character: str) -> None:
    entry_of(state).line.insert(character)


def _accept(state: State) -> None:
    entry = entry_of(state)
    state.overlay = ""
    entry.accept(state, entry.line.text.strip())


def _move(to: Callable[[Line], int]) -> Callable[[State], None]:
    return lambda state: entry_of(state).line.move(to(entry_of(state).line))


def _erase(start: Callable[[Line], int], end: Callable[[Line], int]) -> Callable[[State], None]:
    def act(state: State) -> None:
        line = entry_of(state).line
        line.erase(start(line), end(line))
    return act


ACTIONS: dict[str, Callable[[State], None]] = {
    "entry_accept": _accept,
    "entry_left": _move(lambda line: line.cursor - 1), "entry_right": _move(lambda line: line.cursor + 1),
    "entry_home": _move(lambda line: 0), "entry_end": _move(lambda line: len(line.text)),
    "entry_backspace": _erase(lambda line: line.cursor - 1, lambda line: line.cursor),
    "entry_delete": _erase(lambda line: line.cursor, lambda line: line.cursor + 1),
    "entry_clear": _erase(lambda line: 0, lambda line: line.cursor),
}
