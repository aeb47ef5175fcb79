"""The card of the first start: what is on screen, and the dozen keys that lead to everything else."""
from __future__ import annotations

from collections.abc import Callable

from netwatch._fast.term.canvas import Canvas, clip, text_width, wrap
from netwatch.addons.preferences import Welcomed
from netwatch.ui.state import Area, State
from netwatch.ui.theme import KEY, MUTED, TEXT
from netwatch.ui.widgets.box import draw_box
from netwatch.ui.widgets.chooser import centred

WIDTH, COLUMN = 78, 14


def lines_of(state: State) -> list[tuple[str, str]]:
    """(key, what it does); a line without a key is text."""
    glyphs = state.glyphs
    arrows = "Up Down" if glyphs.ascii_only else "↑ ↓"
    right = "Right" if glyphs.ascii_only else "→"
    source = f"What passes at {state.label}, live" if state.live else f"The capture {state.label}"
    return [
        ("", f"{source}. netwatch sends nothing and asks nobody."), ("", ""),
        ("1 to 0", f"the tabs: {', '.join(tab.title for tab in state.tabs)}"),
        (f"{arrows} Enter", "choose a row, and open it"),
        (f"{right} Backspace", "the flows that a row counted, in Connections; and back"),
        ("/", "filter as you type: port 443, curl, example.com, app == dns"),
        ("s  <  >  S", "sort: from a list, by the next column, turned round"),
        ("p   [  ]", "stand still; step back in time and on again"),
        (":", "anything that can be done, found by a few letters"),
        (",  T  V", "settings, colours, and other views: lite and dense"),
        ("?", f"all keys, and what each sign means: {glyphs.fresh} {glyphs.ageing} {glyphs.stale} ~ (https?)"),
        ("q", "leave"), ("", ""),
        (f"{glyphs.none}  ~", "not known or not measured, never zero; inferred, not said by the flow itself"), ("", ""),
        ("", "Any key goes on and does what it does. This is said once (ui.welcome)."),
    ]


def _rows(state: State, width: int) -> list[tuple[str, str]]:
    rows = []
    for key, text in lines_of(state):
        pieces = wrap(text, width - (COLUMN if key else 0), 4) or [""]
        rows += [(key if i == 0 else "", piece if not key else " " * COLUMN + piece) for i, piece in enumerate(pieces)]
    return rows


def draw(canvas: Canvas, area: Area, state: State) -> None:
    rows = _rows(state, min(WIDTH, area.width) - 4)
    box = centred(area, len(rows) + 2, WIDTH)
    draw_box(canvas, box, "Welcome to netwatch", state.glyphs)
    for i, (key, text) in enumerate(rows[:box.height - 2]):
        y = box.y + 1 + i
        style = TEXT if text.startswith(" ") else MUTED
        canvas.put(y, box.x + 2, clip(text, box.width - 4, state.glyphs.ellipsis), style)
        if key:
            canvas.put(y, box.x + 2, clip(key, min(COLUMN - 1, text_width(key)), state.glyphs.ellipsis), KEY)


def close(state: State) -> None:
    """It has been seen."""
    state.overlay = ""
    state.do(Welcomed())


ACTIONS: dict[str, Callable[[State], None]] = {"welcome_close": close}


def on_mouse(state: State, what: str, y: int, x: int) -> None:
    if what == "click":
        close(state)
