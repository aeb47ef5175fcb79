"""A filter over records as dicts: what the words of the filter language mean, in Python.

The rules that are easy to get wrong, all of them here:
* A record answers for itself; a field that its kind has not got is asked of its flow, when there is one.
* A field that is absent passes no test, and `!=` is a test: there must be a value, and none may equal.
* Of several values (a list; both ports) one that passes is enough.
* Text is compared without regard to case, for the letters A-Z only, in its first 4096 bytes; /regex/ regards it.
"""
from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from fractions import Fraction
from functools import lru_cache
from math import inf, isfinite
from operator import add, eq, ge, gt, le, lt, mul, sub, truediv
from typing import Any

from netwatch.filter import values
from netwatch.filter.nodes import (
    MAX_TEXT,
    Addresses,
    Amount,
    And,
    Compare,
    Exists,
    Expression,
    Given,
    Node,
    Not,
    Numbers,
    Or,
    Part,
    Pattern,
    Reckon,
    Relate,
    Search,
    Test,
    Truth,
    Value,
    Words,
)
from netwatch.schema import BY_NAME, SEARCHED, UNIT_NS, Field, Type, answering

Record = Mapping[str, Any]  # Any: as model.record.Record, of which this is any mapping
Predicate = Callable[[Record, Record | None], bool]
Check = Callable[[object], bool]
RELATIONS: Mapping[str, Callable[[Any, Any], bool]] = {  # Any: both of comparable()
    "==": eq, "<": lt, "<=": le, ">": gt, ">=": ge}
SIGNS: Mapping[str, Callable[[Fraction, Fraction], Fraction]] = {"+": add, "-": sub, "*": mul, "/": truediv}
MAX_CHOICES = 256  # of the values of fields that have several, in one sum
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
    if isinstance(node, Reckon):
        return _reckon(node)
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


def field_values(field: Field, kind: str, record: Record) -> Iterator[object]:
    """The values of a field in a record: none, one, or the items of a list."""
    if field.parts:
        parts = [value for part in field.parts for value in _walk(record, part) if isinstance(value, int | float)]
        return iter((sum(parts),) if parts else ())
    if kind in field.asked:
        return _walk(record.get(field.key(kind)), "")
    return _walk(record, field.key(kind))


def _walk(value: object, path: str) -> Iterator[object]:
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


def _found(fields: tuple[Field, ...], record: Record) -> list[tuple[Field, object]]:
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

    def values(self, record: Record, flow: Record | None) -> list[tuple[Field, object]]:
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


def values_in(expression: Expression) -> Iterator[Value]:
    """What an expression takes from records."""
    if isinstance(expression, Value):
        yield expression
    elif isinstance(expression, Amount):
        yield from values_in(expression.left)
        yield from values_in(expression.right)


def _reckon(node: Reckon) -> Predicate:
    left, right, stands = _amounts(node.left), _amounts(node.right), RELATIONS[node.op]

    def reckon(record: Record, flow: Record | None) -> bool:
        sides = left(record, flow), right(record, flow)
        pairs = [(a, b) for a in sides[0] for b in sides[1]]
        return bool(pairs) and any(stands(a, b) for a, b in pairs) is not node.negated
    return reckon


def _amounts(expression: Expression) -> Callable[[Record, Record | None], list[Fraction]]:
    """What it may come to in a record, exactly: one number for each choice of values."""
    if isinstance(expression, Given):
        number = [Fraction(expression.numerator, expression.denominator)]
        return lambda record, flow: number
    if isinstance(expression, Value):
        return _amounts_of(expression)
    left, right, op = _amounts(expression.left), _amounts(expression.right), SIGNS[expression.op]
    divides = expression.op == "/"

    def joined(record: Record, flow: Record | None) -> list[Fraction]:
        sides = left(record, flow), right(record, flow)
        return [op(a, b) for a in sides[0] for b in sides[1] if b or not divides][:MAX_CHOICES]
    return joined


def _amounts_of(value: Value) -> Callable[[Record, Record | None], list[Fraction]]:
    asked, forms = Asked(value.fields), {field.name: _number_of(field) for field in value.fields}
    if value.form == "count":
        return lambda record, flow: [Fraction(len(asked.values(record, flow)))]
    if value.form == "len":
        return lambda record, flow: [Fraction(len(str(each))) for _, each in asked.values(record, flow)[:MAX_CHOICES]]

    def numbers(record: Record, flow: Record | None) -> list[Fraction]:
        found = (forms[field.name](each) for field, each in asked.values(record, flow)[:MAX_CHOICES])
        return [Fraction(number) for number in found if number is not None]
    return numbers


def comparable(field: Field) -> Callable[[object], object]:
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


def searched(record: Record) -> Iterator[object]:
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
        number = _number_of(field)
        ranges = [(-inf if low is None else low, inf if high is None else high) for low, high in test.ranges]

        def in_ranges(value: object) -> bool:
            given = number(value)
            if given is not None:
                for low, high in ranges:
                    if low <= given <= high:
                        return True
            return False
        return in_ranges
    if isinstance(test, Addresses):
        return _address_check(test)
    if isinstance(test, Truth):
        truth = test.value
        return lambda value: bool(value) is truth
    return _text_check(test)


def _address_check(test: Addresses) -> Check:
    by_size: dict[int, tuple[list[bytes], list[bytes]]] = {}  # lows in order; for each the highest end so far
    for low, high in sorted(test.ranges):
        lows, highs = by_size.setdefault(len(low), ([], []))
        lows.append(low)
        highs.append(max(high, highs[-1]) if highs else high)

    def in_ranges(value: object) -> bool:
        address = packed(str(value))
        if address is None or len(address) not in by_size:
            return False
        lows, highs = by_size[len(address)]
        place = bisect_right(lows, address)
        return place > 0 and address <= highs[place - 1]
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


def _number_of(field: Field) -> Callable[[object], int | float | None]:
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


def mixed(node: Node, kind: str) -> bool:
    """Does a relation in it put together what such a record says and what its flow says?"""
    return any(len({answering(fields, kind)[0] for fields in sides}) > 1 for sides in relations_of(node))


def relations_of(node: Node) -> Iterator[tuple[tuple[Field, ...], ...]]:
    """The fields of each comparison of fields, by the place where they stand in it."""
    if isinstance(node, Relate | Reckon):
        yield conditions_of(node)
    elif isinstance(node, Not):
        yield from relations_of(node.item)
    elif isinstance(node, And | Or):
        for item in node.items:
            yield from relations_of(item)


def conditions_of(node: Node) -> tuple[tuple[Field, ...], ...]:
    """The fields of each condition on fields, in order; of a relation those of each side."""
    if isinstance(node, Compare | Exists):
        return (node.fields,)
    if isinstance(node, Relate):
        return node.left, node.right
    if isinstance(node, Reckon):
        return tuple(value.fields for side in (node.left, node.right) for value in values_in(side))
    if isinstance(node, Search):
        return ()
    items = (node.item,) if isinstance(node, Not) else node.items
    return tuple(fields for item in items for fields in conditions_of(item))
