"""The settings screen: every key with its value and origin; changed at once where that can be, saved on demand.
"""
from __future__ import annotations

import os
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field

from netwatch._fast.term.canvas import Canvas, clip, text_width
from netwatch.addons.preferences import Save, UseTimeouts
from netwatch.model.option import NOW, Value
from netwatch.store.settings import SETTINGS, Setting, SettingError
from netwatch.ui import format as fmt
from netwatch.ui import term
from netwatch.ui.form import Field, Form
from netwatch.ui.state import Area, Look, State
from netwatch.ui.theme import ASCII, FAINT, MATCH, MUTED, TEXT, TITLE, UNICODE
from netwatch.ui.widgets.box import draw_box
from netwatch.ui.widgets.chooser import Chooser, centred, moves
from netwatch.ui.widgets.table import draw_scroll_bar, draw_selection

HERE = "this screen"               # the origin of what was changed here


def _all() -> tuple[Setting, ...]:
    """Those of addons as well."""
    return tuple(SETTINGS.values())


@dataclass
class Part:
    """`changed`: by key, what was set here; `saved`, set by the poller's thread alone: what is in the file."""
    chooser: Chooser = field(default_factory=Chooser)
    changed: dict[str, Value] = field(default_factory=dict)
    saved: dict[str, Value] = field(default_factory=dict)

    @property
    def unsaved(self) -> dict[str, Value]:
        saved = self.saved
        return {key: value for key, value in self.changed.items() if key not in saved or saved[key] != value}

    def note_saved(self, changes: dict[str, Value]) -> None:
        self.saved = self.saved | changes


def part(state: State) -> Part:
    return state.part("settings", Part)


def marked(state: State) -> Setting:
    return _all()[part(state).chooser.row]


def notes_in(area: Area) -> int:
    """Lines under the list."""
    return 5 if area.height >= 18 else 3


def box_of(area: Area) -> Area:
    return centred(area, len(SETTINGS) + 3 + notes_in(area), 110)


def rows_of(area: Area) -> Area:
    """Where the list stands."""
    box = box_of(area)
    return Area(box.y + 1, box.x + 1, max(1, box.height - 3 - notes_in(area)), box.width - 2)


def show_key(state: State, key: str) -> None:
    """Mark the row of that key."""
    part(state).chooser.move(list(SETTINGS).index(key), len(SETTINGS), rows_of(state.body).height)


def shown(state: State, setting: Setting) -> str:
    """Its value, as it may be seen: a text may be an address."""
    text = setting.shown(state.settings.of(setting.key))
    return state.hide(text) if isinstance(setting.default, str) and not setting.choices else text


def put(state: State, setting: Setting, value: Value) -> None:
    """Give a setting a value, with all that follows from it."""
    if value == state.settings.of(setting.key):
        return
    part(state).changed[setting.key] = value
    state.settings = state.settings.but(setting.key, value, HERE)
    table = setting.key.partition(".")[0]
    if setting.key in ("ui.theme", "ui.color") or table == "theme":
        state.look = Look(state.settings.of("ui.theme"), state.settings.colors,
                          bool(state.settings.of("ui.color")) and not os.environ.get("NO_COLOR"))
    elif setting.key == "ui.ascii":
        state.glyphs = ASCII if value or not term.shows_unicode() else UNICODE
    elif setting.key == "ui.utc":
        fmt.show_utc(bool(value))
    elif setting.key == "ui.units":
        fmt.use_bits(value == "bits")
    elif setting.key == "ui.privacy":
        state.use_privacy(bool(value))
    elif setting.key == "ui.refresh_ms":
        state.set_interval(int(value) / 1000)
    elif table == "timeouts":
        state.do(UseTimeouts(state.settings))
    if setting.applies != NOW:
        state.message = f"{setting.key} has its effect {setting.applies}; w saves it"


# ------------------------------------------------------------------------------------------------------------- the keys

def _turn(step: int) -> Callable[[State], None]:
    """The next value of one that has few."""
    def act(state: State) -> None:
        setting = marked(state)
        values: tuple[Value, ...] = (False, True) if isinstance(setting.default, bool) else setting.choices
        if values:
            place = values.index(state.settings.of(setting.key))
            put(state, setting, values[(place + step) % len(values)])
    return act


def edit(state: State) -> None:
    """Type a value, or take the next where there are few."""
    setting = marked(state)
    if isinstance(setting.default, bool) or setting.choices:
        _turn(1)(state)
        return
    text, note = setting.shown(state.settings.of(setting.key)), f"takes {setting.kind}"
    while (said := state.ask_form(Form(setting.key, (Field("value", "Value", text),), note))) is not None:
        try:
            put(state, setting, setting.parse(said["value"]))
        except SettingError as error:
            text, note = said["value"], str(error)
            continue
        return


def default(state: State) -> None:
    put(state, marked(state), marked(state).default)


def save(state: State) -> None:
    chosen = part(state)
    changes = chosen.unsaved
    if not changes:
        state.message = "Nothing has been changed since it was saved"
    elif not state.settings.path:
        state.message = "There is no file to save to"
    else:
        state.do(Save(state.settings.path, tuple(changes.items()), chosen.note_saved))


def on_mouse(state: State, what: str, y: int, x: int) -> None:
    box, chooser = box_of(state.body), part(state).chooser
    if what.startswith("wheel"):
        ACTIONS[f"settings_{'up' if what == 'wheel-up' else 'down'}"](state)
    elif not box.holds(y, x):
        state.overlay = ""
    elif (row := chooser.row_at(y, rows_of(state.body), len(SETTINGS))) is not None:
        again = row == chooser.row
        chooser.move(row, len(SETTINGS), rows_of(state.body).height)
        if again:
            edit(state)


ACTIONS: dict[str, Callable[[State], None]] = {
    **moves("settings", lambda state: part(state).chooser, lambda state: len(SETTINGS),
            lambda state: rows_of(state.body).height),
    "settings_edit": edit, "settings_next": _turn(1), "settings_previous": _turn(-1), "settings_default": default,
    "settings_save": save,
}


# ----------------------------------------------------------------------------------------------------------- the screen

def draw(canvas: Canvas, area: Area, state: State) -> None:
    box, rows, chosen = box_of(area), rows_of(area), part(state)
    draw_box(canvas, box, "Settings", state.glyphs)
    top = chosen.chooser.first_shown(len(SETTINGS), rows.height)
    for i, setting in enumerate(_all()[top:top + rows.height]):
        _draw_row(canvas, Area(rows.y + i, rows.x, 1, rows.width), setting, state)
        if top + i == chosen.chooser.row:
            draw_selection(canvas, rows.y + i, Area(rows.y + i, rows.x, 1, rows.width - 1), state.glyphs)
    draw_scroll_bar(canvas, rows, top, len(SETTINGS), state.glyphs)
    canvas.fill(rows.y + rows.height, box.x + 1, 1, box.width - 2, state.glyphs.rule, FAINT)
    notes = notes_in(area)
    _draw_notes(canvas, Area(box.y + box.height - 1 - notes, box.x + 2, notes, box.width - 4), state)


def _columns(width: int) -> tuple[int, int]:
    """Where the value and the origin begin; no origin on a narrow screen."""
    at = max(map(len, SETTINGS)) + 3 if width >= 76 else 28 if width >= 60 else 24
    at = min(at, width // 2)
    return at, max(at + 18, width - 34) if width >= 76 else width


def _draw_row(canvas: Canvas, area: Area, setting: Setting, state: State) -> None:
    at, origin_at = _columns(area.width)
    value, glyphs = state.settings.of(setting.key), state.glyphs
    plain = value == setting.default
    sign = "*" if setting.key in part(state).unsaved else " "
    canvas.put(area.y, area.x + 1, sign, MATCH)
    canvas.put(area.y, area.x + 2, clip(setting.key, at - 3, glyphs.ellipsis), MUTED if plain else TEXT)
    told = shown(state, setting) or glyphs.none
    canvas.put(area.y, area.x + at, clip(told, min(origin_at, area.width) - at - 2, glyphs.ellipsis),
               MUTED if plain else TITLE)
    if origin_at < area.width:
        origin = state.settings.origin(setting.key)
        room = area.width - origin_at - 2
        short = origin if text_width(origin) <= room else glyphs.ellipsis + origin[len(origin) - room + 1:]
        canvas.put(area.y, area.x + origin_at, clip(short, room, glyphs.ellipsis), MUTED)


def _draw_notes(canvas: Canvas, area: Area, state: State) -> None:
    """What the marked key is for, what it takes, and where it would be saved."""
    setting, chosen = marked(state), part(state)
    now = "changes apply now" if setting.applies == NOW else f"changes apply {setting.applies}"
    count = len(chosen.unsaved)
    file = f"{count} not saved (*); w saves to {state.settings.path}" if count else f"File: {state.settings.path}"
    takes = f"{now}; default {setting.shown(setting.default) or 'none'}; takes {setting.kind}"
    if area.height > 3:
        lines = [(line, style) for text, style in ((setting.help, TEXT), (takes, MUTED))
                 for line in textwrap.wrap(text, area.width)][:area.height - 1]
    else:
        lines = [(setting.help, TEXT), (takes, MUTED)]
    for i, (text, style) in enumerate((*lines, (file, MATCH if count else MUTED))):
        canvas.put(area.y + i, area.x, clip(text, area.width, state.glyphs.ellipsis), style)
