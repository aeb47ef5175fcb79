"""The terminal's brain, without a terminal: state, what each key does, and one frame onto a canvas.

It knows nothing of curses or npyscreen (shell.py does) and never calls a session (model.Poller does), so a test can
drive it with names of keys and read the screen as text.
"""
from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING

from netwatch._fast.term.canvas import Canvas
from netwatch.store import crash
from netwatch.ui import chrome, drill, filterline, keys, replaykeys, timemode, views
from netwatch.ui.poller import Request, Snapshot
from netwatch.ui.popups import POPUPS
from netwatch.ui.state import USUAL, WELCOME, Area, State
from netwatch.ui.tabs import TABS, Tab, find
from netwatch.ui.tabs.connections.columns import profile
from netwatch.ui.theme import ASCII, BAD, MUTED, TEXT, THEMES, UNICODE

if TYPE_CHECKING:
    from netwatch.filter import Filter
    from netwatch.model.contract import Command, Question
    from netwatch.ui.poller import Request

MESSAGE_SECONDS = 3.0
LEAVING = "q once more leaves netwatch"


class App:
    """One running terminal. `ask` is told what to fetch, `do` what to have done; `quit_code` is set when it is time
    to leave."""

    def __init__(self, label: str, live: bool, ask: Callable[[Request], None], parse: Callable[[str], Filter | None],
                 tab: str | None = None, ascii_only: bool = False, where: str = "", view: str = "full",
                 do: Callable[[Command], None] = lambda command: None) -> None:
        self.state = State(label=label, live=live, glyphs=ASCII if ascii_only else UNICODE, parse=parse, tabs=TABS)
        self.state.table.sort = "rate" if live else "bytes"
        self.state.table.columns = list(profile(USUAL, {}))
        self.quit_code: int | None = None
        self._asked_to_leave = False
        self.wants_repaint = False
        self.state.go, self.state.do, self.state.act = self._go, do, self._act
        self._ask = ask
        self._modules: dict[str, ModuleType] = {}
        self._message_until = 0.0
        self._show_tab(find(tab))
        self._show_view(views.find(view))
        if where.strip():
            self.state.filter.applied, self.state.filter.applied_text = parse(where), where.strip()

    # ------------------------------------------------------------------------------------------------ what happens

    def welcome(self) -> None:
        """Show the card of the first start."""
        self._open(WELCOME)

    def key(self, name: str, character: str = "") -> None:
        """A key was pressed: `name` as in the table of keys, `character` what it prints, if anything."""
        state = self.state
        self._asked_to_leave = state.message == LEAVING
        self._say("")
        if self._rows < chrome.MIN_ROWS or self._cols < chrome.MIN_COLS:
            if name == "q":
                self.quit_code = 0
            return
        if state.overlay == WELCOME and keys.find((WELCOME,), name) is None:
            self._guard(self._act, "welcome_close")          # any other key does what it always does
        line = keys.find(state.contexts(), name)
        if line:
            self._guard(self._act, line.action)
        elif (state.overlay or state.filter.editing) and character.isprintable() and character:
            self._guard(self._type, character)
        elif not state.overlay and not state.filter.editing and state.view == "full":
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
            self._guard(self._mouse_over, what, y, x)
        elif y == 0 and not what.startswith("wheel") and state.view == "full":
            for spot in chrome.tab_spots(state, self._cols):
                if spot.x <= x < spot.x + spot.cells:
                    self._show_tab(spot.tab)
        elif state.body.y <= y < state.body.y + state.body.height and state.tab not in state.failed:
            self._guard(getattr(self._module, "on_mouse", _ignore), state, what, y, x)
        self._settle()

    def _mouse_over(self, what: str, y: int, x: int) -> None:
        """The mouse over a popup: the wheel scrolls it; a click is its own affair, or closes it from outside."""
        state = self.state
        over = self._load(POPUPS[state.overlay]) if state.overlay in POPUPS else self._module
        takes = getattr(over, "on_mouse", None) if state.overlay in POPUPS else None
        scroll = f"{state.overlay}_{'up' if what == 'wheel-up' else 'down'}"
        if takes:
            takes(state, what, y, x)
        elif what.startswith("wheel"):
            over.ACTIONS.get(scroll, _ignore)(state)
        elif not hasattr(over, "where") or not over.where(state).holds(y, x):
            state.overlay = ""

    def snapshot(self, new: Snapshot) -> None:
        """The poller has a new picture. While paused, only an answer to a new question replaces the frozen one."""
        state, old = self.state, self.state.snapshot
        if new.number == old.number:
            return
        state.health = new.health or state.health
        if new.commands != old.commands and new.said:
            self._say(new.said)
            self._message_until = time.monotonic() + MESSAGE_SECONDS
        if state.paused and old.request and new.request:
            kept_flow = old.record is not None and new.request.flow == old.request.flow
            if new.request.question == old.request.question:
                new = replace(new, page=old.page, rows=old.rows, total=old.total, offset=old.offset)
            if kept_flow:
                new = replace(new, record=old.record)
        state.snapshot = new
        if new.gone:
            state.at, state.message = None, f"There is nothing to go back to: {new.gone}"
            self._message_until = time.monotonic() + MESSAGE_SECONDS
        if timemode.shows(state):
            self._guard(getattr(self._module, "on_snapshot", _ignore), state)
        self._settle()

    def resize(self, rows: int, cols: int) -> None:
        """The terminal has this size now."""
        self._rows, self._cols = rows, cols
        self._place_body()
        new = self.state.snapshot
        if new.page is not None or new.answer is not None:
            self._guard(getattr(self._module, "on_snapshot", _ignore), self.state)
        self._settle()

    def next_deadline(self) -> float | None:
        """When the screen changes by itself (monotonic seconds), None for never."""
        slow = filterline.seconds_to_slow(self.state)
        times = [self._message_until] if self.state.message else []
        times += [time.monotonic() + slow] if slow is not None and slow > 0 else []
        return min(times, default=None)

    def pass_time(self) -> None:
        """Take away what has been shown long enough."""
        if self.state.message and time.monotonic() >= self._message_until:
            self.state.message = ""

    # ------------------------------------------------------------------------------------------------------- a frame

    def draw(self, canvas: Canvas) -> None:
        """The whole screen."""
        state = self.state
        if canvas.ascii_only != state.glyphs.ascii_only:
            canvas.ascii_only = state.glyphs.ascii_only
            canvas.invalidate()
        canvas.unclip()
        canvas.clear()
        if canvas.rows < chrome.MIN_ROWS or canvas.cols < chrome.MIN_COLS:
            chrome.draw_too_small(canvas)
            return
        if state.tab not in state.failed:
            canvas.clip_to(*state.body)
            try:
                (self._module if timemode.shows(state) else timemode).draw(canvas, state.body, state)
                if state.filter.editing:
                    y, x, height, width = state.body
                    lines = min(2 if height > 3 else 1, height)
                    filterline.draw(canvas, Area(y, x, lines, width), state)
                    filterline.draw_offers(canvas, Area(y + lines, x, height - lines, width), state)
                if state.overlay and state.overlay not in POPUPS:
                    self._module.draw_overlay(canvas, state.body, state)
            except Exception as error:
                self._fail(error)
                canvas.unclip()
                canvas.clear()
        canvas.unclip()
        if state.tab in state.failed:
            self._draw_failure(canvas)
        if state.overlay in POPUPS:
            self._draw_popup(canvas)
        if not getattr(self._module, "BARE", False):
            chrome.draw_frame(canvas, state)

    def _draw_popup(self, canvas: Canvas) -> None:
        state = self.state
        try:
            self._load(POPUPS[state.overlay]).draw(canvas, state.body, state)
        except Exception as error:
            state.overlay = ""
            state.message = f"That cannot be shown: {type(error).__name__}: {error}"
            crash.write_report(error)

    def _draw_failure(self, canvas: Canvas) -> None:
        state = self.state
        title = next(tab.title for tab in state.tabs if tab.name == state.tab)
        title = title if state.view == "full" else state.view
        y = state.body.y + max(1, state.body.height // 4)
        canvas.put(y, 3, f"The {title} tab has failed. The capture and the other tabs go on.", BAD)
        for i, text in enumerate(state.failed[state.tab].splitlines()):
            canvas.put(y + 2 + i, 3, text, TEXT if i == 0 else MUTED)
        canvas.put(y + 5, 3, "r tries again.", MUTED)

    # ------------------------------------------------------------------------------------------------------ inside

    _rows, _cols = 24, 80
    _kept: tuple[Question[object], ...] = ()   # of the moment of the pause

    def _load(self, name: str) -> ModuleType:
        if name not in self._modules:
            self._modules[name] = importlib.import_module(name)
        return self._modules[name]

    @property
    def _module(self) -> ModuleType:
        """Of what fills the screen: a tab, or a view instead of the tabs."""
        state = self.state
        if state.view != "full":
            return self._load(views.find(state.view).module)
        return self._load(next(tab.module for tab in state.tabs if tab.name == state.tab))

    def _show_tab(self, tab: Tab) -> None:
        self.state.tab = tab.name
        self._begin_screen()

    def _show_view(self, view: views.View) -> None:
        self.state.view = view.name
        self._begin_screen()

    def _begin_screen(self) -> None:
        state, module = self.state, self._module
        name = state.tab if state.view == "full" else state.view
        if name not in state.parts and hasattr(module, "new_part"):
            state.parts[name] = module.new_part()
        state.order = getattr(module, "order", state.order)
        state.inner = getattr(module, "inner", None)
        state.sorting = getattr(module, "sorting", None)
        self._place_body()

    def _place_body(self) -> None:
        bare = getattr(self._module, "BARE", False)
        self.state.body = Area(0, 0, self._rows, self._cols) if bare else chrome.body_of(self._rows, self._cols)

    def _go(self, name: str) -> None:
        self._show_tab(find(name))

    def _type(self, character: str) -> None:
        """A character that no key claims goes to the line that is being typed."""
        if self.state.filter.editing:
            filterline.type_character(self.state, character)
        elif self.state.overlay in POPUPS:
            getattr(self._load(POPUPS[self.state.overlay]), "type_character", _ignore)(self.state, character)

    def _settle(self) -> None:
        """After any change: fetch what the screen now needs."""
        state, module = self.state, self._module
        popup = self._load(POPUPS[state.overlay]) if state.overlay in POPUPS else None
        over = popup.question(state) if popup is not None and hasattr(popup, "question") else None
        asks = module.question(state) if hasattr(module, "question") else None
        request = state.next_request() if hasattr(module, "order") else \
            Request(limit=0, hold=state.paused, at=state.at)
        if not timemode.shows(state):
            request, asks = Request(limit=0, at=state.at), None
        if asks is not None and getattr(module, "ASKS_INSTEAD", False):
            request = replace(request, limit=0, flow=request.flow if state.details else None)
        self._ask(replace(request, asks=asks, over=over, keep=self._kept if state.paused else ()))

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
        state = self.state
        if own:
            own()
        elif action in filterline.ACTIONS:
            filterline.ACTIONS[action](state)
        elif action in drill.ACTIONS:
            drill.ACTIONS[action](state)
        elif action in timemode.ACTIONS:
            timemode.ACTIONS[action](state)
        elif action in replaykeys.ACTIONS:
            replaykeys.ACTIONS[action](state)
        elif state.overlay in POPUPS:
            self._load(POPUPS[state.overlay]).ACTIONS[action](state)
        else:
            self._module.ACTIONS[action](state)

    def _do_quit(self) -> None:
        """Leave; where it is to be confirmed, when it is asked for again while the question stands."""
        if self._asked_to_leave or not self.state.settings.of("ui.confirm_quit"):
            self.quit_code = 0
        else:
            self._say(LEAVING)

    def _do_close(self) -> None:
        self.state.overlay = ""

    def _do_retry(self) -> None:
        self.state.failed.pop(self.state.tab, None)
        self.state.details = False           # what fails is more often the odd record than the table

    def _do_repaint(self) -> None:
        self.wants_repaint = True

    def _do_pause(self) -> None:
        state = self.state
        if state.at is not None:
            self._say("A moment of the past stands still by itself; End goes back to now")
            return
        state.paused = not state.paused
        self._kept = self._questions() if state.paused else ()
        state.paused_packets = state.health.packets if state.health else 0

    def _questions(self) -> tuple[Question[object], ...]:
        """What every tab asks: all of them are paused at one moment, whichever is on screen."""
        state, asked = self.state, []
        for tab in state.tabs:
            module = self._load(tab.module)
            if tab.name not in state.parts and hasattr(module, "new_part"):
                state.parts[tab.name] = module.new_part()
            question = module.question(state) if hasattr(module, "question") else None
            asked += [question] if question is not None else []
        return tuple(asked)

    def _open(self, name: str) -> None:
        self.state.overlay = name
        getattr(self._load(POPUPS[name]), "on_open", _ignore)(self.state)

    def _do_theme_next(self) -> None:
        look, names = self.state.look, list(THEMES)
        chosen = names[(names.index(look.theme) + 1) % len(names)]
        self.state.look = replace(look, theme=chosen)
        self._say(f"Theme {chosen}")

    def _do_view_next(self) -> None:
        self._show_view(views.after(self.state.view))

    def _turn_tab(self, step: int) -> None:
        if self.state.view != "full":
            return
        names = [tab.name for tab in self.state.tabs]
        self._show_tab(self.state.tabs[(names.index(self.state.tab) + step) % len(names)])

    def _do_tab_next(self) -> None:
        self._turn_tab(1)

    def _do_tab_previous(self) -> None:
        self._turn_tab(-1)

    def _do_sort_open(self) -> None:
        if self.state.sorting is not None:
            self._open("sort")
        else:
            self.state.message = "There is no table here"

    def _do_columns_open(self) -> None:
        self._open("columns")

    def _do_help(self) -> None:
        self._open("help")

    def _do_settings(self) -> None:
        self._open("settings")

    def _do_palette(self) -> None:
        self._open("palette")

    def _do_seek(self) -> None:
        self._open("seek")

    def _do_memory(self) -> None:
        self._open("memory")


def _ignore(*arguments: object) -> None:
    """What a tab does that has no use for something."""
