"""The colours of the themes, and the arithmetic that keeps them readable. No curses here.

A theme names twelve inks, a paper and the paper of the selected row. Where a published palette is too faint to be read
on its own paper, the ink is moved towards white or black until it has the contrast of READABLE (WCAG 2.2, 1.4.3) or
VISIBLE (1.4.11).
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

READABLE, VISIBLE = 4.5, 3.0       # contrast ratios, of text and of what is not read letter by letter
INKS = ("text", "muted", "faint", "title", "head", "accent", "good", "warn", "bad", "process", "address", "name")
FAINT = frozenset({"faint"})       # lines and scroll bars
PAPERS = ("paper", "selected")
ANSI: Mapping[str, tuple[int, int, int, int]] = {
    # on dark paper with 16 and with 8 colours, on light paper with 16 and with 8; -1 is the terminal's own. Light paper
    # is grey on a terminal of 8, where only black and blue are dark enough.
    "text": (-1, -1, 0, 0), "muted": (8, -1, 8, 0), "faint": (8, -1, 8, 0), "title": (15, -1, 0, 0),
    "head": (7, -1, 0, 0), "accent": (14, 6, 4, 4), "good": (10, 2, 4, 4), "warn": (11, 3, 5, 0), "bad": (9, 1, 1, 0),
    "process": (7, -1, 5, 0), "address": (12, -1, 4, 4), "name": (14, 6, 0, 0),
}

Color = int                        # 0xRRGGBB


@dataclass(frozen=True)
class Theme:
    """`inks` in the order of INKS. `paper` None: the terminal's own, taken for black."""
    name: str
    about: str
    inks: tuple[Color, ...] = ()
    paper: Color | None = None
    selected: Color = 0x3a3a3a
    ansi: bool = False             # the terminal's own 16 colours, whatever they are

    @property
    def ground(self) -> Color:
        """The paper, black where the terminal decides."""
        return 0 if self.paper is None else self.paper

    @property
    def light(self) -> bool:
        return luminance(self.ground) > 0.4


def _theme(name: str, about: str, paper: str, selected: str, inks: str) -> Theme:
    return Theme(name, about, tuple(int(word, 16) for word in inks.split()), int(paper, 16) if paper else None,
                 int(selected, 16))


THEMES: dict[str, Theme] = {theme.name: theme for theme in (
    _theme("dark", "quiet colours on the terminal's own dark background", "", "3a3a3a",
           "d0d0d0 8a8a8a 5f5f5f eeeeee 9e9e9e 87d7d7 87d787 ffd75f ff8787 d7af87 87afff afd7ff"),
    Theme("terminal", "the terminal's own sixteen colours", ansi=True),
    _theme("solarized", "Solarized, dark", "002b36", "073642",
           "93a1a1 839496 586e75 eee8d5 93a1a1 2aa198 859900 b58900 dc322f cb4b16 268bd2 6c71c4"),
    _theme("dracula", "Dracula", "282a36", "44475a",
           "f8f8f2 a4adcb 6272a4 ffffff bfc5dd bd93f9 50fa7b f1fa8c ff5555 ffb86c 8be9fd ff79c6"),
    _theme("nord", "Nord", "2e3440", "434c5e",
           "d8dee9 a5b0c5 616e88 eceff4 b4bfd2 88c0d0 a3be8c ebcb8b bf616a d08770 81a1c1 8fbcbb"),
    _theme("gruvbox", "Gruvbox, dark", "282828", "504945",
           "ebdbb2 a89984 665c54 fbf1c7 bdae93 8ec07c b8bb26 fabd2f fb4934 fe8019 83a598 d3869b"),
    _theme("catppuccin", "Catppuccin Mocha", "1e1e2e", "45475a",
           "cdd6f4 a6adc8 585b70 ffffff bac2de 89dceb a6e3a1 f9e2af f38ba8 fab387 89b4fa cba6f7"),
    _theme("tokyo-night", "Tokyo Night", "1a1b26", "33467c",
           "c0caf5 9aa5ce 565f89 ffffff a9b1d6 7dcfff 9ece6a e0af68 f7768e ff9e64 7aa2f7 bb9af7"),
    _theme("ocean", "blues and greens of deep water", "0b1d2a", "1d3b53",
           "cfe3ee 8fb0c2 4f7386 f2fbff a9c6d6 4fd6be 8bd49c e9c46a ff7b72 e0a97e 6cb6ff 9ad4f0"),
    _theme("paper", "dark ink on light paper", "f7f3e8", "dcd6c4",
           "2b2b2b 5f5b52 9a9484 000000 4a463e 005f87 3d6b00 8a5a00 b00020 7a3e00 1f4fa3 5b2a86"),
)}


def luminance(color: Color) -> float:
    """Relative luminance, WCAG 2.2: 0 black, 1 white."""
    parts = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
             for value in ((color >> shift & 255) / 255 for shift in (16, 8, 0))]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: Color, other: Color) -> float:
    """Contrast ratio, WCAG 2.2: 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def readable(ink: Color, paper: Color, ratio: float) -> Color:
    """The ink itself, or the nearest on the way to white (black, on light paper) that has the contrast."""
    end = 0 if luminance(paper) > 0.18 else 255
    for part in range(0, 101, 2):
        mixed = 0
        for shift in (16, 8, 0):
            value = ink >> shift & 255
            mixed |= round(value + (end - value) * part / 100) << shift
        if contrast(mixed, paper) >= ratio:
            return mixed
    return 0 if end == 0 else 0xFFFFFF


def needed(ink: str) -> float:
    """The contrast that an ink of that name must have."""
    return VISIBLE if ink in FAINT else READABLE


def ink_on(theme: Theme, ink: str, selected: bool = False) -> Color:
    """The colour of an ink of the theme on its paper, or on that of the selected row."""
    return readable(theme.inks[INKS.index(ink)], theme.selected if selected else theme.ground, needed(ink))


@cache
def palette() -> tuple[Color, ...]:
    """xterm's 256 colours: 16 of every terminal (as VGA has them), a cube of 6, 24 greys."""
    vga = (0, 0xAA0000, 0x00AA00, 0xAA5500, 0x0000AA, 0xAA00AA, 0x00AAAA, 0xAAAAAA, 0x555555, 0xFF5555, 0x55FF55,
           0xFFFF55, 0x5555FF, 0xFF55FF, 0x55FFFF, 0xFFFFFF)
    steps = (0, 95, 135, 175, 215, 255)
    cube = (r << 16 | g << 8 | b for r in steps for g in steps for b in steps)
    return (*vga, *cube, *((8 + 10 * i) * 0x010101 for i in range(24)))


@cache
def nearest(color: Color, paper: Color | None = None, ratio: float = 1.0, first: int = 16, last: int = 255) -> int:
    """The entry of the palette that looks most like `color` among those with the contrast against `paper`."""
    def distance(index: int) -> tuple[bool, float]:
        entry = palette()[index]
        mean = ((entry >> 16) + (color >> 16)) / 2
        red, green, blue = ((entry >> shift & 255) - (color >> shift & 255) for shift in (16, 8, 0))
        # the weights of red and blue follow the mean red: a cheap stand-in for how alike two colours look
        far = (2 + mean / 256) * red * red + 4 * green * green + (2 + (255 - mean) / 256) * blue * blue
        return paper is not None and contrast(entry, paper) < ratio, far
    return min(range(first, last + 1), key=distance)


class ColorError(ValueError):
    """A text that is no colour; one line."""


def parse_color(text: str) -> Color | None:
    """`#rrggbb` or a number of the palette; None for "", the theme's own. Raises ColorError.

    The first 16 of the palette are whatever the terminal makes of them: -1 - number stands for them.
    """
    text = text.strip()
    if not text:
        return None
    if text.isdecimal() and int(text) < 256:
        return palette()[int(text)] if int(text) > 15 else -1 - int(text)
    if len(text) == 7 and text[0] == "#" and all(letter in "0123456789abcdefABCDEF" for letter in text[1:]):
        return int(text[1:], 16)
    raise ColorError(f"{text!r} is no colour; #rrggbb or a number of the palette, 0 to 255")


def listing(names: Iterable[str] = THEMES) -> str:
    """The themes, one a line, for people."""
    return "\n".join(f"{name:<12}  {THEMES[name].about}" for name in names)
