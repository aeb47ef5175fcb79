"""From a filter's tree to a native program over flow rows.

Each condition is one step with two exits, so AND, OR and NOT cost nothing: they only decide where the exits lead.
Steps are made from the last to the first, when it is known what follows. Cheap conditions are put before dear ones.
A condition about codes (state, app, proto, vlan ...) is decided here, once per name, and becomes a bitmap; one about
texts and what protocols say is answered once for each different text or value (_fast/view/conditions.pyx).
"""
from __future__ import annotations

import string
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from netwatch._fast.view.columns import ROW_COLUMN
from netwatch._fast.view.program import LIMIT, RELATIONS, TARGET_ACCEPT, TARGET_REJECT, Program
from netwatch._fast.view.query import PROFILE_COLUMN
from netwatch.filter.evaluate import END_FIELDS, Record, check_of, compile_python, value_of_number
from netwatch.filter.nodes import (
    Addresses,
    And,
    Compare,
    Exists,
    Node,
    Not,
    Numbers,
    Part,
    Pattern,
    Reckon,
    Relate,
    Search,
    Test,
    Words,
)
from netwatch.schema import SEARCHED, Field, Type

if TYPE_CHECKING:
    from netwatch._fast.view.query import FlowView

RecordOf = Callable[[int], Record]                # by number of the row
Emit = Callable[[int, int], int]                  # (where if true, where if false) -> where it begins
END_CHARACTERS = string.digits + "abcdef:.[]"     # of an address and a port
U64 = (1 << 64) - 1
PORTS = 65536
OF_RECORDS = frozenset({"community_id"})            # worked out when a record is made: no column has them
MANY_RANGES = 4                                   # more ranges of small numbers than this become a bitmap
COST_BITS, COST_NUMBER, COST_ADDRESS, COST_WRITTEN, COST_ASK = 1, 2, 3, 20, 10_000


class Piece(NamedTuple):
    """A condition that can be put into a program, and how dear it is."""

    cost: int
    emit: Emit


class TooLarge(ValueError):
    """A filter of more conditions than a program can have."""


class Unanswerable(ValueError):
    """A filter that can be answered of records only."""


def compile_native(node: Node, view: FlowView, record: RecordOf | None = None) -> Program:
    """The program for a filter over the flows of a view. TooLarge when it cannot be one. `record`: of a row, for what
    is asked of records only; without, Unanswerable when there is such."""
    compiler = _Compiler(view, record)
    entry = compiler.piece(node).emit(TARGET_ACCEPT, TARGET_REJECT)
    if len(compiler.steps) > LIMIT:
        raise TooLarge(f"a filter of more than {LIMIT} conditions")
    return compiler.program(entry)


class _Compiler:
    """Collects the steps of one program, last step first."""

    def __init__(self, view: FlowView, record: RecordOf | None) -> None:
        self.view = view
        self.record = record
        self.columns = view.columns()
        self.steps: list[tuple[str, int, int, int, object]] = []
        self.predicates: list[Callable[[int], bool]] = []

    def program(self, entry: int) -> Program:
        last = len(self.steps) - 1

        def place(target: int) -> int:
            return target if target in (TARGET_ACCEPT, TARGET_REJECT) else last - target
        ops = [(kind, col, place(yes), place(no), value) for kind, col, yes, no, value in reversed(self.steps)]
        return Program(ops, place(entry), tuple(self.predicates))

    # ------------------------------------------------------------------------------------------------- putting together
    def step(self, cost: int, kind: str, col: int, value: object = None) -> Piece:
        def emit(yes: int, no: int) -> int:
            self.steps.append((kind, col, yes, no, value))
            return len(self.steps) - 1
        return Piece(cost, emit)

    def every(self, pieces: list[Piece]) -> Piece:
        pieces = sorted(pieces, key=lambda piece: piece.cost)

        def emit(yes: int, no: int) -> int:
            for piece in reversed(pieces):
                yes = piece.emit(yes, no)
            return yes
        return Piece(sum(piece.cost for piece in pieces), emit)

    def some(self, pieces: list[Piece]) -> Piece:
        pieces = sorted(pieces, key=lambda piece: piece.cost)

        def emit(yes: int, no: int) -> int:
            for piece in reversed(pieces):
                no = piece.emit(yes, no)
            return no
        return Piece(sum(piece.cost for piece in pieces), emit)

    def never(self) -> Piece:
        return self.some([])

    def opposite(self, piece: Piece) -> Piece:
        return Piece(piece.cost, lambda yes, no: piece.emit(no, yes))

    # ------------------------------------------------------------------------------------------------------- conditions
    def piece(self, node: Node) -> Piece:
        if isinstance(node, Compare):
            return self.compare(node)
        if isinstance(node, Exists):
            return self.of_record(node) if OF_RECORDS & {field.name for field in node.fields} else self.some(
                self.tests(self.of_flows(node.fields), None))
        if isinstance(node, Relate):
            return self.relate(node)
        if isinstance(node, Reckon):
            return self.of_record(node)
        if isinstance(node, Search):
            return self.search(node)
        if isinstance(node, Not):
            return self.opposite(self.piece(node.item))
        pieces = [self.piece(item) for item in node.items]
        return self.every(pieces) if isinstance(node, And) else self.some(pieces)

    def compare(self, node: Compare) -> Piece:
        if OF_RECORDS & {field.name for field in node.fields}:
            return self.of_record(node)
        fields = self.of_flows(node.fields)
        passes = self.some(self.tests(fields, node.test))
        return self.every([self.some(self.tests(fields, None)), self.opposite(passes)]) if node.negated else passes

    def of_flows(self, fields: Iterable[Field]) -> list[Field]:
        return [field for field in fields if "flow" in field.kinds and field.name in self.columns]

    def relate(self, node: Relate) -> Piece:
        """Two numbers that rows have; others are asked of the record."""
        columns = [[self.columns[field.name] for field in self.of_flows(side)] for side in (node.left, node.right)]
        if any(kind != "number" for side in columns for kind, _, _ in side):
            return self.of_record(node)
        pairs = [(a, b) for _, a, _ in columns[0] for _, b, _ in columns[1]]
        stands = self.some([self.step(COST_NUMBER, "relate", a, (b, RELATIONS.index(node.op))) for a, b in pairs])
        if not node.negated:
            return stands
        there = [self.some([self.step(COST_NUMBER, "has", col) for _, col, _ in side]) for side in columns]
        return self.every([*there, self.opposite(stands)])

    def of_record(self, node: Compare | Exists | Relate | Reckon) -> Piece:
        """Python decides about the record of each row that comes so far."""
        record, passes = self.record, compile_python(node)
        if record is None:
            raise Unanswerable("this is asked of records, which are not to be had here")
        return self.asked(ROW_COLUMN, lambda row: passes(record(row), None))

    def search(self, node: Search) -> Piece:
        fields = [field for field in SEARCHED if "flow" in field.kinds and field.name not in END_FIELDS
                  and field.name in self.columns]
        pieces = self.tests(fields, node.test)
        if isinstance(node.test, Pattern):
            if not node.test.regex.needs_other_than(END_CHARACTERS):
                pieces.append(self.written(("src", "dst"), node.test, ports=True))
        elif set(END_CHARACTERS).issuperset(node.test.part.decode("utf-8", "replace")):
            pieces += [self.step(COST_WRITTEN, "end", self.columns[name][1], node.test.part) for name in ("src", "dst")]
        return self.some(pieces)

    def tests(self, fields: Iterable[Field], test: Test | None) -> list[Piece]:
        """The condition on each of the fields, on those of one kind together; without a test: that there is a value."""
        plain: list[str] = []
        described: dict[str, Callable[[object], bool] | None] = {}
        codes: dict[int, set[int]] = {}
        pieces = []
        for field in fields:
            kind, col, table = self.columns[field.name]
            if kind == "plain" and (test is None or _of_text(test)):
                plain.append(field.name)
            elif kind == "described":
                described[field.name] = check_of(field, test) if test is not None else None
            elif kind == "text" and test is None:
                pieces.append(self.step(COST_BITS, "has", col))
            elif kind == "text" and (of_text := _of_text(test)):
                pieces.append(self.step(COST_BITS, "bits", col, self.view.on_texts(of_text)))
            elif kind == "code" and table is not None:
                check = check_of(field, test) if test is not None else None
                codes.setdefault(col, set()).update(code for code, value in table.items()
                                                    if check is None or any(map(check, _listed(value))))
            elif kind in ("number", "address"):
                pieces.append(self.step(COST_NUMBER, "has", col) if test is None else self.value(field, col, test))
        pieces += [self.bits(col, passing) for col, passing in codes.items()]
        if plain or described:
            answers = self.view.on_profiles(frozenset(plain), described, test, _of_text(test))
            pieces.append(self.step(COST_BITS, "bits", PROFILE_COLUMN, answers))
        return pieces

    def value(self, field: Field, col: int, test: Test) -> Piece:
        """The condition on a number or an address."""
        if isinstance(test, Addresses):
            by_size: dict[int, list[tuple[bytes, bytes]]] = {}
            for low, high in test.ranges:
                by_size.setdefault(len(low), []).append((low, high))
            return self.some([self.step(COST_ADDRESS, "address", col, ranges) for ranges in by_size.values()])
        if field.type is Type.ADDRESS:
            if isinstance(test, Pattern):
                return self.written((field.name,), test, ports=False)
            return self.step(COST_WRITTEN, "written", col, test.part) if isinstance(test, Part) else self.never()
        if field.type is Type.PORT and not isinstance(test, Numbers):
            return self.bits(col, set(filter(check_of(field, test), range(PORTS))))
        return self.numbers(col, test) if isinstance(test, Numbers) else self.ask(field, col, test)

    def numbers(self, col: int, test: Numbers) -> Piece:
        ranges = [(max(0, low or 0), U64 if high is None else min(high, U64)) for low, high in test.ranges]
        ranges = _united([(low, high) for low, high in ranges if low <= high])
        if not ranges:
            return self.never()
        if len(ranges) > MANY_RANGES and all(high < PORTS for _, high in ranges):
            return self.bits(col, {number for low, high in ranges for number in range(low, high + 1)})
        if len(ranges) > 1:
            return self.step(COST_NUMBER, "ranges", col, ranges)
        return self.step(COST_NUMBER, "number", col, ranges[0])

    def bits(self, col: int, codes: set[int]) -> Piece:
        if not codes:
            return self.never()
        bitmap = bytearray(max(codes) // 8 + 1)
        for code in codes:
            bitmap[code >> 3] |= 1 << (code & 7)
        return self.step(COST_BITS, "bits", col, bytes(bitmap))

    def written(self, ends: tuple[str, ...], test: Pattern, ports: bool) -> Piece:
        """A condition on how ends are written, address:port or the address alone: answered for all rows beforehand."""
        answers = self.view.on_endpoints(tuple(self.columns[name][1] for name in ends), ports, test.regex)
        return self.step(COST_BITS, "bits", ROW_COLUMN, answers)

    def ask(self, field: Field, col: int, test: Test) -> Piece:
        """Python decides about each different number as records show it."""
        check = check_of(field, test)

        def predicate(number: int) -> bool:
            return check(value_of_number(field, number))

        return self.asked(col, predicate)

    def asked(self, col: int, predicate: Callable[[int], bool]) -> Piece:
        def emit(yes: int, no: int) -> int:
            self.predicates.append(predicate)
            return self.step(0, "ask", col, len(self.predicates) - 1).emit(yes, no)
        return Piece(COST_ASK, emit)


def _of_text(test: Test | None) -> tuple[str, object] | None:
    """The test as FlowView.on_texts() knows it; None when it is no test of texts."""
    if isinstance(test, Part):
        return "part", test.part
    if isinstance(test, Words):
        return "words", test.words
    return ("regex", test.regex) if isinstance(test, Pattern) else None


def _united(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """In order, those that touch as one."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(found[-1][1], high)
        else:
            found.append((low, high))
    return found


def _listed(value: object) -> list[object]:
    """The values a code stands for."""
    return [item for item in value if item is not None] if isinstance(value, (list, tuple)) else [value]
