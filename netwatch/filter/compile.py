"""From a filter's tree to a native program over flow rows.

Each condition is one step with two exits, so AND, OR and NOT cost nothing: they only decide where the exits lead.
Steps are made from the last to the first, when it is known what follows. Cheap conditions are put before dear ones.
A condition about codes (state, app, proto, vlan ...) is decided here, once per name, and becomes a bitmap; what no
column knows is asked of Python, row by row, when all else left it open.
"""
from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from netwatch._fast.view.program import LIMIT, TARGET_ACCEPT, TARGET_REJECT, Program
from netwatch.filter.evaluate import END_FIELDS, check_of, compile_python
from netwatch.filter.nodes import Addresses, And, Compare, Node, Not, Numbers, Part, Pattern, Search, Test, Words
from netwatch.schema import BY_NAME, SEARCHED, Field, Type

Column = tuple[str, int, Any]                     # as FlowView.columns gives them
Emit = Callable[[int, int], int]                  # (where if true, where if false) -> where it begins
END_CHARACTERS = frozenset(string.digits + "abcdef:.[]")
U64 = (1 << 64) - 1
PORTS = 65536
MANY_RANGES = 4                                   # more ranges of small numbers than this become a bitmap
COST_NUMBER, COST_ADDRESS, COST_TEXT, COST_END, COST_ASK = 1, 2, 8, 20, 10_000


class Piece(NamedTuple):
    """A condition that can be put into a program, and how dear it is."""

    cost: int
    emit: Emit

OF_ANY_PROTOCOL = frozenset({"label", "app_stack"})


def compile_native(node: Node, columns: Mapping[str, Column]) -> Program:
    """The program for a filter; a filter too large for one asks Python about every row."""
    compiler = _Compiler(columns)
    entry = compiler.piece(node).emit(TARGET_ACCEPT, TARGET_REJECT)
    if len(compiler.steps) > LIMIT:
        compiler = _Compiler(columns)
        entry = compiler.ask(node).emit(TARGET_ACCEPT, TARGET_REJECT)
    return compiler.program(entry)


class _Compiler:
    """Collects the steps of one program, last step first."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self.columns = columns
        self.steps: list[tuple[str, int, int, int, Any, Any]] = []
        self.predicates: list[Any] = []

    def program(self, entry: int) -> Program:
        last = len(self.steps) - 1

        def place(target: int) -> int:
            return target if target in (TARGET_ACCEPT, TARGET_REJECT) else last - target
        ops = [(kind, col, place(yes), place(no), a, b) for kind, col, yes, no, a, b in reversed(self.steps)]
        return Program(ops, place(entry), tuple(self.predicates))

    # ------------------------------------------------------------------------------------------------- putting together
    def step(self, cost: int, kind: str, col: int, a: Any = None, b: Any = None) -> Piece:
        def emit(yes: int, no: int) -> int:
            self.steps.append((kind, col, yes, no, a, b))
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

    def ask(self, node: Node) -> Piece:
        """Python decides, over the row's record."""
        def emit(yes: int, no: int) -> int:
            self.predicates.append(compile_python(node))
            return self.step(0, "ask", 0, len(self.predicates) - 1).emit(yes, no)
        return Piece(COST_ASK, emit)

    def ask_rest(self, fields: tuple[Field, ...], test: Test) -> Piece:
        """The condition on fields that are no columns: Python decides, of the rows that can have them."""
        groups: dict[int | str, list[Field]] = {}
        for field in fields:
            groups.setdefault(self.owner(field), []).append(field)
        return self.some([self.every([self.gate(owner), self.ask(Compare(tuple(group), test))])
                          for owner, group in groups.items()])

    def owner(self, field: Field) -> int | str:
        """The protocol whose facts the field is made from, 0 when several may be; of a service's field the object it
        stands in."""
        if field.name in OF_ANY_PROTOCOL:
            return 0
        _, _, names = self.columns.get("app", (None, None, {}))
        prefix = field.name.partition(".")[0]
        return next((code for code, name in names.items() if name == prefix), prefix)

    def gate(self, owner: int | str) -> Piece:
        """Rows that can have fields of that owner: a service marks its own, or has columns for others of the object."""
        if isinstance(owner, int):
            return self.step(COST_TEXT, "told", owner)
        beside = [BY_NAME[name] for name in self.columns if name.startswith(owner + ".") and name in BY_NAME]
        return self.some([self.step(0, "extra", 0), *map(self.present, beside)])

    # ------------------------------------------------------------------------------------------------------- conditions
    def piece(self, node: Node) -> Piece:
        if isinstance(node, Compare):
            return self.compare(node)
        if isinstance(node, Search):
            return self.search(node)
        if isinstance(node, Not):
            return self.opposite(self.piece(node.item))
        pieces = [self.piece(item) for item in node.items]
        return self.every(pieces) if isinstance(node, And) else self.some(pieces)

    def compare(self, node: Compare) -> Piece:
        fields = [field for field in node.fields if "flow" in field.kinds]
        known = [field for field in fields if field.name in self.columns]
        rest = tuple(field for field in fields if field.name not in self.columns)
        if node.negated:
            if rest and known:
                return self.ask(node)
            if rest:
                return self.every([self.some([self.gate(o) for o in {self.owner(f) for f in rest}]), self.ask(node)])
            present = self.some([self.present(field) for field in known])
            return self.every([present, self.opposite(self.some([self.test(field, node.test) for field in known]))])
        pieces = [self.test(field, node.test) for field in known]
        if rest:
            pieces.append(self.ask_rest(rest, node.test))
        return self.some(pieces)

    def search(self, node: Search) -> Piece:
        fields = [field for field in SEARCHED if "flow" in field.kinds and field.name not in END_FIELDS]
        pieces = [self.test(field, node.test) for field in fields if field.name in self.columns]
        rest = tuple(field for field in fields if field.name not in self.columns)
        if rest:
            pieces.append(self.ask_rest(rest, node.test))
        if isinstance(node.test, Pattern):
            return self.some([*pieces, self.ask(node)])
        if END_CHARACTERS.issuperset(node.test.part.decode("utf-8", "replace")):
            pieces += [self.step(COST_END, "end", self.columns[name][1], node.test.part) for name in ("src", "dst")]
        return self.some(pieces)

    def present(self, field: Field) -> Piece:
        kind, col, further = self.columns[field.name]
        if kind == "code":
            return self.bits(col, {code for code, value in further.items() if _listed(value)})
        if kind == "facts":
            return self.some([self.step(COST_TEXT, "has", fact) for fact, _, _ in further])
        return self.step(COST_NUMBER, "has", col)

    def test(self, field: Field, test: Test) -> Piece:
        """The condition on one field that is a column."""
        kind, col, further = self.columns[field.name]
        if kind == "code":
            check = check_of(field, test)
            return self.bits(col, {code for code, value in further.items() if any(map(check, _listed(value)))})
        if kind == "facts":
            return self.some([self.fact(field, test, *mapped) for mapped in further])
        if isinstance(test, Addresses):
            return self.some([self.step(COST_ADDRESS, "address", col, low, high) for low, high in test.ranges])
        if isinstance(test, Numbers):
            return self.numbers(field, col, test)
        if field.type is Type.PORT:
            check = check_of(field, test)
            return self.bits(col, set(filter(check, range(PORTS))))
        return self.every([self.step(COST_NUMBER, "has", col), self.ask(Compare((field,), test))])

    def numbers(self, field: Field, col: int, test: Numbers) -> Piece:
        ranges = [(max(0, low or 0), U64 if high is None else min(high, U64)) for low, high in test.ranges]
        ranges = [(low, high) for low, high in ranges if low <= high]
        if len(ranges) > MANY_RANGES and all(high < PORTS for _, high in ranges):
            return self.bits(col, {number for low, high in ranges for number in range(low, high + 1)})
        return self.some([self.step(COST_NUMBER, "number", col, low, high) for low, high in ranges])

    def bits(self, col: int, codes: set[int]) -> Piece:
        if not codes:
            return self.never()
        bitmap = bytearray(max(codes) // 8 + 1)
        for code in codes:
            bitmap[code >> 3] |= 1 << (code & 7)
        return self.step(COST_NUMBER, "bits", col, bytes(bitmap))

    def fact(self, field: Field, test: Test, col: int, is_number: bool, many: bool) -> Piece:
        """A field as a protocol stored it. Of several values only the first is read here; Python sees the others."""
        ask = self.every([self.step(COST_TEXT, "has", col), self.ask(Compare((field,), test))])
        if is_number:
            return self.numbers(field, col, test) if isinstance(test, Numbers) else ask
        if isinstance(test, Words):
            pieces = [self.step(COST_TEXT, "equal", col, word) for word in sorted(test.words)]
        elif isinstance(test, Part):
            pieces = [self.step(COST_TEXT, "part", col, test.part)]
        else:
            return ask
        return self.some([*pieces, ask] if many else pieces)


def _listed(value: Any) -> list[Any]:
    """The values a code stands for."""
    return [item for item in value if item is not None] if isinstance(value, (list, tuple)) else [value]
