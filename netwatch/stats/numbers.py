"""Rows of whole numbers by a key, in arrays: there may be a million, and no Python object is kept for each number."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import overload

from netwatch.model.record import Record

SEPARATOR = "\t"  # of the parts of a key; sorts before whatever an address is written with
NO_PORT = "65536"  # sorts behind all ports, which have five digits in a key of order


class Numbers:
    """`columns` each have a number for each place; a new place has `initial`."""

    def __init__(self, initial: Sequence[int]) -> None:
        self.places: dict[str, int] = {}
        self.columns = [array("q") for _ in initial]
        self._initial = initial

    def place(self, key: str) -> int:
        """Where the numbers of a key stand."""
        found = self.places.get(key)
        if found is None:
            found = self.places[key] = len(self.places)
            for column, number in zip(self.columns, self._initial, strict=True):
                column.append(number)
        return found

    def add(self, place: int, column: int, number: int) -> None:
        self.columns[column][place] += number


def key_of(level: str, *ends: tuple[str, int | None]) -> str:
    """A level, and addresses with their ports, as a key."""
    return SEPARATOR.join((level, *(f"{address}{SEPARATOR}{'' if port is None else port}" for address, port in ends)))


def parts_of(key: str) -> tuple[str, list[tuple[str, int | None]]]:
    """The same again."""
    level, *parts = key.split(SEPARATOR)
    return level, [(address, int(port) if port else None) for address, port in zip(*[iter(parts)] * 2, strict=True)]


def order_of(level: str, ends: Sequence[tuple[str, int | None]]) -> str:
    """A text that sorts as these do, one after the other: levels and addresses as texts, ports as numbers."""
    return SEPARATOR.join((level, *(f"{address}{SEPARATOR}{NO_PORT if port is None else f'{port:05d}'}"
                                    for address, port in ends)))


def most_first(n: int, amounts: Callable[[int], tuple[int, int]], order: Callable[[int], str]) -> array[int]:
    """The places of the largest amounts first, equal ones by their order."""
    found = sorted(range(n), key=lambda place: tuple(-amount for amount in amounts(place)))
    arranged = array("q")
    for _, alike in groupby(found, key=amounts):
        arranged.extend(sorted(alike, key=order))
    return arranged


class Rows(Sequence[Record]):
    """Records that are made when they are looked at, of these places in this order."""

    def __init__(self, make: Callable[[int], Record], places: Sequence[int]) -> None:
        self._make, self._places = make, places

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Record]:
        return map(self._make, self._places)

    @overload
    def __getitem__(self, at: int) -> Record: ...
    @overload
    def __getitem__(self, at: slice) -> Rows: ...
    def __getitem__(self, at: int | slice) -> Record | Rows:
        if isinstance(at, slice):
            return Rows(self._make, self._places[at])
        return self._make(self._places[at])

    def arranged(self, order: Sequence[int]) -> Rows:
        """Those with these numbers among them."""
        return Rows(self._make, array("q", (self._places[i] for i in order)))
