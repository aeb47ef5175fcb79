"""A filter over records as dicts: what the words of the filter language mean, in Python.

The rules that are easy to get wrong, all of them here:
* A record answers for itself; a field that its kind has not got is asked of its flow, when there is one.
* A field that is absent passes no test, and `!=` is a test: there must be a value, and none may equal.
* Of several values (a list; both ports) one that passes is enough.
* Text is compared without regard to case, for the letters A-Z only, in its first 4096 bytes; /regex/ regards it.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from math import isfinite
from operator import eq, ge, gt, le, lt
from typing import Any

from netwatch.filter import values
from netwatch.filter.nodes import (
    MAX_TEXT,
    Addresses,
    And,
    Compare,
    Exists,
    Node,
    Not,
    Numbers,
    Or,
    Part,
    Pattern,
    Relate,
    Search,
    Test,
    Truth,
    Words,
)
from netwatch.schema import BY_NAME, SEARCHED, UNIT_NS, Field, Type, answering

Record = Mapping[str, Any]
Predicate = Callable[[Record, Record | None], bool]
Check = Callable[[Any], bool]
RELATIONS: Mapping[str, Callable[[Any, Any], bool]] = {"==": eq, "<": lt, "<=": le, ">": gt, ">=": ge}
ENDS = (("src", "sport"), ("dst", "dport"))
END_FIELDS = frozenset(name for end in ENDS for name in end)


def compile_python(node: Node) -> Predicate:
    """The filter as a function of a record and, optionally, the record of its flow."""
    if isinstance(node, Compare):
        return _compare(node)
    if isinstance(node, Exists):
        asked = Asked(node.fields)
        return lambda record, flow: bool(asked.values(record, flow))
    if isinstance(node, Relate):
        return _relate(node)
    if isinstance(node, Search):
        return _search(node)
    if isinstance(node, Not):
        inner = compile_python(node.item)
        return lambda record, flow: not inner(record, flow)
    parts = [compile_python(item) for item in node.items]
    if isinstance(node, And):
        return lambda record, flow: all(part(record, flow) for part in parts)
    return lambda record, flow: any(part(record, flow) for part in parts)


def kind_of(record: Record) -> str:
    """The kind of a record by its schema name: netwatch.dns/1 is dns. Without one it is a flow."""
    schema = record.get("schema")
    return schema.removeprefix("netwatch.").partition("/")[0] if isinstance(schema, str) else "flow"


def field_values(field: Field, kind: str, record: Record) -> Iterator[Any]:
    """The values of a field in a record: none, one, or the items of a list."""
    if field.parts:
        parts = [value for part in field.parts for value in _walk(record, part)]
        return iter((sum(parts),) if parts else ())
    return _walk(record, field.key(kind))


def _walk(value: object, path: str) -> Iterator[Any]:
    """The values at a dotted path; a list on the way stands for each of its items."""
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _walk(item, path)
    elif not path:
        if value is not None and not isinstance(value, Mapping):
            yield value
    elif isinstance(value, Mapping):
        head, _, rest = path.partition(".")
        if head in value:
            yield from _walk(value[head], rest)


def _found(fields: tuple[Field, ...], record: Record) -> list[tuple[Field, Any]]:
    kind = kind_of(record)
    return [(field, value) for field in fields if kind in field.kinds for value in field_values(field, kind, record)]


class Asked:
    """Fields of a condition, and whom they are asked of."""

    def __init__(self, fields: tuple[Field, ...]) -> None:
        self.fields = fields
        self._ways: dict[str, tuple[bool, tuple[Field, ...]]] = {}  # by kind of record

    def way(self, record: Record) -> tuple[bool, tuple[Field, ...]]:
        """Is the record's flow asked, and for which of the fields?"""
        kind = kind_of(record)
        found = self._ways.get(kind)
        if found is None:
            asked, answer = answering(self.fields, kind)
            found = self._ways[kind] = asked != kind and bool(answer), answer
        return found

    def values(self, record: Record, flow: Record | None) -> list[tuple[Field, Any]]:
        """The fields that have a value, each with its values."""
        of_flow, fields = self.way(record)
        if of_flow:
            return _found(fields, flow) if flow is not None else []
        return _found(fields, record)


def _compare(node: Compare) -> Predicate:
    asked, wanted = Asked(node.fields), not node.negated
    checks = {field.name: check_of(field, node.test) for field in node.fields}

    def compare(record: Record, flow: Record | None) -> bool:
        found = asked.values(record, flow)
        return bool(found) and any(checks[field.name](value) for field, value in found) is wanted
    return compare


def _relate(node: Relate) -> Predicate:
    left, right, stands = Asked(node.left), Asked(node.right), RELATIONS[node.op]
    forms = {field.name: comparable(field) for field in node.left + node.right}

    def relate(record: Record, flow: Record | None) -> bool:
        sides = [[forms[field.name](value) for field, value in side.values(record, flow)] for side in (left, right)]
        pairs = [(a, b) for a in sides[0] for b in sides[1] if a is not None and b is not None]
        return bool(pairs) and any(stands(a, b) for a, b in pairs) is not node.negated
    return relate


def comparable(field: Field) -> Callable[[Any], Any]:
    """How a value of the field becomes one that can be compared with that of another field of its group."""
    if field.type is Type.ADDRESS:
        return lambda value: packed(str(value))
    if field.type in (Type.TEXT, Type.BOOL):
        return lambda value: values.folded(str(value))[:MAX_TEXT]
    return _number_of(field)


def _search(node: Search) -> Predicate:
    check = _text_check(node.test)

    def search(record: Record, flow: Record | None) -> bool:
        return any(check(text) for text in searched(record)) or (
            flow is not None and any(check(text) for text in searched(flow)))
    return search


def searched(record: Record) -> Iterator[Any]:
    """What a bare word is looked for in: the fields marked so, and both ends as address:port."""
    kind = kind_of(record)
    for address, port in ENDS:
        if address in record and kind in BY_NAME[address].kinds:
            yield end_text(str(record[address]), record.get(port))
    for field in SEARCHED:
        if kind in field.kinds and field.name not in END_FIELDS:
            yield from field_values(field, kind, record)


def end_text(address: str, port: int | None) -> str:
    """192.0.2.1:443, [2001:db8::1]:443, or the address alone."""
    if port is None:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def check_of(field: Field, test: Test) -> Check:
    """The test as a function of one value of the field."""
    if isinstance(test, Numbers):
        number, ranges = _number_of(field), test.ranges

        def in_ranges(value: object) -> bool:
            given = number(value)
            return given is not None and any((low is None or low <= given) and (high is None or given <= high)
                                             for low, high in ranges)
        return in_ranges
    if isinstance(test, Addresses):
        return _address_check(test)
    if isinstance(test, Truth):
        truth = test.value
        return lambda value: bool(value) is truth
    return _text_check(test)


def _address_check(test: Addresses) -> Check:
    def in_ranges(value: object) -> bool:
        address = packed(str(value))
        return address is not None and any(len(low) == len(address) and low <= address <= high
                                           for low, high in test.ranges)
    return in_ranges


packed = lru_cache(4096)(values.packed)


def _text_check(test: Part | Pattern | Words) -> Check:
    if isinstance(test, Pattern):
        found = test.regex.found
        return lambda value: found(str(value).encode("utf-8", "replace")[:MAX_TEXT])
    if isinstance(test, Part):
        part = test.part
        return lambda value: part in values.folded(str(value))[:MAX_TEXT]
    words = test.words
    return lambda value: values.folded(str(value)) in words


def _number_of(field: Field) -> Callable[[Any], int | float | None]:
    """How a value of the field becomes the number that ranges speak of: nanoseconds for durations and times."""
    if field.type is Type.TIME:
        return _nanoseconds
    factor = UNIT_NS[field.unit] if field.type is Type.DURATION else 1

    def number(value: object) -> int | float | None:
        if isinstance(value, float) and factor != 1:
            return round(value * factor) if isfinite(value * factor) else None
        return value * factor if isinstance(value, (int, float)) else None
    return number


def value_of_number(field: Field, number: int) -> int | float | str:
    """What a record shows of a number that rows have: durations and times there are nanoseconds."""
    if field.type is Type.TIME:
        second, rest = divmod(number, 10**9)
        return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
    if field.type is Type.DURATION:
        return number / 1e9 if UNIT_NS[field.unit] == 10**9 else number // UNIT_NS[field.unit]
    return number


@lru_cache(4096)
def _nanoseconds(value: object) -> int | None:
    span = values.time_span(value) if isinstance(value, str) else None
    return span[0] if span is not None else None


def fields_used(node: Node) -> frozenset[str]:
    """Names of the fields that the filter may look at."""
    if isinstance(node, Search):
        return frozenset(field.name for field in SEARCHED)
    if isinstance(node, Not):
        return fields_used(node.item)
    if isinstance(node, And | Or):
        return frozenset().union(*(fields_used(item) for item in node.items))
    used = {field for fields in conditions_of(node) for field in fields}
    return frozenset(name for field in used for name in field.parts or (field.name,))


def conditions_of(node: Node) -> tuple[tuple[Field, ...], ...]:
    """The fields of each condition on fields, in order; of a relation those of each side."""
    if isinstance(node, Compare | Exists):
        return (node.fields,)
    if isinstance(node, Relate):
        return node.left, node.right
    if isinstance(node, Search):
        return ()
    items = (node.item,) if isinstance(node, Not) else node.items
    return tuple(fields for item in items for fields in conditions_of(item))
