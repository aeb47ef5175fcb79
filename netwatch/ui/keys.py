"""The one table of keys. The bindings, the footer and the help screen are all read from it.

A context is a place the keys can go: an overlay, an editor, a pane, a tab, and "global" behind them all. The innermost
context that knows a key gets it.
"""
from __future__ import annotations

import curses
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Key:
    """One line of the table: `hint` is the word in the footer ("" keeps it out), `help` the sentence in the help."""
    context: str
    names: tuple[str, ...]
    action: str
    hint: str
    help: str
    early: bool = False            # stands before the others in the footer


def list_keys(context: str, row: str, *more: Key) -> tuple[Key, ...]:
    """The keys of a list (widgets/listing.py) of things called `row`, after those of its tab alone."""
    return (
        *more,
        Key(context, ("s",), "sort_open", "sort", "pick the column to sort by"),
        Key(context, ("S",), "sort_reverse", "reverse", "turn the order round"),
        Key(context, ("<", ","), "sort_previous", "", "sort by the column to the left"),
        Key(context, (">", "."), "sort_next", "", "sort by the column to the right"),
        *_moves(context, row),
    )


def _moves(context: str, row: str) -> tuple[Key, ...]:
    return (
        Key(context, ("down", "j"), "row_down", "", f"next {row}"),
        Key(context, ("up", "k"), "row_up", "", f"previous {row}"),
        Key(context, ("pgdn", "ctrl-f"), "page_down", "", "one page down"),
        Key(context, ("pgup", "ctrl-b"), "page_up", "", "one page up"),
        Key(context, ("home", "g"), "row_first", "", f"first {row}"),
        Key(context, ("end", "G"), "row_last", "", f"last {row}"),
    )


KEYS = (
    Key("filter", ("enter",), "filter_keep", "keep", "keep the filter and go back to the table"),
    Key("filter", ("esc",), "filter_cancel", "cancel", "go back to the filter that was there before"),
    Key("filter", ("up", "ctrl-p"), "filter_older", "earlier", "an earlier filter"),
    Key("filter", ("down", "ctrl-n"), "filter_newer", "later", "a later filter"),
    Key("filter", ("left", "ctrl-b"), "edit_left", "", "cursor to the left"),
    Key("filter", ("right", "ctrl-f"), "edit_right", "", "cursor to the right"),
    Key("filter", ("home", "ctrl-a"), "edit_home", "", "cursor to the start"),
    Key("filter", ("end", "ctrl-e"), "edit_end", "", "cursor to the end"),
    Key("filter", ("backspace",), "edit_backspace", "", "erase the character before the cursor"),
    Key("filter", ("delete", "ctrl-d"), "edit_delete", "", "erase the character under the cursor"),
    Key("filter", ("ctrl-w",), "edit_word", "", "erase the word before the cursor"),
    Key("filter", ("ctrl-u",), "edit_clear", "clear", "erase the line up to the cursor"),
    Key("sort", ("enter", "space"), "sort_choose", "sort by it", "sort by the marked column"),
    Key("sort", ("v",), "column_choose", "show/hide", "show or hide the marked column"),
    Key("sort", ("S",), "sort_reverse", "reverse", "turn the order round"),
    Key("sort", ("esc", "s", "q"), "close", "close", "close the list"),
    Key("sort", ("up", "k"), "sort_up", "", "column above"),
    Key("sort", ("down", "j"), "sort_down", "", "column below"),
    Key("sort", ("home", "g"), "sort_first", "", "first column"),
    Key("sort", ("end", "G"), "sort_last", "", "last column"),
    Key("help", ("esc", "?", "h", "q", "enter"), "close", "close", "close the help"),
    Key("help", ("down", "j"), "help_down", "scroll", "scroll down"),
    Key("help", ("up", "k"), "help_up", "", "scroll up"),
    Key("help", ("pgdn", "space"), "help_page_down", "", "one page down"),
    Key("help", ("pgup",), "help_page_up", "", "one page up"),
    Key("help", ("home", "g"), "help_top", "", "to the top"),
    Key("help", ("end", "G"), "help_bottom", "", "to the bottom"),
    Key("failed", ("r",), "retry", "try again", "draw the tab again, details closed"),
    Key("details", ("esc", "enter", "d"), "details_close", "close", "close the details pane"),
    Key("details", ("J", "ctrl-d"), "details_down", "scroll", "scroll the details down"),
    Key("details", ("K", "ctrl-u"), "details_up", "", "scroll the details up"),
    Key("connections", ("enter", "d"), "details_open", "details", "every field of the selected flow"),
    Key("connections", ("s",), "sort_open", "sort", "pick the column to sort by"),
    Key("connections", ("S",), "sort_reverse", "reverse", "turn the order round"),
    Key("connections", ("<", ","), "sort_previous", "", "sort by the column to the left"),
    Key("connections", (">", "."), "sort_next", "", "sort by the column to the right"),
    Key("connections", ("t",), "history", "ended", "show or hide flows that have ended"),
    Key("connections", ("c",), "copy", "copy", "copy the remote address (by OSC 52)"),
    Key("connections", ("down", "j"), "row_down", "", "next flow"),
    Key("connections", ("up", "k"), "row_up", "", "previous flow"),
    Key("connections", ("pgdn", "ctrl-f"), "page_down", "", "one page down"),
    Key("connections", ("pgup", "ctrl-b"), "page_up", "", "one page up"),
    Key("connections", ("home", "g"), "row_first", "", "first flow"),
    Key("connections", ("end", "G"), "row_last", "", "last flow"),
    *list_keys(
        "interfaces", "interface",
        Key("interfaces", ("enter", "d"), "details_open", "details", "addresses, routes, counters of the selected one"),
        Key("interfaces", ("f",), "chip_next", "which", "all, active, idle or down ones")),
    *list_keys(
        "topology", "host",
        Key("topology", ("enter",), "follow", "its flows", "show the flows of the selected host in Connections"),
        Key("topology", ("d",), "details_open", "details", "what is known of the selected host"),
        Key("topology", ("f",), "chip_next", "which", "all, this machine, gateways, local network, internet")),
    Key("timeline", ("enter", "d"), "follow", "its flow", "show the flow of the selected event in Connections"),
    Key("timeline", ("f",), "chip_next", "which", "all, warnings, or one category: flow, dns, loss, damage ..."),
    Key("timeline", ("t",), "window_next", "time", "how far back: 1m, 5m, 15m, 1h, 24h, the whole session"),
    *_moves("timeline", "event"),
    Key("insights", ("enter", "d"), "details_open", "details", "the whole of the selected card"),
    Key("insights", ("x",), "follow", "its flows", "show the flows of the selected card in Connections"),
    Key("insights", ("t",), "window_next", "time", "over how long: 5m, 1h, the whole session"),
    *_moves("insights", "card"),
    *list_keys(
        "egress", "line",
        Key("egress", ("enter", "d"), "follow", "its flows", "show the flows of the selected line in Connections"),
        Key("egress", ("space",), "fold", "fold", "fold or unfold the destinations of one"),
        Key("egress", ("z",), "fold_all", "fold all", "fold or unfold all")),
    Key("global", ("/",), "filter_open", "filter", "filter as you type", early=True),
    Key("global", ("esc",), "filter_clear", "", "drop the filter"),
    Key("global", ("V",), "view_next", "", "the next view: full, lite, dense"),
    Key("global", ("p", "space"), "pause", "pause", "freeze the display; the capture goes on"),
    Key("global", ("tab", "]"), "tab_next", "", "next tab"),
    Key("global", ("shift-tab", "["), "tab_previous", "", "previous tab"),
    Key("global", ("ctrl-l",), "repaint", "", "paint the whole screen again"),
    Key("global", ("?", "h", "f1"), "help", "help", "this help"),
    Key("global", ("q",), "quit", "quit", "leave netwatch (Ctrl-C does so from anywhere)"),
)

CONTEXT_TITLES = {
    "connections": "Connections", "interfaces": "Interfaces", "topology": "Topology", "timeline": "Timeline",
    "insights": "Insights", "egress": "Egress",
    "details": "Details pane", "filter": "Filter line", "sort": "Sort list",
    "help": "This help", "failed": "A tab that failed", "global": "Everywhere",
}

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


def find(contexts: Iterable[str], name: str) -> Key | None:
    """The line of the table that answers to `name` in the innermost of the contexts."""
    for context in contexts:
        key = _INDEX.get((context, name))
        if key:
            return key
    return None


def sign(name: str, ascii_only: bool = False) -> str:
    """How a key is written for people: ↑, PgUp, Ctrl-W."""
    if ascii_only and name in _ASCII_SIGNS:
        return _ASCII_SIGNS[name]
    if name.startswith("ctrl-"):
        return "Ctrl-" + name[5:].upper()
    return _SIGNS.get(name, name)


def hints(contexts: Iterable[str]) -> list[Key]:
    """The lines the footer shows: those with a hint that are not hidden by a context further in, innermost first."""
    taken: set[str] = set()
    shown = []
    for context in contexts:
        lines = [key for key in KEYS if key.context == context]
        shown += [key for key in lines if key.hint and key.names[0] not in taken]
        taken.update(name for key in lines for name in key.names)
    return sorted(shown, key=lambda key: not key.early)


_INDEX = {(key.context, name): key for key in KEYS for name in key.names}
