"""One line to type, in a form: a number to go to, a filter to capture with. ask_line() says what becomes of it."""
from __future__ import annotations

from collections.abc import Callable

from netwatch.ui.form import Field, Form
from netwatch.ui.state import State


def ask_line(state: State, title: str, hint: str, text: str, accept: Callable[[State, str], None],
             label: str = "") -> None:
    """Ask for a line that begins as `text`; `accept` gets it unless the form is left."""
    said = state.ask_form(Form(title, (Field("line", label, text),), hint))
    if said is not None:
        accept(state, said["line"])
