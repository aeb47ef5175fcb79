"""Drives App without a terminal and without a thread: keys in by name, the screen out as text."""
from __future__ import annotations

from dataclasses import replace
from typing import Any

from netwatch._fast.term.canvas import Canvas
from netwatch.filter import Filter
from netwatch.ui import format as fmt
from netwatch.ui.app import App
from netwatch.ui.form import Answers, Form
from netwatch.ui.poller import Poller, Request


class Driver:
    """`step()` is one tick of the poller; every key is followed by the poll it asks for."""

    def __init__(self, session: Any, cols: int = 120, rows: int = 40, ascii_only: bool = False,
                 **more: Any) -> None:
        fmt.show_utc(True)
        self.session = session
        self.asked: Request | None = None
        self.copied: list[str] = []
        self.poller = Poller(session, 1.0, lambda: None)
        self.app = App(session.label, session.live, self._ask, Filter, ascii_only=ascii_only, **more)
        self.app.state.clipboard = lambda text: self.copied.append(text) or True
        self.lines: list[str | None] = []        # that are typed into the forms to come, None: it is left
        self.forms: list[Form] = []              # that were shown
        self.app.state.ask_form = self._fill_in
        self.canvas = Canvas(rows, cols, ascii_only)
        self.app.resize(rows, cols)
        self.step()

    @property
    def state(self) -> Any:
        return self.app.state

    def _ask(self, request: Request) -> None:
        self.asked = request

    def will_type(self, *lines: str | None) -> Driver:
        self.lines += lines
        return self

    def _fill_in(self, form: Form) -> Answers | None:
        """The first field gets the line, whatever was in it; without one the form is left."""
        self.forms.append(form)
        line = self.lines.pop(0) if self.lines else None
        return None if line is None else form.answers() | {form.fields[0].key: line}

    def step(self, tick: bool = True) -> None:
        """Let the poller answer until it has nothing more to do, as its thread would."""
        self.session.extra += tick
        for _ in range(3):
            wanted = self.asked
            assert wanted is not None
            fresh = self.poller._poll(wanted, tick)
            self.poller._latest = replace(fresh, number=self.poller._latest.number + 1)
            self.app.snapshot(self.poller._latest)
            tick = False
            if self.asked == wanted:
                return

    def keys(self, *names: str) -> Driver:
        for name in names:
            self.app.key(name, name if len(name) == 1 else " " if name == "space" else "")
            self.step(tick=False)
        return self

    def type(self, text: str) -> Driver:
        return self.keys(*("space" if letter == " " else letter for letter in text))

    def resize(self, cols: int, rows: int) -> Driver:
        self.canvas.resize(rows, cols)
        self.app.resize(rows, cols)
        self.step(tick=False)
        return self

    def screen(self) -> str:
        self.app.draw(self.canvas)
        return str(self.canvas)

    def line(self, number: int) -> str:
        return self.screen().splitlines()[number]

    def selected_line(self) -> str:
        return next((line for line in self.screen().splitlines() if line.startswith(self.state.glyphs.bar)), "")
