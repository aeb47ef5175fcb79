"""What a filter becomes: a small immutable tree of conditions. No evaluation and no text handling happens here.

An Exists asks for a value, a Relate compares two fields, a Reckon what is made of some, a Search looks everywhere. A
Compare asks whether any value of its fields passes its Test; every operator is one of five tests, so that whoever
evaluates a filter (Python here, C in netwatch._fast.view.program) has few things to know.
"""
from __future__ import annotations

import re
from dataclasses import dataclass
from unicodedata import combining, east_asian_width

from netwatch.filter.regex import Regex
from netwatch.schema import Field

MAX_TEXT = 4096              # characters of a filter, and bytes of a value that a text test looks at
AROUND = 60                  # characters of a filter that an error shows before and after its place
MAX_DEPTH = 48               # nested parentheses
MAX_NODES = 512              # conditions in one filter


LONG = re.compile(r"(['\"])([^'\"]{60})[^'\"]{20,}\1")  # what was typed, quoted in a message


class FilterError(ValueError):
    """A filter that cannot be understood: what is wrong, on one printable line, and the column (from 1) where."""

    def __init__(self, message: str, column: int, text: str = "") -> None:
        self.message = LONG.sub(r"\1\2...\1", _shown(message))
        self.column = column
        self.text = text
        super().__init__(self.message, column)

    def __str__(self) -> str:
        return f"column {self.column}: {self.message}"

    def pointing(self) -> str:
        """Three lines: the filter, a caret under the place, the message. Of a long filter what is around the place."""
        start = max(0, self.column - 1 - AROUND)
        lead = "..." if start else ""
        before = lead + _shown(self.text[start:self.column - 1])
        after = _shown(self.text[self.column - 1:self.column - 1 + AROUND])
        more = "..." if self.column - 1 + AROUND < len(self.text) else ""
        return f"{before}{after}{more}\n{' ' * _cells(before)}^\n{self.message}"


def _shown(text: str) -> str:
    """On one line, whatever it is."""
    return "".join(char if char.isprintable() else " " for char in text)


def _cells(text: str) -> int:
    """How wide a terminal shows it."""
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


@dataclass(frozen=True, slots=True)
class Numbers:
    """The value lies in one of these closed ranges. Durations and times are nanoseconds; None is without end."""

    ranges: tuple[tuple[int | None, int | None], ...]


@dataclass(frozen=True, slots=True)
class Addresses:
    """The address lies in one of these closed ranges: 4 bytes are IPv4, 16 IPv6, 6 a MAC."""

    ranges: tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Words:
    """The text is one of these; UTF-8 with the letters A-Z in lower case."""

    words: frozenset[bytes]


@dataclass(frozen=True, slots=True)
class Part:
    """The text contains this; UTF-8 with the letters A-Z in lower case."""

    part: bytes


@dataclass(frozen=True, slots=True)
class Pattern:
    """The regular expression is found in the text."""

    regex: Regex


@dataclass(frozen=True, slots=True)
class Truth:
    """The value is this."""

    value: bool


Test = Numbers | Addresses | Words | Part | Pattern | Truth


@dataclass(frozen=True, slots=True)
class Compare:
    """Some value of some of the fields passes the test; `negated`: there is a value, and none does."""

    fields: tuple[Field, ...]
    test: Test
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Exists:
    """Some of the fields has a value."""

    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Relate:
    """Some value of some field of the left stands so to one of the right: == < <= > >=. `negated`: there are values on
    both sides, and none stands so."""

    left: tuple[Field, ...]
    op: str
    right: tuple[Field, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """A number that was written: durations are nanoseconds."""

    numerator: int
    denominator: int


@dataclass(frozen=True, slots=True)
class Value:
    """What records have of some fields. `form`: "value" each value, "count" how many, "len" the characters of each."""

    fields: tuple[Field, ...]
    form: str


@dataclass(frozen=True, slots=True)
class Amount:
    """Two of them put together: + - * /."""

    left: Expression
    op: str
    right: Expression


Expression = Given | Value | Amount


@dataclass(frozen=True, slots=True)
class Reckon:
    """A Relate of what is reckoned; of fields with several values, of any choice of them. What cannot be reckoned (a
    field that is absent, a division by 0) stands in no relation."""

    left: Expression
    op: str
    right: Expression
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Search:
    """The text or pattern is found in a searched field, or in an end written as address:port."""

    test: Part | Pattern


@dataclass(frozen=True, slots=True)
class Not:
    item: Node


@dataclass(frozen=True, slots=True)
class And:
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    items: tuple[Node, ...]


Node = Compare | Exists | Relate | Reckon | Search | Not | And | Or
