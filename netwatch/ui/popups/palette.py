"""The command palette: everything that can be done here, found by a few of its letters, with the key that does it."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from netwatch._fast.term.canvas import Canvas, clip, text_width
from netwatch.model.contract import Command
from netwatch.store.settings import SETTINGS
from netwatch.ui import keynames, keys
from netwatch.ui.popups import settings as settings_screen
from netwatch.ui.state import Area, Line, State
from netwatch.ui.theme import FAINT, INPUT, KEY, MATCH, MUTED, REVERSE, TEXT
from netwatch.ui.themes import THEMES
from netwatch.ui.widgets.box import draw_box
from netwatch.ui.widgets.chooser import Chooser, centred, moves
from netwatch.ui.widgets.table import draw_scroll_bar, draw_selection


class Entry(NamedTuple):
    """One thing to do. `sign`: its key, as people write it; `hint`: the word for it in the footer."""
    text: str
    sign: str
    run: Callable[[State], None]
    hint: str = ""


@dataclass
class Part:
    """`entries` were gathered when the palette was opened."""
    line: Line = field(default_factory=Line)
    chooser: Chooser = field(default_factory=Chooser)
    entries: tuple[Entry, ...] = ()
    found: tuple[Entry, ...] = ()


def part(state: State) -> Part:
    return state.part("palette", Part)


def _act(action: str) -> Callable[[State], None]:
    return lambda state: state.act(action)


def _setting(key: str) -> Callable[[State], None]:
    def run(state: State) -> None:
        state.act("settings")
        settings_screen.show_key(state, key)
    return run


def _command(command: Command) -> Callable[[State], None]:
    return lambda state: state.do(command)


def _theme(name: str) -> Callable[[State], None]:
    return lambda state: settings_screen.put(state, SETTINGS["ui.theme"], name)


def _privacy(on: bool) -> Callable[[State], None]:
    return lambda state: settings_screen.put(state, SETTINGS["ui.privacy"], on)


def _tab(name: str) -> Callable[[State], None]:
    return lambda state: state.go(name)


def gather(state: State) -> tuple[Entry, ...]:
    """All there is to do on the screen under the palette: its keys, what addons offer, tabs, themes, settings."""
    glyphs, contexts = state.glyphs, state.screen_contexts()
    entries = []
    for key in keys.KEYS:
        works = any(keys.find(contexts, name) is key for name in key.names)
        if works and key.action != "palette":
            name = next(name for name in key.names if keys.find(contexts, name) is key)
            entries.append(Entry(key.help[:1].upper() + key.help[1:], keynames.sign(name, glyphs.ascii_only),
                                 _act(key.action), key.hint))
    named = {entry.text for entry in entries}
    entries += [Entry(offer.text, "", _command(offer.command)) for offer in state.offers if offer.text not in named]
    if state.view == "full":
        entries += [Entry(f"Tab: {tab.title}", tab.key, _tab(tab.name)) for tab in state.tabs]
    on = bool(state.settings.of("ui.privacy"))
    entries.append(Entry(f"Privacy mode {'off' if on else 'on'}", "", _privacy(not on)))
    entries += [Entry(f"Theme: {name}, {theme.about}", "", _theme(name)) for name, theme in THEMES.items()]
    entries += [Entry(f"Setting: {key} = {settings_screen.shown(state, setting) or glyphs.none}", "", _setting(key))
                for key, setting in SETTINGS.items()]
    return tuple(entries)


def score(typed: str, text: str) -> int | None:
    """How well the letters typed are found in a text, in order; None when they are not. All of them side by side is
    best, then word beginnings and neighbours."""
    typed, text = typed.lower().strip(), text.lower()
    at = text.find(typed)
    if at >= 0:
        return 1000 + 100 * (at == 0 or not text[at - 1].isalnum()) - at
    ends = {-2: 0}                 # where the letters so far may end: the best score of it
    for letter in typed.replace(" ", ""):
        fresh = {}
        for i in (i for i, other in enumerate(text) if other == letter):
            before = [found for place, found in ends.items() if place < i]
            if before:
                begins = i == 0 or not text[i - 1].isalnum()
                fresh[i] = max(max(before) + (6 if begins else 1), ends.get(i - 1, -99) + 8)
        if not fresh:
            return None
        ends = fresh
    return max(ends.values())


def search(state: State) -> None:
    """Put what fits best first; in the order of the table when nothing is typed."""
    chosen = part(state)
    typed = chosen.line.text.strip()
    ranked = [(-max(fits), i) for i, entry in enumerate(chosen.entries)
              if (fits := [found for text in (entry.text, entry.hint)
                           if (found := score(typed, text) if typed else 0) is not None])]
    chosen.found = tuple(chosen.entries[i] for _, i in sorted(ranked))
    chosen.chooser = Chooser()


def on_open(state: State) -> None:
    state.parts["palette"] = Part(entries=gather(state))
    search(state)


def run_marked(state: State) -> None:
    chosen = part(state)
    state.overlay = ""
    if chosen.found:
        chosen.found[chosen.chooser.row].run(state)


def type_character(state: State, character: str) -> None:
    part(state).line.insert(character, limit=80)
    search(state)


def _edit(act: Callable[[Line], None]) -> Callable[[State], None]:
    def run(state: State) -> None:
        act(part(state).line)
        search(state)
    return run


def box_of(area: Area) -> Area:
    return centred(area, 24, 84)


def rows_of(area: Area) -> Area:
    box = box_of(area)
    return Area(box.y + 3, box.x + 1, max(1, box.height - 4), box.width - 2)


def on_mouse(state: State, what: str, y: int, x: int) -> None:
    box, chosen = box_of(state.body), part(state)
    row = chosen.chooser.row_at(y, rows_of(state.body), len(chosen.found))
    if what.startswith("wheel"):
        ACTIONS[f"palette_{'up' if what == 'wheel-up' else 'down'}"](state)
    elif not box.holds(y, x):
        state.overlay = ""
    elif row is not None:
        chosen.chooser.move(row, len(chosen.found), rows_of(state.body).height)
        run_marked(state)


ACTIONS: dict[str, Callable[[State], None]] = {
    **moves("palette", lambda state: part(state).chooser, lambda state: len(part(state).found),
            lambda state: rows_of(state.body).height),
    "palette_run": run_marked,
    "palette_backspace": _edit(lambda line: line.erase(line.cursor - 1, line.cursor)),
    "palette_clear": _edit(lambda line: line.erase(0, line.cursor)),
}


def draw(canvas: Canvas, area: Area, state: State) -> None:
    box, rows, chosen, glyphs = box_of(area), rows_of(area), part(state), state.glyphs
    draw_box(canvas, box, "Do", glyphs)
    canvas.put(box.y + 1, box.x + 2, ":", KEY)
    line = chosen.line
    skip = max(0, text_width(line.text) - (box.width - 8))
    used = canvas.put(box.y + 1, box.x + 4, line.text[skip:], INPUT, box.width - 7)
    canvas.put(box.y + 1, box.x + 4 + used, " ", INPUT | REVERSE)
    if not line.text:
        canvas.put(box.y + 1, box.x + 6, clip("a few letters of what to do", box.width - 8, glyphs.ellipsis), MUTED)
    canvas.fill(box.y + 2, box.x + 1, 1, box.width - 2, glyphs.rule, FAINT)
    top = chosen.chooser.first_shown(len(chosen.found), rows.height)
    for i, entry in enumerate(chosen.found[top:top + rows.height]):
        y, room = rows.y + i, rows.width - 6 - text_width(entry.sign)
        canvas.put(y, rows.x + 2, clip(entry.text, max(0, room), glyphs.ellipsis), TEXT)
        canvas.put(y, rows.x + rows.width - 2 - text_width(entry.sign), entry.sign, KEY)
        if top + i == chosen.chooser.row:
            draw_selection(canvas, y, Area(y, rows.x, 1, rows.width - 1), glyphs)
    if not chosen.found:
        canvas.put(rows.y, rows.x + 2, clip("Nothing is called so.", rows.width - 3, glyphs.ellipsis), MATCH)
    draw_scroll_bar(canvas, rows, top, len(chosen.found), glyphs)
