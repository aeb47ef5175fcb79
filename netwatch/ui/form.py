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

    @property
    def hints(self) -> tuple[tuple[str, str], ...]:
        """The keys that work in it, by name, and what they do."""
        if len(self.fields) == 1 and not self.fields[0].choices:
            return (("enter", self.accept), ("tab", "to the buttons"), ("esc", "leave"))
        choose = (("space", "choose"),) if any(field.choices for field in self.fields) else ()
        return (("tab", "next"), ("shift-tab", "before"), *choose, ("enter", "on a button: do it"), ("esc", "leave"))

    def answers(self) -> dict[str, str]:
        """What it says before anything is changed."""
        return {field.key: field.value for field in self.fields}
