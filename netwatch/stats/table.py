"""What a statistic comes to: tables of records, and what their columns are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import groupby
from typing import Protocol

from netwatch.model.record import Record
from netwatch.records.items import Item, Packets

MOST_GROUPS = 1_000_000  # told apart by one statistic; what comes later is counted, and said


class Kind(Enum):
    """How a table writes a value. Machine formats have it as it is."""

    TEXT = "text"
    COUNT = "count"
    MICROSECONDS = "us"  # a table shows ms
    SECONDS = "s"
    SHARE = "share"  # of 1; a table shows percent
    TIME = "time"
    SPREAD = "spread"  # a list of counts, drawn as a row of small bars


@dataclass(frozen=True, slots=True)
class Column:
    """`key` in the record, `title` with its unit in the table; of those that do not fit, the largest `rank` goes
    first."""

    key: str
    title: str
    kind: Kind = Kind.TEXT
    rank: int = 0


@dataclass(slots=True)
class Table:
    """Rows in their usual order, most first. `schema`: of each row as a record, without netwatch. and version. `bar`:
    the key whose value is drawn beside each row. `words`: what has to be said with it. `open`: it may have any number
    of rows."""

    title: str
    schema: str
    columns: Sequence[Column]
    rows: Sequence[Record]
    bar: str = ""
    open: bool = False
    words: list[str] = field(default_factory=list)

    def record(self, row: Record) -> Record:
        """The row as it stands in machine formats: what is not known is left out."""
        known = {key: value for key, value in row.items() if value is not None}
        return {"schema": f"netwatch.{self.schema}/1", **known}


class Statistic(Protocol):
    """Takes the records of its `kinds` (as --what calls them), and says at the end what they come to. `keys`: what it
    looks at in a flow record."""

    kinds: frozenset[str]
    keys: frozenset[str]

    def take(self, item: Item) -> None:
        """One record that passed the filter."""

    def take_all(self, packets: Packets) -> None:
        """A run of packets, where there is no filter."""

    def tables(self) -> list[Table]:
        """What all of it comes to."""


def most_first(rows: Iterable[Record], *keys: str) -> list[Record]:
    """By these numbers, the largest first; rows that are equal by what they say, so that no order depends on chance."""
    found = sorted(rows, key=lambda row: [-(row.get(key) or 0) for key in keys])
    alike = groupby(found, key=lambda row: [row.get(key) or 0 for key in keys])
    return [row for _, group in alike for row in _in_order([*group])]


def _in_order(rows: list[Record]) -> list[Record]:
    """Rows of the same amounts, by what they say."""
    return rows if len(rows) == 1 else sorted(rows, key=lambda row: [*map(_plain, row.values())])


def _plain(value: object) -> tuple[int, float | str]:
    """An order that is always the same, and quickly found."""
    if value is None:
        return 2, ""
    return (0, value) if isinstance(value, int | float) else (1, str(value))


def order(value: object) -> tuple[int, object]:
    """Values of any type in one order: numbers, then text, then what is not known; addresses as numbers."""
    if value is None:
        return 2, ""
    if isinstance(value, int | float):
        return 0, value
    return 1, address_order(value) if isinstance(value, str) else (1, b"", str(value))


def address_order(text: str) -> tuple[int, bytes, str]:
    """Addresses before other text, by their bytes."""
    import ipaddress

    try:
        return 0, ipaddress.ip_address(text).packed, ""
    except ValueError:
        return 1, b"", text
