"""Facts into the object of a flow record, by a table: what the describing halves of the plain protocols share."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import NamedTuple

from netwatch._fast.base.text import clean
from netwatch._fast.proto.common.describing import MASK, by_key

TEXT, LIST, SECRET, HEX, NUMBER, FLAG = range(6)
_LIMIT = 256

Fields = tuple[tuple[str, int, int], ...]


class Plain(NamedTuple):
    """A field that is the text of a fact, cleaned and cut to so many characters, so that filters read it where it is
    stored. `many`: each value of the fact is one of the field, else the first is. `empty`: an empty one is a value."""

    key: int
    limit: int = _LIMIT
    many: bool = False
    empty: bool = False


def described(facts: Iterable[tuple[int, bytes]], fields: Fields, show_secrets: bool = False) -> dict[str, object]:
    """The object that `fields`, of (name, fact key, kind), makes of the facts; what is not known is left out.

    TEXT and SECRET are the first value, LIST the different ones in order, HEX the first in hexadecimal, NUMBER eight
    bytes in native order, FLAG true when the fact stands.
    """
    known = by_key(facts)
    obj: dict[str, object] = {}
    for name, key, kind in fields:
        values = known.get(key)
        if not values:
            continue
        if kind == LIST:
            obj[name] = list(dict.fromkeys(clean(value, _LIMIT) for value in values))
        elif kind == HEX:
            obj[name] = values[0].hex()
        elif kind == NUMBER:
            if len(values[0]) == 8:
                obj[name] = int.from_bytes(values[0], sys.byteorder)
        elif kind == FLAG:
            obj[name] = True
        elif values[0]:
            obj[name] = clean(values[0], _LIMIT) if kind == TEXT or show_secrets else MASK
    return obj


def fact_fields(app: str, fields: Fields, without: tuple[str, ...] = ()) -> dict[str, Plain]:
    """The plain ones of the fields: texts that describe() shows unchanged."""
    return {f"{app}.{name}": Plain(key, many=kind == LIST, empty=kind == LIST) for name, key, kind in fields
            if kind in (TEXT, LIST) and name not in without}


def words(*parts: object) -> str:
    """A label: what there is of the parts, a blank between them."""
    return " ".join(str(part) for part in parts if part)
