"""Owners as a capture file has them: what was written beside its packets when they were captured (export/evidence.py).

The file is hostile: values are taken by their field's name and type, without control characters, in bounded numbers.
A flow is found by its ends, and among several with the same ends by when its first packet came.
"""

from __future__ import annotations

import bisect
import ipaddress
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netwatch._fast.input.source import Source
    from netwatch._fast.out.rawflow import RawFlow

NUMBERS = frozenset({"pid", "uid", "ppid"})
LONGEST = 4096  # characters of a text
SEVERAL = 64  # processes that share a socket, or parents
LARGEST = (1 << 32) - 1
Values = tuple[object, ...]
Ends = tuple[str, frozenset[tuple[bytes, int | None]]]


class Recorded:
    """`fields` of the object `process`, `parents` of each of its parents: what values are made of, in their order."""

    def __init__(self, source: Source, fields: tuple[str, ...], parents: tuple[str, ...]) -> None:
        self._source, self._fields, self._parents = source, fields, parents
        self._taken = 0
        self._found: dict[Ends, list[tuple[int, Values | None]]] = {}

    def __bool__(self) -> bool:
        """Has the file said anything yet?"""
        return bool(self._source.evidence)

    def of(self, flow: RawFlow) -> Values | None:
        """The values of the flow's owner; None where nothing was written."""
        return self.at(flow.proto, (flow.src, flow.sport), (flow.dst, flow.dport), flow.first)

    def at(self, proto: str, one: tuple[bytes, int | None], other: tuple[bytes, int | None],
           first_ns: int) -> Values | None:
        """The same of the flow between these ends that began then."""
        self._take()
        there = self._found.get(_ends(proto, one, other))
        if not there:
            return None
        place = bisect.bisect_right(there, first_ns, key=lambda each: each[0])
        return there[place - 1][1] if place else None

    def _take(self) -> None:
        """Learn what has been read since."""
        fresh = self._source.evidence[self._taken:]
        self._taken += len(fresh)
        for ns, text in fresh:
            try:
                told = json.loads(text)
                ends = _ends(_text(told["proto"]), _end(told, "src", "sport"), _end(told, "dst", "dport"))
                values = self._values(told.get("process"))
            except (ValueError, KeyError, TypeError, RecursionError):
                continue
            bisect.insort(self._found.setdefault(ends, []), (ns, values), key=lambda each: each[0])

    def _values(self, process: object) -> Values | None:
        if not isinstance(process, dict):
            return None
        parents = process.get("parents")
        lines = [[_value(name, each.get(name)) for name in self._parents]
                 for each in (parents[:SEVERAL] if isinstance(parents, list) else []) if isinstance(each, dict)]
        whole = [line for line in lines if None not in line]
        lists = zip(*whole, strict=True) if whole else [None] * len(self._parents)
        return *(_value(name, process.get(name)) for name in self._fields), *lists


def _value(name: str, value: object) -> object:
    """As that field has it; None where it cannot be."""
    if name == "shared_with":
        found = [each for each in value[:SEVERAL] if _is_number(each)] if isinstance(value, list) else []
        return tuple(found) or None
    if name in NUMBERS:
        return value if _is_number(value) else None
    return _text(value) if isinstance(value, str) and value else None


def _is_number(value: object) -> bool:
    return type(value) is int and 0 <= value <= LARGEST


def _text(value: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in value[:LONGEST])


def _end(told: dict[str, object], address: str, port: str) -> tuple[bytes, int | None]:
    number = told.get(port)
    return ipaddress.ip_address(str(told[address])).packed, number if isinstance(number, int) else None


def _ends(proto: str, one: tuple[bytes, int | None], other: tuple[bytes, int | None]) -> Ends:
    """The same whoever began it: that may have been guessed."""
    return proto, frozenset((one, other))
