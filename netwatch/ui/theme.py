"""What a style number means: roles, the ink each is written with, and the glyphs that carry meaning without colour.

A style is a role plus modifier bits. Curses has palette colours only: of 256 the nearest is taken, or an entry is
redefined where the terminal lets us; with 16 and 8 the terminal's own serve; monochrome keeps the attributes.
"""
from __future__ import annotations

import contextlib
import curses
from collections.abc import Mapping
from dataclasses import dataclass

from netwatch.ui import themes
from netwatch.ui.themes import THEMES

__all__ = ["ASCII", "THEMES", "UNICODE", "Glyphs", "Painter"]

# Modifier bits; a role is below 64.
SELECTED = 64
BOLD = 128
UNDERLINE = 256
REVERSE = 512

(TEXT, MUTED, FAINT, BRAND, TAB, HEAD, HEAD_SORT, GOOD, WARN, BAD, PROCESS, ADDRESS, NAME, APP, DOWN, UP, KEY, BADGE,
 ALARM, ENDED, TITLE, INPUT, MATCH) = range(23)


@dataclass(frozen=True)
class Ink:
    """Which of a theme's inks (see themes.INKS), and curses attributes. `dim` is for those without enough colours."""
    ink: str
    bold: bool = False
    dim: bool = False
    reverse: bool = False


ROLES = {
    TEXT: Ink("text"), MUTED: Ink("muted", dim=True), FAINT: Ink("faint", dim=True), BRAND: Ink("accent", bold=True),
    TAB: Ink("accent", bold=True), HEAD: Ink("head", bold=True), HEAD_SORT: Ink("accent", bold=True),
    GOOD: Ink("good"), WARN: Ink("warn"), BAD: Ink("bad"), PROCESS: Ink("process"), ADDRESS: Ink("address"),
    NAME: Ink("name"), APP: Ink("text"), DOWN: Ink("good"), UP: Ink("address"), KEY: Ink("accent", bold=True),
    BADGE: Ink("warn", bold=True, reverse=True), ALARM: Ink("bad", bold=True, reverse=True),
    ENDED: Ink("muted", dim=True), TITLE: Ink("title", bold=True), INPUT: Ink("title"), MATCH: Ink("warn", bold=True),
}


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
    back: str = "\u2190"
    corners: str = "\u250c\u2510\u2514\u2518"
    caret: str = "\u25b2"
    folded: str = "\u25b8"
    unfolded: str = "\u25be"
    full: str = "\u2588"
    star: str = "\u2605"
    ascii_only: bool = False


UNICODE = Glyphs()
ASCII = Glyphs(
    ellipsis=">", live="*", paused="=", playing=">", ended="x", fresh="*", ageing="o", stale=".", up="^", down="v",
    rule="-", rule_thick="=", side="|", thumb="#", bar=">", none="-", dot="-", arrow=">", back="<", corners="++++",
    caret="^", folded="+", unfolded="-", full="#", star="*", ascii_only=True,
)


class Painter:
    """Turns styles into curses attributes. Colour pairs are made when first needed: small terminals have few."""

    SLOTS = range(17, 52)          # of the palette, redefined where that is possible; endwin() sets them right again

    def __init__(self, theme: str, color: bool, changes: Mapping[str, str] | None = None,
                 redefine: bool = False) -> None:
        """`changes`: colours of the user's own, by ink or paper. `redefine`: entries of the palette may be changed for
        exact colours; a terminal that ignores that shows wrong ones. Raises themes.ColorError for what is none."""
        self._most = self._find_depth()  # even without colour: it makes pair 0 the terminal's own, not white on black
        self._free = list(self.SLOTS) if color and redefine and self._most == 256 and _can_redefine() else []
        self._slots: dict[int, int] = {}
        self.use(theme, changes or {}, color)

    def use(self, theme: str, changes: Mapping[str, str], color: bool = True) -> None:
        """Another theme from now on, or none. What is on the screen has to be painted again."""
        if color and not self._most:
            with contextlib.suppress(curses.error):      # it began without
                curses.start_color()
            self._most = self._find_depth()
        self._depth = self._most if color else 0
        self._theme = THEMES[theme]
        self._changes = {name: parsed for name, text in changes.items()
                         if (parsed := themes.parse_color(text)) is not None}
        self._known: dict[int, int] = {}
        self._pairs: dict[tuple[int, int], int] = {}
        self._free = [*self._free, *self._slots.values()]
        self._slots = {}

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
        role = ROLES.get(style & 63, ROLES[TEXT])
        selected = bool(style & SELECTED)
        attribute = curses.A_NORMAL
        if role.bold or style & BOLD:
            attribute |= curses.A_BOLD
        if role.dim and not selected and self._depth in (0, 8):
            attribute |= curses.A_DIM
        if style & UNDERLINE:
            attribute |= curses.A_UNDERLINE
        if self._depth:
            tinted = self._tint() if selected else None
            paper = self._paper() if tinted is None else tinted
            ink = "text" if selected and tinted is None else role.ink      # reversed: one colour all along
            attribute |= self._pair(self._ink(ink, tinted is not None), paper)
            selected = selected and tinted is None
        if role.reverse or style & REVERSE or selected:
            attribute |= curses.A_REVERSE
        return attribute

    def _paper(self) -> int:
        """The palette's entry for the background, -1 for the terminal's own."""
        theme = self._theme
        if "paper" in self._changes:
            return self._entry(self._changes["paper"])
        if self._depth == 256 and not theme.ansi:
            return -1 if theme.paper is None else self._entry(theme.paper)
        return (15 if self._depth > 8 else 7) if theme.light else -1

    def _tint(self) -> int | None:
        """The palette's entry for the selected row; None where there is none, and it is shown reversed."""
        if "selected" in self._changes:
            return self._entry(self._changes["selected"])
        return self._entry(self._theme.selected) if self._depth == 256 and not self._theme.ansi else None

    def _ink(self, name: str, selected: bool) -> int:
        """The palette's entry for an ink."""
        theme = self._theme
        if name in self._changes:
            return self._entry(self._changes[name])
        if self._depth < 256 or theme.ansi:
            return themes.ANSI[name][2 * theme.light + (self._depth == 8)]
        color = themes.ink_on(theme, name, selected)
        paper = theme.selected if selected else theme.ground
        return self._entry(color, paper, themes.needed(name))

    def _entry(self, color: int, paper: int | None = None, ratio: float = 1.0) -> int:
        """The palette's entry that has this colour, or looks most like it and is readable on that paper."""
        if color < 0:
            return min(-1 - color, 15) if self._depth > 8 else (-1 - color) % 8
        if self._depth < 256:
            return themes.nearest(color, first=0, last=self._depth - 1)
        if color in self._slots:
            return self._slots[color]
        plain = themes.nearest(color)
        if (themes.palette()[plain] == color and plain not in self.SLOTS) or not self._free:
            ground = None if paper is None else themes.palette()[themes.nearest(paper)]
            return plain if ground is None else themes.nearest(color, ground, ratio)
        slot = self._free[0]
        with contextlib.suppress(curses.error, ValueError):
            curses.init_color(slot, *(round((color >> shift & 255) * 1000 / 255) for shift in (16, 8, 0)))
            self._slots[color] = self._free.pop(0)
            return slot
        return plain

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


def _can_redefine() -> bool:
    """Can entries of the palette be changed, and be set right again by endwin()?"""
    with contextlib.suppress(curses.error):
        return curses.can_change_color() and bool(curses.tigetstr("oc"))
    return False
