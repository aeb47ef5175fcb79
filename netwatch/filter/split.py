"""A filter on records whose flow is not at hand any more, or not yet over: what the flow says is one bit a condition.

A record answers for itself; a condition on fields that its kind has not got is the flow's to answer (evaluate.py). So a
flow can be judged once, when it has ended, and each of its records by that, wherever in the input it stands.
"""
from __future__ import annotations

from collections.abc import Callable

from netwatch.filter.evaluate import Asked, Predicate, Record, compile_python, conditions_of
from netwatch.filter.nodes import And, Compare, Exists, Node, Not, Or, Reckon, Relate, Search

Judge = Callable[[Record, int], bool]


class Split:
    """A filter in two halves: `bits` of a flow's record, and `passes` of a record of that flow."""

    def __init__(self, node: Node) -> None:
        self._leaves: list[Predicate] = []
        self._judge = self._split(node)

    def bits(self, flow: Record) -> int:
        """Which conditions the flow answers with yes."""
        return sum(1 << i for i, leaf in enumerate(self._leaves) if leaf(flow, None))

    def passes(self, record: Record, bits: int) -> bool:
        """Does a record of such a flow pass? 0: of none."""
        return self._judge(record, bits)

    def _split(self, node: Node) -> Judge:
        if isinstance(node, Not):
            inner = self._split(node.item)
            return lambda record, bits: not inner(record, bits)
        if isinstance(node, And | Or):
            parts = [self._split(item) for item in node.items]
            if isinstance(node, And):
                return lambda record, bits: all(part(record, bits) for part in parts)
            return lambda record, bits: any(part(record, bits) for part in parts)
        return self._leaf(node)

    def _leaf(self, node: Compare | Exists | Relate | Reckon | Search) -> Judge:
        """One condition, and its bit."""
        own = compile_python(node)
        bit = 1 << len(self._leaves)
        self._leaves.append(own)
        if isinstance(node, Search):
            return lambda record, bits: own(record, None) or bits & bit != 0
        asked = Asked(next(iter(conditions_of(node)), ()))  # all of one kind of record: see evaluate.mixed()
        return lambda record, bits: bits & bit != 0 if asked.way(record)[0] else own(record, None)
