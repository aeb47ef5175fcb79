"""Forms on npyscreen's own widgets: title and text fields, choices, buttons; in our colours, and with our way to wait.

npyscreen's loop of a widget waits for a key alone. Here it waits for the bell as well, so that a signal ends the
program and a resize draws the form anew while it is open.
"""
from __future__ import annotations

import contextlib
import curses
import curses.ascii
import select
from collections.abc import Callable
from typing import Protocol

import npyscreen
from npyscreen import wgwidget

from netwatch.ui import term
from netwatch.ui.form import Field, Form
from netwatch.ui.theme import BAD, BRAND, GOOD, HEAD, MUTED, TEXT, TITLE, WARN, Painter

COLUMNS = 72                       # of the form, where the terminal has them
AROUND = 7                         # lines besides its fields
LEAST = (9, 40)                    # lines and columns below which no form is shown
LABEL = 16
# what npyscreen's names of colours are with us
INKS = {"DEFAULT": TEXT, "FORMDEFAULT": TEXT, "STANDOUT": TITLE, "LABEL": MUTED, "LABELBOLD": HEAD, "CONTROL": BRAND,
        "CURSOR": TITLE, "CURSOR_INVERSE": TITLE, "GOOD": GOOD, "SAFE": GOOD, "VERYGOOD": GOOD, "NO_EDIT": MUTED,
        "CAUTION": WARN, "CAUTIONHL": WARN, "WARNING": BAD, "DANGER": BAD, "CRITICAL": BAD, "IMPORTANT": TITLE}


class Bell(Protocol):
    """What wakes whoever waits for keys: the shell's."""

    reader: int
    resized: bool
    stopped_by: int | None

    def silence(self) -> None: ...


class _Interrupted(Exception):
    """Something else wants attention: a signal, a resize, a terminal that is no more."""


class Inks:
    """Stands in for npyscreen's theme manager: its own one would write over the colour pairs that are ours."""

    def __init__(self, painter: Painter) -> None:
        self._painter = painter

    def findPair(self, caller: wgwidget.Widget, request: str = "DEFAULT") -> int:
        return self._painter.attribute(INKS.get(caller.color if request == "DEFAULT" else request, TEXT))


class _Patient:
    """A widget that waits for a key or the bell."""

    def get_and_use_key_press(self) -> None:
        pad, bell = self.parent.curses_pad, self.parent.bell  # type: ignore[attr-defined]
        pad.keypad(True)
        pad.nodelay(True)
        ready, _, _ = select.select([0, bell.reader], [], [])
        if bell.reader in ready:
            bell.silence()
        if bell.resized or bell.stopped_by is not None:
            raise _Interrupted
        if 0 not in ready:
            return
        key = self._get_ch()  # type: ignore[attr-defined]
        if key == -1:
            if not term.alive():
                raise _Interrupted
            return
        if key == curses.KEY_RESIZE:
            bell.resized = True
            raise _Interrupted
        if key == curses.KEY_MOUSE:
            with contextlib.suppress(curses.error):
                curses.getmouse()
            return
        if key == curses.ascii.ESC:
            after = pad.getch()
            if after == -1:
                self.parent.leave()  # type: ignore[attr-defined]
                self.editing, self.how_exited = False, wgwidget.EXITED_ESCAPE
                return
            key = curses.ascii.alt(after)
        self.handle_input(key)  # type: ignore[attr-defined]


class _Text(_Patient, npyscreen.Textfield):  # type: ignore[misc]
    def set_up_handlers(self) -> None:
        super().set_up_handlers()
        self.handlers.update({"^A": self._go_home, curses.KEY_HOME: self._go_home,
                              "^E": self._go_to_end, curses.KEY_END: self._go_to_end,
                              curses.ascii.NL: self._enter, curses.ascii.CR: self._enter})

    def _enter(self, key: int) -> None:
        """Done, where there is nothing else to fill in."""
        if len(self.parent.entries) == 1:
            self.parent.accepted = True
            self.parent.leave()
            self.editing, self.how_exited = False, wgwidget.EXITED_ESCAPE
        else:
            self.h_exit_down(key)

    def _go_home(self, key: int) -> None:
        self.cursor_position = 0

    def _go_to_end(self, key: int) -> None:
        self.cursor_position = len(self.value)


class _TitleText(npyscreen.TitleText):  # type: ignore[misc]
    _entry_type = _Text


class _Choice(_Patient, npyscreen.SelectOne):  # type: ignore[misc]
    pass


class _TitleChoice(npyscreen.TitleSelectOne):  # type: ignore[misc]
    _entry_type = _Choice


class _Button(_Patient, npyscreen.MiniButtonPress):  # type: ignore[misc]
    pass


class _OK(_Button):
    def whenPressed(self) -> None:
        self.parent._on_ok()


class _Cancel(_Button):
    def whenPressed(self) -> None:
        self.parent._on_cancel()


class _Popup(npyscreen.ActionFormV2):  # type: ignore[misc]
    """The form itself, in the middle of the terminal."""

    OKBUTTON_TYPE, CANCELBUTTON_TYPE = _OK, _Cancel
    accepted = False

    def __init__(self, form: Form, answers: dict[str, str], bell: Bell) -> None:
        rows, columns = term.size()
        type(self).OK_BUTTON_TEXT, self.bell = form.accept, bell      # npyscreen asks the class
        type(self).CANCEL_BUTTON_BR_OFFSET = (2, 10 + len(form.accept))
        lines = min(AROUND + sum(len(field.choices) or 1 for field in form.fields), rows)
        width = min(COLUMNS, columns)
        self._form, self._answers = form, answers
        super().__init__(name=form.title, lines=lines, columns=width, show_aty=(rows - lines) // 2,
                         show_atx=(columns - width) // 2, minimum_lines=LEAST[0], minimum_columns=LEAST[1])

    def create(self) -> None:
        self.entries = {field.key: self._add(field) for field in self._form.fields}
        if self._form.note:
            self.nextrely += 1
            self.add(npyscreen.FixedText, value=self._form.note[:self.columns - 6], editable=False, color="LABEL",
                     use_max_space=True)

    def _add(self, field: Field) -> wgwidget.Widget:
        """A choice has no filter: that is a form of npyscreen's own, which asks standard error for its size."""
        value = self._answers[field.key]
        if not field.choices and not field.label:      # a title without a letter is one that npyscreen cannot draw
            return self.add(_Text, value=value)
        if not field.choices:
            return self.add(_TitleText, name=field.label, value=value, begin_entry_at=LABEL, use_two_lines=False)
        return self.add(_TitleChoice, name=field.label, values=list(field.choices), value=[field.choices.index(value)],
                        max_height=len(field.choices), begin_entry_at=LABEL, scroll_exit=True, use_two_lines=False,
                        allow_filtering=False)

    def answers(self) -> dict[str, str]:
        """What the fields say now."""
        found = {}
        for field in self._form.fields:
            value = self.entries[field.key].value
            found[field.key] = (value or "").strip() if not field.choices else \
                field.choices[value[0]] if value else field.value
        return found

    def leave(self) -> None:
        """Without doing it."""
        self.editing = False

    def on_ok(self) -> bool:
        self.accepted = True
        return False

    def on_cancel(self) -> bool:
        return False

    def _max_physical(self) -> tuple[int, int]:
        rows, columns = term.size()
        return rows - 1, columns - 1


def fill_in(form: Form, bell: Bell, resized: Callable[[], None]) -> dict[str, str] | None:
    """Show it until it is accepted or left. None: it was left, or a signal came, or there is no room for it. `resized`
    is called when the terminal has another size."""
    answers = form.answers()
    while True:
        if term.size()[0] < LEAST[0] or term.size()[1] < LEAST[1]:
            return None
        popup = _Popup(form, answers, bell)
        try:
            popup.edit()
            return popup.answers() if popup.accepted else None
        except _Interrupted:
            answers = popup.answers()
            if bell.stopped_by is not None or not bell.resized:
                return None
            bell.resized = False
            resized()
