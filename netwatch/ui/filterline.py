"""The one filter line of all tabs: typed anywhere, in force everywhere.

What is typed is applied as soon as it is a filter; until then the last valid one stays in force. A line that is left
with an error in it changes nothing.
"""
from __future__ import annotations

import time
from collections.abc import Callable

from netwatch._fast.term.canvas import Canvas, clip, text_width
from netwatch.addons.preferences import Remember, merged
from netwatch.ui import completion
from netwatch.ui import format as fmt
from netwatch.ui.state import Area, State
from netwatch.ui.theme import ALARM, BAD, INPUT, KEY, MUTED, REVERSE
from netwatch.ui.widgets.table import draw_selection

SLOW = 0.3                         # seconds after which an answer is said to be on its way
SHOWN = 8                          # offers listed at a time


def filter_open(state: State) -> None:
    chosen = state.filter
    chosen.editing, chosen.before = True, (chosen.applied_text, chosen.applied)
    chosen.line.text, chosen.rows = chosen.applied_text, state.snapshot.rows
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
        chosen.applied, chosen.applied_text, chosen.since = parsed, text.strip(), time.monotonic()
        state.table.top, state.table.pinned = 0, False


def searching(state: State) -> bool:
    """Is the answer to the filter in force not there, or not all of it, and has it taken long?"""
    left = seconds_to_slow(state)
    return partial(state) is not None or (left is not None and left <= 0)


def partial(state: State) -> int | None:
    """Among how many flows the matches on screen were found, where all are still looked for."""
    page = state.snapshot.page
    return page.looked if page is not None else None


def seconds_to_slow(state: State) -> float | None:
    """When the screen has to say that it is searching; None when the answer is there."""
    asked = state.snapshot.request
    if asked is None or not asked.limit or asked.where is state.filter.applied:
        return None
    return SLOW - (time.monotonic() - state.filter.since)


def filter_keep(state: State) -> None:
    """Leave the line; with an error in it, what was in force before it was opened is so again, and that is said."""
    chosen = state.filter
    if chosen.error:
        filter_cancel(state)
        state.message = f"Not a filter; back to the one before: {chosen.applied_text or 'none'}"
        return
    chosen.editing, chosen.offers = False, []
    chosen.applied_text = state.hide(chosen.applied_text)
    if chosen.applied_text and chosen.history[-1:] != [chosen.applied_text]:
        limit = state.settings.of("ui.filter_history")
        chosen.history = merged(chosen.history, [chosen.applied_text], limit)
        state.do(Remember(chosen.applied_text, limit))


def filter_cancel(state: State) -> None:
    chosen = state.filter
    chosen.editing, chosen.offers = False, []
    if chosen.applied_text != chosen.before[0]:
        chosen.applied_text, chosen.applied = chosen.before
        chosen.since = time.monotonic()
        state.table.top, state.table.pinned = 0, False


def _recall(step: int) -> Callable[[State], None]:
    def act(state: State) -> None:
        chosen = state.filter
        chosen.offers = []
        chosen.place = max(0, min(len(chosen.history), chosen.place + step))
        chosen.line.text = chosen.history[chosen.place] if chosen.place < len(chosen.history) else ""
        chosen.line.cursor = len(chosen.line.text)
        apply_text(state, chosen.line.text)
    return act


def _complete(step: int) -> Callable[[State], None]:
    """List what the word may become and go as far as all of it agrees; then take one after the other."""
    def act(state: State) -> None:
        chosen, line = state.filter, state.filter.line
        if not chosen.offers:
            chosen.word, chosen.offers = completion.offers(line.text[:line.cursor], chosen.rows or state.snapshot.rows)
            chosen.offered = -1
            typed = line.text[chosen.word:line.cursor]
            agreed = completion.agreed([each.text for each in chosen.offers if each.text.startswith(typed)])
            if len(chosen.offers) != 1 and len(agreed) > len(typed):
                _put_word(state, agreed)
                return
            if len(chosen.offers) != 1:
                return
        chosen.offered = (chosen.offered + step) % len(chosen.offers)
        _put_word(state, chosen.offers[chosen.offered].text)
        if len(chosen.offers) == 1:
            chosen.offers = []
    return act


def _put_word(state: State, word: str) -> None:
    """In place of the one before the cursor."""
    line = state.filter.line
    line.text = line.text[:state.filter.word] + word + line.text[line.cursor:]
    line.cursor = state.filter.word + len(word)
    apply_text(state, line.text)


def _offer_again(state: State) -> None:
    """The line has changed under the list of offers."""
    chosen, line = state.filter, state.filter.line
    if chosen.offers:
        chosen.word, chosen.offers = completion.offers(line.text[:line.cursor], chosen.rows or state.snapshot.rows)
        chosen.offered = -1


def type_character(state: State, character: str) -> None:
    """A printable character that no key of the filter line claims."""
    state.filter.line.insert(character)
    apply_text(state, state.filter.line.text)
    _offer_again(state)


def _move_to(place: Callable[[State], int]) -> Callable[[State], None]:
    def act(state: State) -> None:
        state.filter.line.move(place(state))
        state.filter.offers = []
    return act


def _erase(start: Callable[[State], int], end: Callable[[State], int]) -> Callable[[State], None]:
    def act(state: State) -> None:
        state.filter.line.erase(start(state), end(state))
        apply_text(state, state.filter.line.text)
        _offer_again(state)
    return act


def _cursor(state: State) -> int:
    return state.filter.line.cursor


ACTIONS: dict[str, Callable[[State], None]] = {
    "filter_open": filter_open, "filter_keep": filter_keep,
    "filter_cancel": filter_cancel,
    "filter_complete": _complete(1), "filter_complete_back": _complete(-1),
    "filter_older": _recall(-1), "filter_newer": _recall(1),
    "edit_left": _move_to(lambda state: _cursor(state) - 1), "edit_right": _move_to(lambda state: _cursor(state) + 1),
    "edit_home": _move_to(lambda state: 0), "edit_end": _move_to(lambda state: len(state.filter.line.text)),
    "edit_backspace": _erase(lambda state: _cursor(state) - 1, _cursor),
    "edit_delete": _erase(_cursor, lambda state: _cursor(state) + 1),
    "edit_word": _erase(lambda state: state.filter.line.word_start(), _cursor),
    "edit_clear": _erase(lambda state: 0, _cursor),
}


def draw(canvas: Canvas, area: Area, state: State) -> None:
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
        shown = f"{fmt.count(state.snapshot.total)} flows match so far, searching" if partial(state) is not None else \
            "searching" if searching(state) else \
            f"{fmt.count(state.snapshot.total)} flows match" if counted else \
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


def draw_offers(canvas: Canvas, area: Area, state: State) -> None:
    """What the word may become, listed from the first line of `area` down, with one line of help each."""
    chosen, glyphs = state.filter, state.glyphs
    rows = min(SHOWN, area.height - 1, len(chosen.offers))
    if rows < 1:
        return
    first = max(0, min(chosen.offered - rows + 1, len(chosen.offers) - rows))
    wide = max(12, min(28, area.width // 2 - 4))
    canvas.fill(area.y, area.x, rows + 1, area.width, " ")
    for i, offer in enumerate(chosen.offers[first:first + rows]):
        taken = first + i == chosen.offered
        canvas.put(area.y + i, area.x + 3, clip(offer.text, wide, glyphs.ellipsis), KEY)
        canvas.put(area.y + i, area.x + 4 + wide, clip(offer.help, area.width - wide - 6, glyphs.ellipsis), MUTED)
        if taken:
            draw_selection(canvas, area.y + i, Area(area.y + i, area.x, 1, area.width), glyphs)
    left = len(chosen.offers) - rows
    more = f"{left} more, Tab takes the next" if left else "Tab takes the next"
    canvas.put(area.y + rows, area.x + 3, clip(more, area.width - 4, glyphs.ellipsis), MUTED)
