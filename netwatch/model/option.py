"""A setting that somebody brings: its name, what it takes, and one sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

Value = int | bool | str
NOW, START = "now", "at next start"
NO_WORDS: Mapping[str, str] = {}


class Option(NamedTuple):
    """`default` gives its type. `applies`: NOW when a change on the settings screen has its effect at once. `form`
    raises ValueError with what is wrong with a text. A text is any, a color is `#rrggbb`, a number of the palette, or
    "" for the theme's own. `also`: other words for some of the choices."""

    name: str
    default: Value
    help: str
    low: int = 0
    high: int = 0
    choices: tuple[str, ...] = ()
    applies: str = START
    form: Callable[[str], object] | None = None
    color: bool = False
    also: Mapping[str, str] = NO_WORDS
