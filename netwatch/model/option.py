"""A setting that somebody brings: its name, what it takes, and one sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Value = int | bool | str
NOW, START = "now", "at next start"


@dataclass(frozen=True)
class Option:
    """`default` gives its type. `applies`: NOW when a change on the settings screen has its effect at once. `form`
    raises ValueError with what is wrong with a text."""

    name: str
    default: Value
    help: str
    low: int = 0
    high: int = 0
    choices: tuple[str, ...] = ()
    applies: str = START
    form: Callable[[str], object] | None = None
