"""The filter language of CONTRACT section 4: one text for the terminal, `read`, triggers, the agent and history.

`parse` gives the tree, `Filter` what the rest of netwatch uses. Nothing compiled is imported before a native program
is asked for, so that `netwatch --help` and a typing error stay cheap.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from netwatch.filter.evaluate import Predicate, Record, compile_python, conditions_of, fields_used, relations_of
from netwatch.filter.nodes import FilterError, Node
from netwatch.filter.parser import parse

if TYPE_CHECKING:
    from netwatch._fast.view.program import Program
    from netwatch._fast.view.query import FlowView
    from netwatch.schema import Field

__all__ = ["Filter", "FilterError", "parse"]


BESIDE = ("name.", "geo.", "lan.", "scope.", "process.")  # what others add to flows


class Filter:
    """A filter text, understood. Raises FilterError when it cannot be. `kinds`: the records it is for, where the names
    of their own keys are meant; else flows."""

    def __init__(self, text: str, kinds: Iterable[str] = (), node: Node | None = None) -> None:
        """`node`: a part of one that was understood already."""
        self.text = text
        self.node: Node = parse(text, tuple(kinds)) if node is None else node
        self._native: tuple[object, Program] | None = None

    def __repr__(self) -> str:
        return f"Filter({self.text!r})"

    @cached_property
    def predicate(self) -> Predicate:
        return compile_python(self.node)

    @cached_property
    def fields(self) -> frozenset[str]:
        """Names of the flow, packet ... fields the filter may look at."""
        return fields_used(self.node)

    @cached_property
    def conditions(self) -> tuple[tuple[Field, ...], ...]:
        """The fields of each condition on fields."""
        return conditions_of(self.node)

    def of_rows(self) -> Filter:
        """The same. Raises FilterError where it compares fields that the flows of a terminal do not say themselves."""
        for sides in relations_of(self.node):
            beside = next((field.name for fields in sides for field in fields if field.name.startswith(BESIDE)), None)
            if beside is not None:
                raise FilterError(f"{beside} is not compared with another field in the terminal; `netwatch read` does",
                                  1, self.text)
        return self

    def matches(self, record: Record, flow: Record | None = None) -> bool:
        """True when the record passes; `flow` is its flow's record, asked for what the record lacks."""
        return self.predicate(record, flow)

    def program(self, view: FlowView, record: Callable[[int], Record] | None = None) -> Program:
        """The native form for the flows of a view; made again only when the view has learnt new names. `record`: of a
        row, asked where rows do not say enough."""
        from netwatch.filter.compile import compile_native
        generation = view.generation(), record
        if self._native is None or self._native[0] != generation:
            self._native = (generation, compile_native(self.node, view, record))
        return self._native[1]
