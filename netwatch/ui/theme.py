"""What a style number means: roles, their colours in each theme, and the glyphs that carry meaning without colour.

A style is a role plus modifier bits. Curses has palette colours only, so a theme gives each role a colour for 256-, 16-
and 8-colour terminals; monochrome keeps the attributes. To add a theme, add one table to THEMES.
"""
from __future__ import annotations

import curses
from dataclasses import dataclass

# Modifier bits; a role is below 64.
SELECTED = 64
BOLD = 128
UNDERLINE = 256
REVERSE = 512

(TEXT, MUTED, FAINT, BRAND, TAB, HEAD, HEAD_SORT, GOOD, WARN, BAD, PROCESS, ADDRESS, NAME, APP, DOWN, UP, KEY, BADGE,
 ALARM, ENDED, TITLE, INPUT, MATCH) = range(23)


@dataclass(frozen=True)
class Ink:
    """Foreground for 256, 16 and 8 colours (-1: the terminal's own), background likewise, curses attributes."""
    c256: int
    c16: int
    c8: int
    bold: bool = False
    dim: bool = False
    reverse: bool = False


_DARK = {
    TEXT: Ink(252, -1, -1), MUTED: Ink(245, 8, -1, dim=True), FAINT: Ink(239, 8, -1, dim=True),
    BRAND: Ink(116, 14, 6, bold=True), TAB: Ink(116, 14, 6, bold=True), HEAD: Ink(247, 7, -1, bold=True),
    HEAD_SORT: Ink(116, 14, 6, bold=True), GOOD: Ink(114, 10, 2), WARN: Ink(221, 11, 3), BAD: Ink(210, 9, 1),
    PROCESS: Ink(180, 7, -1), ADDRESS: Ink(111, 12, -1), NAME: Ink(153, 14, 6), APP: Ink(252, -1, -1),
    DOWN: Ink(114, 10, 2), UP: Ink(111, 12, 6), KEY: Ink(116, 14, 6, bold=True),
    BADGE: Ink(221, 11, 3, bold=True, reverse=True), ALARM: Ink(210, 9, 1, bold=True, reverse=True),
    ENDED: Ink(242, 8, -1, dim=True), TITLE: Ink(255, 15, -1, bold=True), INPUT: Ink(255, 15, -1),
    MATCH: Ink(221, 11, 3, bold=True),
}
_TERMINAL = {role: Ink(ink.c16, ink.c16, ink.c8, ink.bold, ink.dim, ink.reverse) for role, ink in _DARK.items()}

THEMES: dict[str, dict[int, Ink]] = {
    "dark": _DARK,
    "terminal": _TERMINAL,
}
_SELECTED_BACKGROUND = {"dark": 237}


@dataclass(frozen=True)
class Glyphs:
    """Every sign that is not a letter. Both sets have the same length, so that the layout does not depend on them."""
    ellipsis: str = "\u2026"
    live: str = "\u25cf"
    paused: str = "\u25a0"
    playing: str = "\u25b6"
    ended: str = "\u00d7"
    fresh: str = "\u25cf"
    ageing: str = "\u25d0"
    stale: str = "\u25cb"
    up: str = "\u25b2"
    down: str = "\u25bc"
    rule: str = "\u2500"
    rule_thick: str = "\u2501"
    side: str = "\u2502"
    thumb: str = "\u2503"
    bar: str = "\u258c"
    none: str = "\u2013"
    dot: str = "\u00b7"
    arrow: str = "\u2192"
    corners: str = "\u250c\u2510\u2514\u2518"
    caret: str = "\u25b2"
    star: str = "\u2605"
    opened: str = "\u25be"
    closed: str = "\u25b8"
    ascii_only: bool = False


UNICODE = Glyphs()
ASCII = Glyphs(
    ellipsis=">", live="*", paused="=", playing=">", ended="x", fresh="*", ageing="o", stale=".", up="^", down="v",
    rule="-", rule_thick="=", side="|", thumb="#", bar=">", none="-", dot="-", arrow=">", corners="++++", caret="^",
    star="*", opened="-", closed="+",
    ascii_only=True,
)


class Painter:
    """Turns styles into curses attributes. Colour pairs are made when first needed: small terminals have few."""

    def __init__(self, theme: str, color: bool) -> None:
        self._inks = THEMES[theme]
        depth = self._find_depth()       # even without colour: it makes pair 0 the terminal's own, not white on black
        self._depth = depth if color else 0
        self._known: dict[int, int] = {}
        self._pairs: dict[tuple[int, int], int] = {}
        self._selected = _SELECTED_BACKGROUND.get(theme, -1) if self._depth == 256 else -1

    @property
    def depth(self) -> int:
        """Colours in use: 256, 16, 8, or 0 for none."""
        return self._depth

    @staticmethod
    def _find_depth() -> int:
        try:
            if not curses.has_colors():
                return 0
            curses.use_default_colors()
        except curses.error:
            return 0
        colors = getattr(curses, "COLORS", 0)
        return next((depth for depth in (256, 16, 8) if colors >= depth), 0)

    def attribute(self, style: int) -> int:
        """The curses attribute of a style."""
        found = self._known.get(style)
        if found is None:
            found = self._known[style] = self._make(style)
        return found

    def _make(self, style: int) -> int:
        ink = self._inks.get(style & 63, self._inks[TEXT])
        attribute = curses.A_NORMAL
        if ink.bold or style & BOLD:
            attribute |= curses.A_BOLD
        if ink.dim and self._depth in (0, 8):
            attribute |= curses.A_DIM
        if style & UNDERLINE:
            attribute |= curses.A_UNDERLINE
        reverse = ink.reverse or bool(style & REVERSE)
        background = -1
        if style & SELECTED:
            background = self._selected
            attribute &= ~curses.A_DIM
            if background < 0:
                return attribute | curses.A_REVERSE
        if reverse:
            attribute |= curses.A_REVERSE
        if self._depth:
            attribute |= self._pair({256: ink.c256, 16: ink.c16, 8: ink.c8}[self._depth], background)
        return attribute

    def _pair(self, foreground: int, background: int) -> int:
        if (foreground, background) == (-1, -1):
            return 0
        number = self._pairs.get((foreground, background))
        if number is None:
            number = len(self._pairs) + 1
            if number >= curses.COLOR_PAIRS:
                return 0
            try:
                curses.init_pair(number, foreground, background)
            except (curses.error, ValueError):
                return 0
            self._pairs[foreground, background] = number
        return curses.color_pair(number)
