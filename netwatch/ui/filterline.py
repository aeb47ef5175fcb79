"""The one filter line of all tabs: typed anywhere, in force everywhere.

What is typed is applied as soon as it is a filter; until then the last valid one stays in force.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from netwatch._fast.canvas import clip, text_width
from netwatch.ui import format as fmt
from netwatch.ui.state import Area, State
from netwatch.ui.theme import ALARM, BAD, INPUT, KEY, MUTED, REVERSE

_MAX_HISTORY = 50


def filter_open(state: State) -> None:
    chosen = state.filter
    chosen.editing, chosen.before = True, (chosen.applied_text, chosen.applied)
    chosen.line.text = chosen.applied_text
    chosen.line.cursor = len(chosen.line.text)
    chosen.error, chosen.column, chosen.place = "", None, len(chosen.history)


def apply_text(state: State, text: str) -> None:
    """Put a filter in force if it is one; otherwise keep the one in force and say what is wrong where."""
    chosen = state.filter
    chosen.error, chosen.column = "", None
    try:
        parsed = state.parse(text) if text.strip() else None
    except ValueError as error:
        chosen.error = str(getattr(error, "message", "") or error) or "not a filter"
        column = getattr(error, "column", None)
        chosen.column = None if column is None else column - 1
        return
    if text.strip() != chosen.applied_text:
        chosen.applied, chosen.applied_text = parsed, text.strip()
        state.table.top, state.table.pinned = 0, False


def filter_keep(state: State) -> None:
    """Leave the line; with an error in it, the last valid filter stays in force and that is said."""
    chosen = state.filter
    chosen.editing = False
    if chosen.error:
        state.message = f"Kept the last valid filter: {chosen.applied_text or 'none'}"
    if chosen.applied_text and chosen.history[-1:] != [chosen.applied_text]:
        chosen.history = [*chosen.history, chosen.applied_text][-_MAX_HISTORY:]


def filter_cancel(state: State) -> None:
    chosen = state.filter
    chosen.editing = False
    if chosen.applied_text != chosen.before[0]:
        chosen.applied_text, chosen.applied = chosen.before
        state.table.top, state.table.pinned = 0, False


def filter_clear(state: State) -> None:
    apply_text(state, "")


def _recall(step: int) -> Callable[[State], None]:
    def act(state: State) -> None:
        chosen = state.filter
        chosen.place = max(0, min(len(chosen.history), chosen.place + step))
        chosen.line.text = chosen.history[chosen.place] if chosen.place < len(chosen.history) else ""
        chosen.line.cursor = len(chosen.line.text)
        apply_text(state, chosen.line.text)
    return act


def type_character(state: State, character: str) -> None:
    """A printable character that no key of the filter line claims."""
    state.filter.line.insert(character)
    apply_text(state, state.filter.line.text)


def _move_to(place: Callable[[State], int]) -> Callable[[State], None]:
    return lambda state: state.filter.line.move(place(state))


def _erase(start: Callable[[State], int], end: Callable[[State], int]) -> Callable[[State], None]:
    def act(state: State) -> None:
        state.filter.line.erase(start(state), end(state))
        apply_text(state, state.filter.line.text)
    return act


def _cursor(state: State) -> int:
    return state.filter.line.cursor


ACTIONS: dict[str, Callable[[State], None]] = {
    "filter_open": filter_open, "filter_keep": filter_keep,
    "filter_cancel": filter_cancel, "filter_clear": filter_clear,
    "filter_older": _recall(-1), "filter_newer": _recall(1),
    "edit_left": _move_to(lambda state: _cursor(state) - 1), "edit_right": _move_to(lambda state: _cursor(state) + 1),
    "edit_home": _move_to(lambda state: 0), "edit_end": _move_to(lambda state: len(state.filter.line.text)),
    "edit_backspace": _erase(lambda state: _cursor(state) - 1, _cursor),
    "edit_delete": _erase(_cursor, lambda state: _cursor(state) + 1),
    "edit_word": _erase(lambda state: state.filter.line.word_start(), _cursor),
    "edit_clear": _erase(lambda state: 0, _cursor),
}


def draw(canvas: Any, area: Area, state: State) -> None:
    """The line being typed, in the first row of `area`; in the second a mark under an error, and what is wrong."""
    line = state.filter.line
    canvas.fill(area.y, area.x, area.height, area.width, " ")
    noted = area.height > 1
    glyphs = state.glyphs
    start = area.x + 3
    room = area.width - 5
    skip = max(0, line.cursor - room + 1)
    canvas.put(area.y, area.x + 1, "/", KEY)
    canvas.put(area.y, start, line.text[skip:], INPUT, room)
    at = start + text_width(line.text[skip:line.cursor])
    under = line.text[line.cursor:line.cursor + 1] or " "
    canvas.put(area.y, at, under, INPUT | REVERSE)
    if not noted:
        if state.filter.error:
            canvas.put(area.y, area.x + area.width - 2, "!", ALARM)
        return
    if not state.filter.error:
        counted = line.text.strip() and state.snapshot.page is not None
        shown = f"{fmt.count(state.snapshot.total)} flows match" if counted else \
            "for example: port == 443 and bytes > 1MB, process:firefox, or any word"
        canvas.put(area.y + 1, start, clip(shown, room, glyphs.ellipsis), MUTED)
        return
    column = state.filter.column
    place = 0 if column is None else max(0, min(text_width(line.text[skip:max(skip, column)]), room - 1))
    message = state.filter.error
    if place + 2 + text_width(message) > room:
        message = clip(message, max(0, place - 1), glyphs.ellipsis) if place > room // 2 else message
        if place > room // 2:
            canvas.put(area.y + 1, start + place - 1 - text_width(message), message, BAD)
            canvas.put(area.y + 1, start + place, glyphs.caret, BAD)
            return
    canvas.put(area.y + 1, start + place, glyphs.caret, BAD)
    canvas.put(area.y + 1, start + place + 2, clip(message, room - place - 2, glyphs.ellipsis), BAD)
