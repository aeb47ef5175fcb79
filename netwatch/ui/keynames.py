"""The names of keys: of what curses hands out, and as people write them."""
from __future__ import annotations

import curses

_SIGNS = {"up": "↑", "down": "↓", "left": "←", "right": "→", "enter": "Enter", "esc": "Esc", "space": "Space",
          "pgup": "PgUp", "pgdn": "PgDn", "home": "Home", "end": "End", "tab": "Tab", "shift-tab": "Shift-Tab",
          "backspace": "Backspace", "delete": "Del", "f1": "F1"}
_ASCII_SIGNS = {"up": "Up", "down": "Down", "left": "Left", "right": "Right"}

_CODES = {
    curses.KEY_UP: "up", curses.KEY_DOWN: "down", curses.KEY_LEFT: "left", curses.KEY_RIGHT: "right",
    curses.KEY_PPAGE: "pgup", curses.KEY_NPAGE: "pgdn", curses.KEY_HOME: "home", curses.KEY_END: "end",
    curses.KEY_ENTER: "enter", curses.KEY_BACKSPACE: "backspace", curses.KEY_DC: "delete", curses.KEY_BTAB: "shift-tab",
    curses.KEY_F1: "f1", curses.KEY_MOUSE: "mouse", curses.KEY_RESIZE: "resize",
}
_CHARACTERS = {"\n": "enter", "\r": "enter", "\t": "tab", "\x1b": "esc", "\x7f": "backspace", "\x08": "backspace",
               " ": "space"}


def name_of(code: int | str) -> str:
    """The name of what curses handed out: a character, or the number of a function key. "" for one nobody uses."""
    if isinstance(code, int):
        return _CODES.get(code, "")
    if code in _CHARACTERS:
        return _CHARACTERS[code]
    if len(code) == 1 and ord(code) < 32:
        return f"ctrl-{chr(ord(code) + 96)}"
    return code if code.isprintable() else ""


def sign(name: str, ascii_only: bool = False) -> str:
    """How a key is written for people: ↑, PgUp, Ctrl-W."""
    if ascii_only and name in _ASCII_SIGNS:
        return _ASCII_SIGNS[name]
    if name.startswith("ctrl-"):
        return "Ctrl-" + name[5:].upper()
    return _SIGNS.get(name, name)
