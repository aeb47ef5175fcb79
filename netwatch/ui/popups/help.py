"""The help screen, written from the table of keys."""
from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass

from netwatch._fast.term.canvas import Canvas, clip, text_width
from netwatch.schema import SEARCHED
from netwatch.ui import keynames, keys
from netwatch.ui.asking import ask_line
from netwatch.ui.state import Area, State
from netwatch.ui.theme import BRAND, KEY, MUTED, TEXT
from netwatch.ui.widgets.box import draw_box
from netwatch.ui.widgets.table import draw_scroll_bar

Line = tuple[str, str, str]        # kind, left, right

_MARKS = (
    ("fresh", "alive"), ("ageing", "idle for 75 % of its time or more"), ("stale", "idle for 90 % of its time or more"),
    ("ended", "has ended"), ("bar", "the selected row"), ("none", "not known, or not measured: never zero"),
    ("back", "the other end began the flow"), ("star", "a marked frame"), ("down", "sorted downwards"),
    ("up", "sorted upwards"), ("unfolded", "unfolded; what is below it follows"), ("folded", "folded"),
)
_SIGNS = (
    ("~name", "a name inferred from DNS or a reverse look-up, not given by the flow itself"),
    ("(https?)", "not recognised: only what its port is registered for"),
    ("tls +3", "a group: most bytes are tls, and three other protocols"),
    ("R3 O2 Z1", "sent again three times, out of order twice, a window of zero once"),
    ("x36", "so many within a minute, told in one line"),
)


@dataclass
class Part:
    """`text`: only lines that have it."""
    text: str = ""


def lines_of(state: State) -> list[Line]:
    """("title" | "key" | "blank", key, sentence) of everything, or of that in which something is looked for."""
    text = state.part("help", Part).text.lower()
    lines = _all_lines(state)
    if not text:
        return lines
    found = [line for line in lines if line[0] == "key" and text in f"{line[1]} {line[2]}".lower()]
    return [("title", f"With {text!r}: {len(found)}", ""), *found]


def _all_lines(state: State) -> list[Line]:
    glyphs = state.glyphs
    lines: list[Line] = []
    here = state.screen_contexts()
    for context in sorted(keys.CONTEXT_TITLES, key=lambda each: here.index(each) if each in here else len(here)):
        lines.append(("title", keys.CONTEXT_TITLES[context], ""))
        for key in keys.KEYS:
            if key.context == context:
                lines.append(("key", " ".join(keynames.sign(name, glyphs.ascii_only) for name in key.names), key.help))
        if context == "global":
            lines += [("key", tab.key, f"the {tab.title} tab") for tab in state.tabs]
        lines.append(("blank", "", ""))
    lines += [("title", "A bare word in the filter looks in", ""), ("key", "both ends", "as address:port"),
              *(("key", field.name, field.help) for field in SEARCHED), ("blank", "", "")]
    lines.append(("title", "Mouse", ""))
    lines += [("key", "click", "select a row, open a tab, sort by a column; again: turn the order round"),
              ("key", "double click", "details of the row"), ("key", "wheel", "move through what is under it"),
              ("blank", "", ""), ("title", "Signs", "")]
    lines += [("key", getattr(glyphs, name), text) for name, text in _MARKS]
    lines += [("key", sign, text) for sign, text in _SIGNS]
    return lines


def find(state: State) -> None:
    """Ask for what is looked for; the help is there again afterwards."""
    ask_line(state, "Find in the help", "a word; empty: all of it", state.part("help", Part).text, _found)


def _found(state: State, text: str) -> None:
    state.part("help", Part).text, state.help_top, state.overlay = text, 0, "help"


def box_of(area: Area) -> Area:
    """Where the help stands."""
    width, height = min(84, area.width), min(area.height, 48)
    return Area(area.y + (area.height - height) // 2, area.x + (area.width - width) // 2, height, width)


def where(state: State) -> Area:
    return box_of(state.body)


def inside_of(area: Area) -> Area:
    box = box_of(area)
    return Area(box.y + 1, box.x + 2, box.height - 2, box.width - 3)


def _column(inside: Area) -> int:
    """Where the sentences begin."""
    return 20 if inside.width >= 60 else 14


def shown(area: Area, state: State) -> list[Line]:
    """The lines as they fit: a sentence that is too long goes on below its key, and begins there where that is."""
    inside, found = inside_of(area), list[Line]()
    for kind, left, right in lines_of(state):
        told = textwrap.wrap(right, max(8, inside.width - _column(inside) - 2)) or [""]
        if kind == "key" and text_width(left) > _column(inside) - 2:
            told.insert(0, "")
        found += [(kind, left, told[0]), *((kind, "", line) for line in told[1:])]
    return found


def lowest_top(area: Area, state: State) -> int:
    """The furthest it can be scrolled."""
    return max(0, len(shown(area, state)) - inside_of(area).height)


def draw(canvas: Canvas, area: Area, state: State) -> None:
    box, glyphs = box_of(area), state.glyphs
    draw_box(canvas, box, "Help", glyphs)
    inside, lines = inside_of(area), shown(area, state)
    top = max(0, min(state.help_top, len(lines) - inside.height))
    column = _column(inside)
    for i, (kind, left, right) in enumerate(lines[top:top + inside.height]):
        if kind == "title":
            canvas.put(inside.y + i, inside.x, left, BRAND)
        elif kind == "key":
            room = column - 2 if right else inside.width - 2
            canvas.put(inside.y + i, inside.x + 1, clip(left, room, glyphs.ellipsis), KEY)
            canvas.put(inside.y + i, inside.x + column, clip(right, inside.width - column - 2, glyphs.ellipsis),
                       TEXT if right else MUTED)
    draw_scroll_bar(canvas, inside, top, len(lines), glyphs)


def on_open(state: State) -> None:
    state.help_top, state.part("help", Part).text = 0, ""


def _scroll(lines: Callable[[State], int]) -> Callable[[State], None]:
    def act(state: State) -> None:
        state.help_top = max(0, min(lowest_top(state.body, state), state.help_top + lines(state)))
    return act


ACTIONS: dict[str, Callable[[State], None]] = {
    "help_find": find, "help_down": _scroll(lambda state: 1), "help_up": _scroll(lambda state: -1),
    "help_page_down": _scroll(lambda state: state.body.height - 3),
    "help_page_up": _scroll(lambda state: 3 - state.body.height),
    "help_top": _scroll(lambda state: -10_000), "help_bottom": _scroll(lambda state: 10_000),
}
