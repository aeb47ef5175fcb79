"""The terminal's brain, without a terminal: state, what each key does, and one frame onto a canvas.

It knows nothing of curses or npyscreen (shell.py does) and never calls a session (model.Poller does), so a test can
drive it with names of keys and read the screen as text.
"""
from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

from netwatch.ui import crash, frame, keys
from netwatch.ui.model import Snapshot
from netwatch.ui.state import State
from netwatch.ui.tabs import TABS, Tab, find
from netwatch.ui.theme import ASCII, BAD, MUTED, TEXT, UNICODE
from netwatch.ui.widgets import help as help_screen

MESSAGE_SECONDS = 3.0


class App:
    """One running terminal. `ask` is told what to fetch; `quit_code` is set when it is time to leave."""

    def __init__(self, label: str, live: bool, ask: Callable[[Any], None], parse: Callable[[str], Any],
                 tab: str | None = None, ascii_only: bool = False, where: str = "") -> None:
        self.state = State(label=label, live=live, glyphs=ASCII if ascii_only else UNICODE, parse=parse, tabs=TABS)
        self.state.table.sort = "rate_in" if live else "bytes"
        self.quit_code: int | None = None
        self.wants_repaint = False
        self._ask = ask
        self._modules: dict[str, ModuleType] = {}
        self._message_until = 0.0
        self._show_tab(find(tab))
        if where.strip():
            self.state.filter.applied, self.state.filter.applied_text = parse(where), where.strip()

    # ------------------------------------------------------------------------------------------------ what happens

    def key(self, name: str, character: str = "") -> None:
        """A key was pressed: `name` as in the table of keys, `character` what it prints, if anything."""
        state = self.state
        self._say("")
        if self._rows < frame.MIN_ROWS or self._cols < frame.MIN_COLS:
            if name in ("q", "esc"):
                self.quit_code = 0
            return
        line = keys.find(state.contexts(), name)
        if line:
            self._guard(self._act, line.action)
        elif state.filter.editing and character.isprintable() and character:
            self._guard(self._module.type_character, state, character)
        elif not state.overlay and not state.filter.editing:
            for tab in state.tabs:
                if tab.key == name:
                    self._show_tab(tab)
        self._message_until = time.monotonic() + MESSAGE_SECONDS
        self._settle()

    def mouse(self, what: str, y: int, x: int) -> None:
        """`what` is "click", "double", "wheel-up" or "wheel-down"."""
        state = self.state
        self._say("")
        if state.overlay:
            if what.startswith("wheel"):
                self._guard(self._act, f"{state.overlay}_{'up' if what == 'wheel-up' else 'down'}")
            else:
                state.overlay = ""
        elif y == 0 and not what.startswith("wheel"):
            for start, cells, tab in frame.tab_spots(state, self._cols):
                if start <= x < start + cells:
                    self._show_tab(tab)
        elif state.body.y <= y < state.body.y + state.body.height and state.tab not in state.failed:
            self._guard(self._module.on_mouse, state, what, y, x)
        self._settle()

    def snapshot(self, new: Snapshot) -> None:
        """The poller has a new picture. While paused, only an answer to a new question replaces the frozen one."""
        state, old = self.state, self.state.snapshot
        if new.number == old.number:
            return
        state.health = new.health or state.health
        if state.paused and old.request and new.request:
            kept_flow = old.record is not None and new.request.flow == old.request.flow
            if new.request.question == old.request.question:
                new = replace(new, page=old.page, rows=old.rows, total=old.total, offset=old.offset)
            if kept_flow:
                new = replace(new, record=old.record)
        state.snapshot = new
        self._guard(self._module.on_snapshot, state)
        self._settle()

    def resize(self, rows: int, cols: int) -> None:
        """The terminal has this size now."""
        self._rows, self._cols = rows, cols
        self.state.body = frame.body_of(rows, cols)
        if self.state.snapshot.page is not None:
            self._guard(self._module.on_snapshot, self.state)
        self._settle()

    def next_deadline(self) -> float | None:
        """When the screen changes by itself (monotonic seconds), None for never."""
        return self._message_until if self.state.message else None

    def pass_time(self) -> None:
        """Take away what has been shown long enough."""
        if self.state.message and time.monotonic() >= self._message_until:
            self.state.message = ""

    # ------------------------------------------------------------------------------------------------------- a frame

    def draw(self, canvas: Any) -> None:
        """The whole screen."""
        state = self.state
        canvas.unclip()
        canvas.clear()
        if canvas.rows < frame.MIN_ROWS or canvas.cols < frame.MIN_COLS:
            frame.draw_too_small(canvas)
            return
        if state.tab not in state.failed:
            canvas.clip_to(*state.body)
            try:
                self._module.draw(canvas, state.body, state)
                if state.overlay == "sort":
                    self._module.draw_overlay(canvas, state.body, state)
            except Exception as error:
                self._fail(error)
                canvas.unclip()
                canvas.clear()
        canvas.unclip()
        if state.tab in state.failed:
            self._draw_failure(canvas)
        if state.overlay == "help":
            help_screen.draw(canvas, state.body, state)
        frame.draw_frame(canvas, state)

    def _draw_failure(self, canvas: Any) -> None:
        state = self.state
        title = next(tab.title for tab in state.tabs if tab.name == state.tab)
        y = state.body.y + max(1, state.body.height // 4)
        canvas.put(y, 3, f"The {title} tab has failed. The capture and the other tabs go on.", BAD)
        for i, text in enumerate(state.failed[state.tab].splitlines()):
            canvas.put(y + 2 + i, 3, text, TEXT if i == 0 else MUTED)
        canvas.put(y + 5, 3, "r tries again.", MUTED)

    # ------------------------------------------------------------------------------------------------------ inside

    _rows, _cols = 24, 80

    @property
    def _module(self) -> ModuleType:
        return self._modules[self.state.tab]

    def _show_tab(self, tab: Tab) -> None:
        if tab.name not in self._modules:
            self._modules[tab.name] = tab.load()
        self.state.tab = tab.name
        self.state.order = self._module.order

    def _settle(self) -> None:
        """After any change: fetch what the screen now needs."""
        self._ask(self.state.next_request())

    def _say(self, message: str) -> None:
        self.state.message = message

    def _guard(self, call: Callable[..., object], *arguments: object) -> None:
        """Run a piece of a tab: when it breaks, the tab is shown as failed and the rest goes on."""
        try:
            call(*arguments)
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        path = crash.write_report(error)
        state = self.state
        state.overlay, state.filter.editing = "", False
        state.failed[state.tab] = f"{type(error).__name__}: {error}"[:200].replace("\n", " ") + \
            (f"\nDetails are in {path}" if path else "\nDetails could not be written anywhere.")

    def _act(self, action: str) -> None:
        own = getattr(self, f"_do_{action}", None)
        if own:
            own()
        else:
            self._module.ACTIONS[action](self.state)

    def _do_quit(self) -> None:
        self.quit_code = 0

    def _do_close(self) -> None:
        self.state.overlay = ""

    def _do_retry(self) -> None:
        self.state.failed.pop(self.state.tab, None)
        self.state.details = False           # what fails is more often the odd record than the table

    def _do_repaint(self) -> None:
        self.wants_repaint = True

    def _do_pause(self) -> None:
        state = self.state
        state.paused = not state.paused
        state.paused_packets = state.health.packets if state.health else 0

    def _turn_tab(self, step: int) -> None:
        names = [tab.name for tab in self.state.tabs]
        self._show_tab(self.state.tabs[(names.index(self.state.tab) + step) % len(names)])

    def _do_tab_next(self) -> None:
        self._turn_tab(1)

    def _do_tab_previous(self) -> None:
        self._turn_tab(-1)

    def _do_help(self) -> None:
        self.state.overlay, self.state.help_top = "help", 0

    def _scroll_help(self, lines: int) -> None:
        lowest = help_screen.lowest_top(self.state.body, self.state)
        self.state.help_top = max(0, min(lowest, self.state.help_top + lines))

    def _do_help_down(self) -> None:
        self._scroll_help(1)

    def _do_help_up(self) -> None:
        self._scroll_help(-1)

    def _do_help_page_down(self) -> None:
        self._scroll_help(self.state.body.height - 3)

    def _do_help_page_up(self) -> None:
        self._scroll_help(3 - self.state.body.height)

    def _do_help_top(self) -> None:
        self._scroll_help(-10_000)

    def _do_help_bottom(self) -> None:
        self._scroll_help(10_000)
