"""Records as objects: the names of the schema's fields as attributes, objects in objects as the record has them.

An attribute that the schema knows and the record has not got is None, an empty list, or an object that is False; one
that the schema does not know is an AttributeError that names the nearest. What users' plugins add is had by item:
`flow["myapp.version"]`. The classes are in classes.py, and for type checkers in classes.pyi, which a tool writes.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, ClassVar

from netwatch.model.record import Record
from netwatch.records.columns import FURTHER
from netwatch.records.values import value_at
from netwatch.schema import fields_of

LISTS = ("link_types", "files")  # of the summary


class Place:
    """What may stand at a name: a value, or an object of further names (`below`). `many`: a list of those. `parts`: the
    names whose sum it is."""

    def __init__(self, many: bool = False, parts: tuple[str, ...] = ()) -> None:
        self.many = many
        self.parts = parts
        self.below: dict[str, Place] = {}
        self.keys: dict[str, str] = {}  # of attributes that are called otherwise: `class_`, `ftp_data`

    def settle(self) -> None:
        """An object all of whose values are lists is a list of objects."""
        self.keys = {attribute_of(key): key for key in self.below if attribute_of(key) != key}
        for place in self.below.values():
            place.settle()
        if self.below and all(place.many and not place.below for place in self.below.values()):
            self.many = True
            for place in self.below.values():
                place.many = False


def attribute_of(key: str) -> str:
    """The attribute that a key is had by."""
    name = key.replace("-", "_")
    return f"{name}_" if keyword.iskeyword(name) else name


@cache
def places(kind: str) -> Place:
    """Of the records of a kind."""
    root = Place()
    for field in fields_of(kind):
        if kind in field.asked:
            continue
        place = root
        *path, last = field.key(kind).split(".")
        for part in path:
            place = place.below.setdefault(part, Place())
        place.below[last] = Place(field.many, field.parts)
    root.settle()
    root.many = False
    further = {name: Place(name in LISTS) for name in FURTHER.get(kind, ())}  # objects among them have any names
    root.below |= {"schema": Place(), **{name: place for name, place in further.items() if "." not in name}}
    return root


def _place_of(value: object) -> Place:
    """Of a record that the schema does not know, or a value in it: the names that are there."""
    many = isinstance(value, list)
    first = (value or [None])[0] if isinstance(value, list) else value
    place = Place(many)
    if isinstance(first, dict):
        place.below = {name: _place_of(each) for name, each in first.items()}
        place.keys = {attribute_of(name): name for name in first if attribute_of(name) != name}
    return place


class Group:
    """An object in a record; False where the record has none."""

    __slots__ = ("_place", "_values")

    def __init__(self, values: Record, place: Place) -> None:
        self._values = values
        self._place = place

    def _find(self, name: str) -> object:
        """The value of an attribute. Raises AttributeError."""
        key = self._place.keys.get(name, name)
        place = self._place.below.get(key)
        if place is None:
            raise AttributeError(_unknown(name, self._place))
        value = self._values.get(key)
        if place.below:
            if place.many:
                return [Group(each, place) for each in value or ()]
            return Group(value or {}, place)
        if place.parts:
            there = [self._values[part] for part in place.parts if part in self._values]
            return sum(there) if there else None
        if place.many:
            return value if isinstance(value, list) else [] if value is None else [value]
        return value

    if not TYPE_CHECKING:  # to type checkers an attribute that no class has is a mistake
        __getattr__ = _find

    def __getitem__(self, path: str) -> object:
        """The value at a dotted path, None where there is none; lists on the way are followed into each item."""
        found: object = value_at(self._values, path)
        return found

    __iter__ = None  # it has names, and none of them is a number: as_dict() has them all

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and value_at(self._values, path) is not None

    def __bool__(self) -> bool:
        return bool(self._values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Group) and self._values == other._values

    def __hash__(self) -> int:
        return hash(repr(self._values))

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *map(attribute_of, self._place.below)]

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self._values.items() if name != "schema")
        return f"{type(self).__name__}({shown})"

    def as_dict(self) -> Record:
        """The very object of the NDJSON record. It is the record's own: change a copy."""
        return self._values


class Typed(Group):
    """A record."""

    __slots__ = ()
    record_kind: ClassVar[str] = ""

    def __init__(self, values: Record) -> None:
        kind = self.record_kind or _kind_of(values)
        super().__init__(values, places(kind) if fields_of(kind) else _place_of(values))

    def __reduce__(self) -> tuple[Callable[[Record], Typed], tuple[Record]]:
        return type(self), (self._values,)


def _kind_of(values: Mapping[str, object]) -> str:
    return str(values.get("schema", "")).partition("/")[0].removeprefix("netwatch.")


def _unknown(name: str, place: Place) -> str:
    import difflib

    near = difflib.get_close_matches(name, place.below, 1)
    return f"{name}: no such field" + (f"; did you mean {near[0]}?" if near else "")
