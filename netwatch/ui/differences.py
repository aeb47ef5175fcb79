"""What is new, vanished or shifted from one capture, bundle or time to another, as a screen: a list with its details.

It stands alone, with the shell and the widgets of the terminal: nothing is watched meanwhile.
"""
from __future__ import annotations

import os
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from netwatch._fast.term.canvas import Canvas, clip
from netwatch.ui import chrome, keys, term
from netwatch.ui import format as fmt
from netwatch.ui.poller import Snapshot
from netwatch.ui.state import Area, Look, State
from netwatch.ui.theme import APP, ASCII, BRAND, GOOD, MUTED, TEXT, TITLE, UNICODE, WARN, Glyphs
from netwatch.ui.theme import NAME as NAMED
from netwatch.ui.widgets.facts import Fact, Span, fact, title
from netwatch.ui.widgets.listing import Listing, ListPart
from netwatch.ui.widgets.table import Cell, Column

if TYPE_CHECKING:
    from netwatch.store.settings import Settings

NAME = "differences"
CHANGES = ("new", "vanished", "shifted")
STYLES = {"new": WARN, "vanished": MUTED, "shifted": APP}
SIGNS = {"new": "+", "vanished": "-", "shifted": "~"}


class Line(NamedTuple):
    """One difference: `change` of CHANGES; `unit` of both values, None: there is none. What is new or has vanished has
    its sums; `lost` are segments sent again."""

    change: str
    what: str
    name: str
    unit: str
    before: float | None
    after: float | None
    flows: int | None = None
    packets: int = 0
    lost: int = 0
    rtt_us: int | None = None


class Compared(NamedTuple):
    """Two things, by their names and in words, and how they differ."""

    names: tuple[str, str]
    words: tuple[str, str]
    lines: list[Line]


@dataclass
class Compares(ListPart):
    """What the screen remembers."""

    compared: Compared = field(default_factory=lambda: Compared(("", ""), ("", ""), []))


class Still(State):
    """The state of a screen that is alone."""

    def contexts(self) -> tuple[str, ...]:
        return (*LIST.inner(self), NAME)


def _part(state: State) -> Compares:
    found = state.parts[NAME]
    assert isinstance(found, Compares)
    return found


def _rows(state: State) -> list[Line]:
    part = _part(state)
    return [line for line in part.compared.lines if part.chip in ("all", line.change)]


def _shown(line: Line, value: float | None, glyphs: Glyphs) -> str:
    if value is None:
        return glyphs.none
    if line.unit == "us":
        return f"{value / 1000:.3f} ms"
    return f"{100 * value:.2f} %" if line.unit == "share" else fmt.size(int(value))


def _side(place: int) -> Column:
    def cell(line: Line, glyphs: Glyphs) -> Cell:
        value = line.after if place else line.before
        return _shown(line, value, glyphs), MUTED if value is None else TEXT

    name, words = ("before", "in the first") if place == 0 else ("after", "in the second")
    return Column(name, name.capitalize(), 10, 12, 0, True, 85 + place, cell, help=f"bytes, or the value, {words}")


COLUMNS = (
    Column("change", "Change", 8, 8, 0, False, 98, lambda line, glyphs: (line.change, STYLES[line.change]),
           help="new, vanished or shifted"),
    Column("what", "What", 11, 11, 0, False, 90, lambda line, glyphs: (line.what, MUTED), help="a thing, or a measure"),
    Column("name", "Name", 16, 200, 1, False, 99, lambda line, glyphs: (line.name, NAMED),
           help="of what"),
    Column("flows", "Flows", 7, 9, 0, True, 60, lambda line, glyphs:
           (fmt.count(line.flows), TEXT) if line.flows is not None else (glyphs.none, MUTED), help="how many have it"),
    _side(0), _side(1),
)
VALUES = {
    "change": lambda line: CHANGES.index(line.change), "what": lambda line: line.what,
    "name": lambda line: line.name.lower(), "flows": lambda line: line.flows,
    "before": lambda line: line.before, "after": lambda line: line.after,
}


def _facts(state: State, line: Line) -> list[Fact]:
    glyphs = state.glyphs
    told = [title(line.name), fact("Change", line.change, glyphs), fact("What", line.what, glyphs),
            fact("Before", _shown(line, line.before, glyphs), glyphs),
            fact("After", _shown(line, line.after, glyphs), glyphs)]
    if line.before and line.after is not None:
        told.append(fact("Times", f"{line.after / line.before:.2f}", glyphs))
    if line.flows is not None:
        told += [fact("Flows", fmt.count(line.flows), glyphs), fact("Packets", fmt.count(line.packets), glyphs),
                 fact("Sent again", fmt.count(line.lost), glyphs),
                 fact("RTT, median", f"{line.rtt_us / 1000:.3f} ms" if line.rtt_us is not None else "", glyphs)]
    return told


def _head(state: State) -> list[Span]:
    counts = Counter(line.change for line in _part(state).compared.lines)
    return [(f"{SIGNS[change]}{fmt.count(counts[change])}  ", STYLES[change] if counts[change] else MUTED)
            for change in CHANGES]


def _empty(state: State) -> tuple[str, ...]:
    return ("No difference." if _part(state).chip == "all" else f"Nothing is {_part(state).chip}.",)


LIST = Listing(NAME, COLUMNS, _rows, key=lambda line: (line.change, line.what, line.name), values=VALUES, facts=_facts,
               head=_head, empty=_empty, chips=("all", *CHANGES), noun=("difference", "differences"),
               mark=lambda line, glyphs: (SIGNS[line.change], STYLES[line.change], None))
ACTIONS = LIST.actions()


class Screen:
    """What the shell shows, in the place of an App."""

    wants_repaint = False

    def __init__(self, compared: Compared, ascii_only: bool = False) -> None:
        self.state: State = Still(view=NAME, tab=NAME, live=False, glyphs=ASCII if ascii_only else UNICODE)
        self.state.parts[NAME] = Compares(chip="all", compared=compared)
        self.quit_code: int | None = None

    def key(self, name: str, character: str = "") -> None:
        """A key was pressed."""
        line = keys.find(self.state.contexts(), name)
        self.state.message = ""
        if line is not None and line.action == "quit":
            self.quit_code = 0
        elif line is not None:
            ACTIONS[line.action](self.state)

    def mouse(self, what: str, y: int, x: int) -> None:
        """A click, or the wheel."""
        LIST.on_mouse(self.state, what, y, x)

    def resize(self, rows: int, cols: int) -> None:
        """The terminal has this size now."""
        self.state.body = Area(3, 0, max(0, rows - 4), cols)
        LIST.on_snapshot(self.state)

    def snapshot(self, new: Snapshot) -> None:
        """Nothing comes."""

    def next_deadline(self) -> float | None:
        """Nothing changes by itself."""
        return None

    def pass_time(self) -> None:
        """See next_deadline()."""

    def draw(self, canvas: Canvas) -> None:
        """The whole screen."""
        canvas.unclip()
        canvas.clear()
        if canvas.rows < chrome.MIN_ROWS or canvas.cols < chrome.MIN_COLS:
            chrome.draw_too_small(canvas)
            return
        state, compared = self.state, _part(self.state).compared
        canvas.put(0, 1, "netwatch diff", BRAND)
        if state.message:
            canvas.put(0, 16, clip(state.message, canvas.cols - 17, state.glyphs.ellipsis), WARN)
        for y, (side, name, words) in enumerate(zip(("before", "after "), compared.names, compared.words,
                                                    strict=True), 1):
            x = 1 + canvas.put(y, 1, side, TITLE) + 1
            room = canvas.cols - x - len(words) - 3
            x += canvas.put(y, x, clip(name, max(8, room), state.glyphs.ellipsis), GOOD) + 2
            canvas.put(y, x, clip(words, canvas.cols - x - 1, state.glyphs.ellipsis), MUTED)
        LIST.draw(canvas, state)
        chrome.draw_footer(canvas, canvas.rows - 1, state)


class Nothing:
    """In the place of a poller: there is nothing to ask."""

    latest = Snapshot()

    def start(self) -> None:
        """Nothing starts."""

    def stop(self) -> None:
        """Nothing stops."""


def run(compared: Compared, settings: Settings) -> int:
    """Show it until it is left; the exit code."""
    try:
        term.prepare()
    except term.NoTerminal as error:
        print(f"netwatch: {error}", file=sys.stderr)
        return 69
    from netwatch.ui import shell

    screen = Screen(compared, settings.of("ui.ascii") or not term.shows_unicode())
    screen.state.settings, screen.state.clipboard = settings, term.copy
    screen.state.look = Look(settings.of("ui.theme"), settings.colors,
                             bool(settings.of("ui.color")) and not os.environ.get("NO_COLOR"))
    bell = shell.Bell()
    return shell.run(screen, Nothing(), bell, screen.state.look.color)
