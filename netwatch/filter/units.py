"""A unit that stands apart from its number, and a time of day from its day: `bytes > 1 MB`, `rtt in {5 ms, 10 ms}`,
`first > 2026-01-02 03:04`.

It belongs to it where what is compared has such units, and nothing else can be meant. A word that is the unit of
something else is refused: it would be looked for.
"""
from __future__ import annotations

import re

from netwatch.filter import values
from netwatch.filter.cursor import Cursor
from netwatch.filter.lexer import Kind, Token
from netwatch.schema import Type

SIZES = frozenset(values.SIZES) - {""}
UNITS: dict[Type, frozenset[str]] = {
    Type.BYTES: SIZES, Type.RATE: SIZES | {f"{unit}/s" for unit in SIZES}, Type.DURATION: frozenset(values.DURATIONS)}
ALL = frozenset().union(*UNITS.values())
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
COUNTS = frozenset("kmgt")  # of what is counted: 2k is 2000, and 2 k may be a word to look for
EXAMPLES = {Type.BYTES: "1500, 1.5MB, 2GiB", Type.RATE: "1MB/s", Type.DURATION: "200ms, 1.5s, 5m, 2h"}
BITS = {f"{letter}{word}" for letter in "kmgt" for word in ("bit", "bits", "bps", "bit/s", "bits/s")}


def join(parser: Cursor, kind: Type | None, op: str = "") -> None:
    """Make one word of the number at the cursor and the unit behind it, if what is compared (None: anything) has such
    units. Raises FilterError."""
    number = parser.now
    if kind in (Type.TIME, None) and number.kind is Kind.WORD and DAY.fullmatch(number.text):
        _join_time(parser)
        return
    while number.kind is Kind.WORD and values.ratio(number.text.rpartition("..")[2]) is not None:
        unit = parser.peek(1)
        if unit.kind is not Kind.WORD or _compared(parser):
            return
        low = unit.text.partition("..")[0].lower()
        if low not in (ALL if kind is None else UNITS.get(kind, ())):
            break
        number = number._replace(text=number.text + unit.text, end=unit.end)
        parser.tokens[parser.at:parser.at + 2] = [number]
    else:
        return
    _refuse(parser, kind, op, number, parser.peek(1))


def _join_time(parser: Cursor) -> None:
    day, hour = parser.now, parser.peek(1)
    if hour.kind is Kind.WORD and values.time_span(f"{day.text} {hour.text}") is not None and not _compared(parser):
        parser.tokens[parser.at:parser.at + 2] = [day._replace(text=f"{day.text} {hour.text}", end=hour.end)]


def _compared(parser: Cursor) -> bool:
    """The word behind the number is itself the left side of a comparison."""
    return parser.peek(1).text.lower() in parser.names and (
        parser.peek(2).kind is Kind.OP or parser.negated_operator(2))


def _refuse(parser: Cursor, kind: Type | None, op: str, number: Token, unit: Token) -> None:
    low = unit.text.lower()
    if kind in UNITS and (low in ALL or low in BITS):
        raise parser.error(f"{unit.text} is no unit of {kind}; write it as in {EXAMPLES[kind]}; quoted, it is looked "
                           "for", unit)
    if kind in (Type.INT, Type.PORT) and low in COUNTS and op not in ("", ":"):
        raise parser.error(f"write {number.text}{unit.text}; quoted, {unit.text} is looked for", unit)
