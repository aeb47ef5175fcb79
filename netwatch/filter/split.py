"""A filter on records whose flow is not at hand any more, or not yet over: what the flow says is one bit a condition.

A record answers for itself; a condition on fields that its kind has not got is the flow's to answer (evaluate.py). So a
flow can be judged once, when it has ended, and each of its records by that, wherever in the input it stands.
"""
from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Protocol

from netwatch.filter.evaluate import Asked, Predicate, Record, compile_python, conditions_of
from netwatch.filter.nodes import And, Compare, Exists, Node, Not, Or, Reckon, Relate, Search


class Says(Protocol):
    """What a flow says: the conditions that it answers with yes, and what its records are to be given."""

    @property
    def bits(self) -> int: ...
    @property
    def given(self) -> Record: ...


@dataclass(frozen=True)
class Said:
    """The same, known already."""

    bits: int

    @property
    def given(self) -> Record:
        return {}


class Open(Protocol):
    """What is left of a filter when a record has answered for itself, and its flow has not. Equal ones are alike."""

    def holds(self, flow: Says) -> bool: ...


Leaf = Compare | Exists | Relate | Reckon | Search
Rest = bool | Open
Judge = Callable[[Record], Rest]


@dataclass(frozen=True)
class _Bit:
    bit: int

    def holds(self, flow: Says) -> bool:
        return flow.bits & self.bit != 0


@dataclass(frozen=True)
class _Not:
    item: Open

    def holds(self, flow: Says) -> bool:
        return not self.item.holds(flow)


@dataclass(frozen=True)
class _Every:
    items: tuple[Open, ...]

    def holds(self, flow: Says) -> bool:
        return all(item.holds(flow) for item in self.items)


@dataclass(frozen=True)
class _Some:
    items: tuple[Open, ...]

    def holds(self, flow: Says) -> bool:
        return any(item.holds(flow) for item in self.items)


@dataclass(frozen=True)
class _Later:
    """A condition on fields some of which are given when the flow is over."""

    own: Predicate
    record: tuple[tuple[str, object], ...]

    def holds(self, flow: Says) -> bool:
        return self.own({**dict(self.record), **flow.given}, None)


class Split:
    """A filter in two halves: `bits` of a flow's record, and `rest` of a record of that flow."""

    def __init__(self, node: Node, later: Collection[str] = ()) -> None:
        """`later`: fields of the records that their flow says when it is over."""
        self._later = frozenset(later)
        self.leaves: list[Leaf] = []  # in the order of their bits
        self._leaves: list[Predicate] = []
        self._judge = self._split(node)

    def bits(self, flow: Record) -> int:
        """Which conditions the flow answers with yes."""
        return sum(1 << i for i, leaf in enumerate(self._leaves) if leaf(flow, None))

    def rest(self, record: Record) -> Rest:
        """What its flow has to say yet to whether a record passes."""
        return self._judge(record)

    def passes(self, record: Record, bits: int) -> bool:
        """Does a record of such a flow pass? 0: of none."""
        rest = self._judge(record)
        return rest if isinstance(rest, bool) else rest.holds(Said(bits))

    def _split(self, node: Node) -> Judge:
        if isinstance(node, Not):
            return _opposite(self._split(node.item))
        if isinstance(node, And | Or):
            return _joined([self._split(item) for item in node.items], isinstance(node, And))
        return self._leaf(node)

    def _leaf(self, node: Leaf) -> Judge:
        """One condition, and its bit."""
        bit = _Bit(1 << len(self._leaves))
        self.leaves.append(node)
        own = self._own(node)
        self._leaves.append(compile_python(node))
        if isinstance(node, Search):
            return _joined([own, lambda record: bit], False)
        asked = _asked(node)
        return lambda record: bit if asked.way(record)[0] else own(record)

    def _own(self, node: Leaf) -> Judge:
        """What a record says to it by itself; later, where it is to be given something first."""
        own = compile_python(node)

        def now(record: Record) -> Rest:
            return own(record, None)
        if isinstance(node, Search):  # one value that passes is enough, whichever
            return _joined([now, lambda record: _Later(own, _fixed(record, ()))], False) if self._later else now
        keys = {top for fields in conditions_of(node) for field in fields for kind in field.kinds
                for top in ([part.partition(".")[0] for part in field.parts] or [field.top(kind)])}
        if self._later.isdisjoint(keys):
            return now
        return lambda record: _Later(own, _fixed(record, keys - self._later))


def _asked(node: Leaf) -> Asked:
    """Whom it is asked of: all of one kind of record, see evaluate.mixed()."""
    return Asked(next(iter(conditions_of(node)), ()))


def of_flows(node: Leaf, kind: str) -> bool:
    """Has the flow of such a record something to say to it?"""
    return isinstance(node, Search) or _asked(node).way({"schema": f"netwatch.{kind}/1"})[0]


def _opposite(judge: Judge) -> Judge:
    def judged(record: Record) -> Rest:
        found = judge(record)
        return not found if isinstance(found, bool) else _Not(found)
    return judged


def _joined(judges: list[Judge], every: bool) -> Judge:
    """All of them, or one."""
    kind = _Every if every else _Some

    def judged(record: Record) -> Rest:
        left: list[Open] = []
        for judge in judges:
            found = judge(record)
            if not isinstance(found, bool):
                left.append(found)
            elif found is not every:
                return found
        return (left[0] if len(left) == 1 else kind(tuple(left))) if left else every
    return judged


def _fixed(record: Record, keys: Iterable[str]) -> tuple[tuple[str, object], ...]:
    """What it says under these keys, and what kind it is of, as it can be compared."""
    return tuple((key, tuple(value) if isinstance(value, list) else value) for key in ("schema", *sorted(keys))
                 if (value := record.get(key)) is not None)
