"""The lines of a details pane: labels and values, long values wrapped, and which of them can be copied."""
from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from netwatch._fast.term.canvas import clip, wrap
from netwatch.ui.theme import BRAND, MUTED, TEXT, TITLE, Glyphs

LABEL = 19                         # cells of the names
MAX_LINES = 12                     # of one value

Span = tuple[str, int]
Fact = tuple[str, str, int]        # label, value, style; a title has no value, a line of text no label


class Value(NamedTuple):
    """A value that is known: the first of its lines, and how many it has."""
    line: int
    lines: int
    label: str
    text: str


def title(text: str) -> Fact:
    return text, "", BRAND


def fact(label: str, value: str, glyphs: Glyphs, style: int = TEXT) -> Fact:
    """A line of the details; the none glyph for what is not known."""
    return (label, value, style) if value else (label, glyphs.none, MUTED)


def strong(text: str) -> Span:
    return text, TITLE


def _lines(each: Fact, width: int, glyphs: Glyphs) -> list[list[Span]]:
    name, value, style = each
    if not value:
        return [[(name, style)]]
    label = min(LABEL, width // 3)
    indent = label if name else 0
    return [[(clip(name if i == 0 else "", label - 1, glyphs.ellipsis).ljust(indent), MUTED), (piece, style)]
            for i, piece in enumerate(wrap(value, max(8, width - indent), MAX_LINES))]


def lines_of(facts: Sequence[Fact], width: int, glyphs: Glyphs) -> list[list[Span]]:
    """The lines of a pane of that many cells."""
    return [line for each in facts for line in _lines(each, width, glyphs)]


def values_of(facts: Sequence[Fact], width: int, glyphs: Glyphs) -> list[Value]:
    """Those that are known, and where they stand in such a pane."""
    found, at = [], 0
    for each in facts:
        many = len(_lines(each, width, glyphs))
        if each[1] and each[1] != glyphs.none:
            found.append(Value(at, many, each[0], each[1]))
        at += many
    return found
