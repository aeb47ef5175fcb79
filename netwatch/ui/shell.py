"""The shell around App: npyscreen's application, one managed form, one widget that holds the canvas.

npyscreen 5.0.4 is worked round where it gets in the way: its halfdelay key loop starves updates while a key is held, it
asks stderr for the size of the screen, its pads never shrink, and it erases the pad before every display. Here select()
waits for a key, a new snapshot or a signal, and only cells that changed are written.
"""
from __future__ import annotations

import contextlib
import curses
import os
import select
import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Protocol

import npyscreen

from netwatch._fast.term.canvas import Canvas
from netwatch.ui import keynames, npyscreenform, term
from netwatch.ui.form import Answers, Form
from netwatch.ui.poller import Snapshot
from netwatch.ui.state import State
from netwatch.ui.theme import Painter

MAX_KEYS_PER_FRAME = 64            # a paste must not keep the screen from being painted
DOUBLE_CLICK_S = 0.4
HANGUP = 129
_EXIT_SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: HANGUP}

_SIZE_SIGNALS = (signal.SIGWINCH, signal.SIGCONT)      # a stopped program is not told that the window has changed


class Face(Protocol):
    """What is shown: an App, or a screen that stands alone. `quit_code` is set when it is time to leave."""

    state: State
    quit_code: int | None
    wants_repaint: bool

    def key(self, name: str, character: str = "") -> None: ...
    def mouse(self, what: str, y: int, x: int) -> None: ...
    def snapshot(self, new: Snapshot) -> None: ...
    def resize(self, rows: int, cols: int) -> None: ...
    def next_deadline(self) -> float | None: ...
    def pass_time(self) -> None: ...
    def draw(self, canvas: Canvas) -> None: ...


class Pictures(Protocol):
    """Where snapshots come from: a Poller, or nothing."""

    @property
    def latest(self) -> Snapshot: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...


class Bell:
    """A pipe that wakes select(): the poller rings it, and so does every signal."""

    def __init__(self) -> None:
        self.reader, self._writer = os.pipe()
        os.set_blocking(self.reader, False)
        os.set_blocking(self._writer, False)
        self.stopped_by: int | None = None
        self.resized = False
        self._before: dict[int, signal.Handlers | Callable[[int, FrameType | None], object] | int | None] = {}

    def ring(self) -> None:
        with contextlib.suppress(OSError):      # full: it will wake anyway; closed: nobody is left to wake
            os.write(self._writer, b".")

    def silence(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self.reader, 4096)

    def catch_signals(self) -> None:
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in (*_EXIT_SIGNALS, *_SIZE_SIGNALS):
            self._before[number] = signal.signal(number, self._on_signal)

    def release_signals(self) -> None:
        signal.set_wakeup_fd(-1)
        for number, handler in self._before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)

    def _on_signal(self, number: int, frame: object) -> None:
        if number in _SIZE_SIGNALS:
            self.resized = True
        elif self.stopped_by is None:
            self.stopped_by = number


class CanvasWidget(npyscreen.wgwidget.Widget):  # type: ignore[misc]
    """Fills the form. Its key loop is the program's loop."""

    _last_click = (0.0, -1)

    def set_up(self, app: Face, canvas: Canvas, painter: Painter, poller: Pictures, bell: Bell) -> None:
        self._look = app.state.look
        self.app, self.canvas, self.painter, self.poller, self.bell = app, canvas, painter, poller, bell
        app.state.ask_form = self._fill_in

    def _fill_in(self, form: Form) -> Answers | None:
        """Show a form over the canvas, which stands still meanwhile; the capture goes on."""
        self.app.state.filling = form
        self.display()
        try:
            answers = npyscreenform.fill_in(form, self.bell, self.parent.follow_size)
        finally:
            self.app.state.filling = None
        with contextlib.suppress(curses.error):
            curses.curs_set(0)
        self.app.wants_repaint = True
        return answers

    def calculate_area_needed(self) -> tuple[int, int]:
        return 1, 1

    def display(self) -> None:
        """Write the cells that changed, if any, and let ncurses send them."""
        look = self.app.state.look
        if look is not self._look:
            self._look = look
            self.painter.use(look.theme, look.colors, look.color)
            self.canvas.invalidate()
        self.app.draw(self.canvas)
        runs = self.canvas.changes()
        if not runs:
            return
        pad, attribute = self.parent.curses_pad, self.painter.attribute
        for y, x, text, style in runs:
            with contextlib.suppress(curses.error):     # the cursor cannot leave the last cell of the pad
                pad.addstr(y, x, text, attribute(style))
        self.parent.refresh()

    def update(self, clear: bool = True) -> None:
        self.display()

    def clear(self, usechar: str = " ") -> None:
        self.canvas.invalidate()

    def get_and_use_key_press(self) -> None:
        """One turn: sleep until there is something to do, do all of it, and return to be displayed."""
        deadline = self.app.next_deadline()
        timeout = None if deadline is None else max(0.0, deadline - time.monotonic())
        ready, _, _ = select.select([0, self.bell.reader], [], [], timeout)
        if self.bell.reader in ready:
            self.bell.silence()
        if self.bell.resized:
            self.bell.resized = False
            self.parent.follow_size()
        self.app.snapshot(self.poller.latest)
        if 0 in ready:
            self._read_keys()
        self.app.pass_time()
        if self.app.wants_repaint:
            self.app.wants_repaint = False
            self.parent.repaint()
        if self.bell.stopped_by is not None:
            self.app.quit_code = _EXIT_SIGNALS[signal.Signals(self.bell.stopped_by)]
        if self.app.quit_code is not None:
            self.editing = self.parent.editing = False
            self.parent.parentApp.setNextForm(None)

    def _read_keys(self) -> None:
        pad = self.parent.curses_pad
        for turn in range(MAX_KEYS_PER_FRAME):
            try:
                code = pad.get_wch()
            except curses.error:
                if turn == 0 and not term.alive():
                    self.app.quit_code = _EXIT_SIGNALS[signal.SIGHUP]
                return
            name = keynames.name_of(code)
            if name == "mouse":
                self._use_mouse()
            elif name == "resize":
                self.parent.follow_size()
            elif name:
                self.app.key(name, code if isinstance(code, str) else "")
            if self.app.quit_code is not None:
                return

    def _use_mouse(self) -> None:
        try:
            _, x, y, _, buttons = curses.getmouse()
        except curses.error:
            return
        if buttons & curses.BUTTON4_PRESSED:
            self.app.mouse("wheel-up", y, x)
        elif buttons & getattr(curses, "BUTTON5_PRESSED", 0x200000):
            self.app.mouse("wheel-down", y, x)
        elif buttons & (curses.BUTTON1_PRESSED | curses.BUTTON1_CLICKED | curses.BUTTON1_DOUBLE_CLICKED):
            now = time.monotonic()
            again = self._last_click[1] == y and now - self._last_click[0] < DOUBLE_CLICK_S
            self._last_click = (now, -1 if again else y)
            self.app.mouse("double" if again else "click", y, x)


class CanvasForm(npyscreen.FormBaseNew):  # type: ignore[misc]
    """The one form: no frame, no margins, as large as the terminal."""

    FRAMED = False
    FIX_MINIMUM_SIZE_WHEN_CREATED = False
    BLANK_LINES_BASE = 0
    BLANK_COLUMNS_RIGHT = 0

    def __init__(self, parts: tuple[Face, Canvas, Painter, Pictures, Bell], **keywords: object) -> None:
        self._parts = parts
        super().__init__(minimum_lines=1, minimum_columns=1, **keywords)

    def create(self) -> None:
        self.curses_pad.keypad(True)
        self.curses_pad.nodelay(True)
        self.screen = self.add(CanvasWidget, relx=0, rely=0, max_height=1, max_width=1, height=1, width=1)
        self.screen.set_up(*self._parts)

    def set_up_handlers(self) -> None:
        self.handlers: dict[object, object] = {}
        self.complex_handlers: list[object] = []

    def _max_physical(self) -> tuple[int, int]:
        rows, columns = term.size()
        return rows - 1, columns - 1

    def _resize(self, *args: object) -> None:
        self.follow_size()

    def follow_size(self) -> None:
        """Make ncurses, the pad, the canvas and the app as large as the terminal is now, and paint everything."""
        rows, columns = term.size()
        if curses.is_term_resized(rows, columns):
            curses.resizeterm(rows, columns)
        self._create_screen()
        self.curses_pad.keypad(True)
        self.curses_pad.nodelay(True)
        app, canvas = self._parts[0], self._parts[1]
        canvas.resize(rows, columns)
        app.resize(rows, columns)
        self.repaint()

    def repaint(self) -> None:
        """Trust nothing about what the terminal shows."""
        self._parts[1].invalidate()
        self.curses_pad.clearok(True)
        self.screen.display()

    def display(self, clear: bool = False) -> None:
        self.screen.display()

    def DISPLAY(self) -> None:
        self.repaint()

    def refresh(self) -> None:
        """Send the pad to the terminal."""
        rows, columns = self._max_physical()
        with contextlib.suppress(curses.error):         # the terminal shrank a moment ago; a resize is on its way
            self.curses_pad.refresh(0, 0, 0, 0, rows, columns)


class Shell(npyscreen.NPSAppManaged):  # type: ignore[misc]
    """npyscreen's application: it owns the form and leaves when the form says so."""

    def __init__(self, app: Face, poller: Pictures, bell: Bell, color: bool) -> None:
        super().__init__()
        self._app, self._poller, self._bell, self._color = app, poller, bell, color

    def onStart(self) -> None:
        curses.mouseinterval(0)
        with contextlib.suppress(curses.error):
            curses.curs_set(0)
        rows, columns = term.size()
        canvas = Canvas(rows, columns, self._app.state.glyphs.ascii_only)
        self._app.resize(rows, columns)
        look, redefine = self._app.state.look, bool(self._app.state.settings.of("ui.palette"))
        painter = Painter(look.theme, self._color, look.colors, redefine)
        npyscreen.setTheme(lambda: npyscreenform.Inks(painter))
        parts = (self._app, canvas, painter, self._poller, self._bell)
        self.registerForm("MAIN", CanvasForm(parts, parentApp=self))
        self._bell.catch_signals()       # after initscr(), which would put ncurses' own handler for SIGWINCH in place
        self._poller.start()


def run(app: Face, poller: Pictures, bell: Bell, color: bool) -> int:
    """Show the terminal until it is left. The terminal is restored whatever happens."""
    shell = Shell(app, poller, bell, color)
    if not color:
        npyscreen.disableColor()
    try:
        shell.run(fork=False)
    except curses.error:
        if app.quit_code != HANGUP:        # npyscreen wants to restore a terminal that is no more
            raise
    finally:
        bell.release_signals()
        poller.stop()
        restore()
    return app.quit_code or 0


def restore() -> None:
    """Leave curses, once more if need be, and stop the mouse reports."""
    with contextlib.suppress(curses.error):
        curses.mousemask(0)
        curses.endwin()
