"""The columns of the table of flows: any field of the table of fields, shown, hidden, put in order, saved by a name."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from netwatch._fast.term.canvas import Canvas, clip
from netwatch.addons.preferences import SaveColumns
from netwatch.ui.asking import ask_line
from netwatch.ui.state import Area, Line, State
from netwatch.ui.tabs.connections.columns import FIXED, PROFILES, catalogue, profile
from netwatch.ui.theme import HEAD_SORT, INPUT, KEY, MUTED, REVERSE, TEXT, TITLE
from netwatch.ui.widgets.box import draw_box
from netwatch.ui.widgets.chooser import Chooser, centred, moves
from netwatch.ui.widgets.table import Column, draw_scroll_bar, draw_selection

WIDTH = 96
NAME_CELLS = 26
LONGEST_NAME = 24                  # characters of a profile's name


@dataclass
class Part:
    """`line`: what fields are looked for by; `marked`: a field."""
    chooser: Chooser = field(default_factory=Chooser)
    line: Line = field(default_factory=Line)


def part(state: State) -> Part:
    return state.part("columns", Part)


def listed(state: State) -> list[Column]:
    """Those on screen in their order, then all others; with what is typed in their name or their sentence."""
    found, chosen = catalogue(state.live), state.table.columns
    text = part(state).line.text.lower()
    keys = [*chosen, *(key for key in found if key not in chosen)]
    return [found[key] for key in keys
            if text in key or text in found[key].title.lower() or text in found[key].help.lower()]


def names(state: State) -> list[str]:
    """Of the profiles there are."""
    return list(dict.fromkeys((*PROFILES, *state.table.saved)))


def use(state: State, name: str) -> None:
    """Show the columns of a profile."""
    state.table.profile, state.table.columns = name, list(profile(name, state.table.saved))
    state.table.columns_by_hand = False
    state.message = f"Columns: {name}"


def on_open(state: State) -> None:
    part(state).line.text, part(state).line.cursor = "", 0
    part(state).chooser.row = part(state).chooser.top = 0


def box_of(area: Area) -> Area:
    return centred(area, area.height - 2, WIDTH)


def rows_of(area: Area) -> Area:
    box = box_of(area)
    return Area(box.y + 2, box.x + 1, max(1, box.height - 3), box.width - 2)


def draw(canvas: Canvas, area: Area, state: State) -> None:
    box, rows, glyphs, now = box_of(area), rows_of(area), state.glyphs, part(state)
    draw_box(canvas, box, f"Columns: {state.table.profile}", glyphs)
    canvas.put(box.y + 1, box.x + 2, "find ", MUTED)
    canvas.put(box.y + 1, box.x + 7, now.line.text, INPUT, box.width - 10)
    canvas.put(box.y + 1, box.x + 7 + len(now.line.text), " ", INPUT | REVERSE)
    found, chosen = listed(state), state.table.columns
    top = now.chooser.first_shown(len(found), rows.height)
    for i, column in enumerate(found[top:top + rows.height]):
        y, on = rows.y + i, column.key in chosen
        place = f"{chosen.index(column.key) + 1:>2}" if on else "  "
        canvas.put(y, rows.x + 1, place, HEAD_SORT)
        canvas.put(y, rows.x + 4, clip(column.key, NAME_CELLS - 1, glyphs.ellipsis), TITLE if on else TEXT)
        canvas.put(y, rows.x + 4 + NAME_CELLS, clip(column.help, rows.width - NAME_CELLS - 6, glyphs.ellipsis),
                   MUTED if not on else TEXT)
        if top + i == now.chooser.row:
            draw_selection(canvas, y, Area(y, rows.x, 1, rows.width - 1), glyphs)
    if not found:
        canvas.put(rows.y, rows.x + 4, "No field is called so.", KEY)
    draw_scroll_bar(canvas, rows, top, len(found), glyphs)


# ------------------------------------------------------------------------------------------------------------- the keys

def _marked(state: State) -> str:
    found = listed(state)
    return found[min(part(state).chooser.row, len(found) - 1)].key if found else ""


def _mark(state: State, key: str) -> None:
    found = [column.key for column in listed(state)]
    if key in found:
        part(state).chooser.move(found.index(key), len(found), rows_of(state.body).height)


def turn(state: State) -> None:
    """Show the marked field, behind those that are shown, or hide it."""
    key, table = _marked(state), state.table
    if key == FIXED:
        state.message = "That one stays: the table is about it"
    elif key in table.columns:
        table.columns.remove(key)
    elif key:
        table.columns.append(key)
    _mark(state, key)
    table.columns_by_hand = True


def _shift(by: int) -> Callable[[State], None]:
    def act(state: State) -> None:
        key, columns = _marked(state), state.table.columns
        if key in columns:
            at = columns.index(key)
            columns.insert(max(0, min(len(columns) - 1, at + by)), columns.pop(at))
            _mark(state, key)
        state.table.columns_by_hand = True
    return act


def next_profile(state: State) -> None:
    there = names(state)
    at = there.index(state.table.profile) if state.table.profile in there else -1
    use(state, there[(at + 1) % len(there)])


def save(state: State) -> None:
    ask_line(state, "Save these columns as", "a name; w again under the same name changes it", state.table.profile,
               _save_as)


def _save_as(state: State, name: str) -> None:
    name = name[:LONGEST_NAME].strip()
    if not name or not name.isprintable() or "=" in name:
        state.message = "No name, nothing saved"
        return
    state.table.profile = name
    state.table.saved[name] = tuple(state.table.columns)
    state.do(SaveColumns(name, tuple(state.table.columns)))


def type_character(state: State, character: str) -> None:
    part(state).line.insert(character, 40)
    part(state).chooser.row = part(state).chooser.top = 0


def _erase(state: State) -> None:
    line = part(state).line
    line.erase(line.cursor - 1, line.cursor)


def _clear(state: State) -> None:
    on_open(state)


def on_mouse(state: State, what: str, y: int, x: int) -> None:
    box, chooser = box_of(state.body), part(state).chooser
    if what.startswith("wheel"):
        ACTIONS[f"columns_{'up' if what == 'wheel-up' else 'down'}"](state)
    elif not box.holds(y, x):
        state.overlay = ""
    elif (row := chooser.row_at(y, rows_of(state.body), len(listed(state)))) is not None:
        again = row == chooser.row
        chooser.move(row, len(listed(state)), rows_of(state.body).height)
        if again:
            turn(state)


ACTIONS: Mapping[str, Callable[[State], None]] = {
    **moves("columns", lambda state: part(state).chooser, lambda state: len(listed(state)),
            lambda state: rows_of(state.body).height),
    "columns_turn": turn, "columns_earlier": _shift(-1), "columns_later": _shift(1), "columns_profile": next_profile,
    "columns_save": save, "columns_backspace": _erase, "columns_clear": _clear,
}
