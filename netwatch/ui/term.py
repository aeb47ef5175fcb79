"""The terminal before and around curses: is there one, which TERM works, can it show Unicode, how large is it."""
from __future__ import annotations

import base64
import curses
import locale
import os
import sys

_FALLBACKS = ("xterm-256color", "xterm", "screen", "linux", "ansi", "vt100")
_NO_CLIPBOARD = ("linux", "vt", "ansi", "dumb", "cons", "sun")
MAX_CLIPBOARD = 4096               # characters; terminals refuse long ones


class NoTerminal(Exception):
    """There is no terminal to draw on; the text says what to do instead."""


def prepare() -> None:
    """Set up the environment and the locale for initscr(). Raises NoTerminal."""
    if not (os.isatty(0) and os.isatty(1)):
        raise NoTerminal("the terminal view needs a terminal on standard input and output; try `netwatch read`")
    os.environ.setdefault("ESCDELAY", "25")
    os.environ["NCURSES_NO_UTF8_ACS"] = "1"
    for name in ("LINES", "COLUMNS"):
        os.environ.pop(name, None)       # they would stop ncurses from following the window
    try:
        locale.setlocale(locale.LC_ALL, "")
    except locale.Error:
        os.environ["LC_ALL"] = "C.UTF-8"
    os.environ["TERM"] = working_term(os.environ.get("TERM", ""))


def working_term(wanted: str) -> str:
    """`wanted` when the terminal database knows it as one that can move the cursor, else the best that it knows."""
    for name in (wanted, *_FALLBACKS):
        try:
            curses.setupterm(name or "unknown", 1)
        except curses.error:
            continue
        if curses.tigetstr("cup"):
            return name
    raise NoTerminal(f"the terminal type {wanted!r} is not known here, nor is any common one; set TERM")


def shows_unicode() -> bool:
    """Does the C library encode characters as UTF-8? ncurses follows it, whatever Python does."""
    return locale.nl_langinfo(locale.CODESET).upper().replace("-", "") == "UTF8"


def alive() -> bool:
    """Is the terminal still there? A closed one is readable for ever and has nothing to read."""
    try:
        return os.tcgetpgrp(0) >= 0
    except OSError:
        return False


def size() -> tuple[int, int]:
    """(rows, columns) of the terminal, bounded to what a canvas can be."""
    try:
        columns, rows = os.get_terminal_size(1)
    except OSError:
        columns, rows = 80, 24
    return min(max(rows, 1), 1000), min(max(columns, 1), 1000)


def copy(text: str) -> bool:
    """Hand text to the clipboard of the terminal (OSC 52). False where that is known to be impossible."""
    if os.environ.get("TERM", "").startswith(_NO_CLIPBOARD):
        return False
    payload = base64.b64encode(text[:MAX_CLIPBOARD].encode()).decode()
    sys.__stdout__.flush() if sys.__stdout__ else None
    os.write(1, f"\x1b]52;c;{payload}\x07".encode())
    return True
