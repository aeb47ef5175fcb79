"""A form to fill in: what it asks, without a word of how. The shell shows it (npyscreenform.py), tests fill it in."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Answers = Mapping[str, str]


@dataclass(frozen=True)
class Field:
    """One line: text, or with `choices` one of them. `value` is what it begins with."""
    key: str
    label: str
    value: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Form:
    """`title` stands over it, `note` under the fields. `accept` is the word on the button that does it."""
    title: str
    fields: tuple[Field, ...]
    note: str = ""
    accept: str = "OK"

    def answers(self) -> dict[str, str]:
        """What it says before anything is changed."""
        return {field.key: field.value for field in self.fields}
