"""Flows put together: by what, the key of such a group, and the flows that one row of a sum stands for."""

from __future__ import annotations

from typing import NamedTuple

GroupKey = tuple[str, object]  # ("address", text), ("none", None), ("others", None), or (column, what it says)


class By(NamedTuple):
    """What makes a group: the fields that name it, in turn, or (name, fields that name it together); else the address
    at an end of the flow."""

    fields: tuple[str | tuple[str, tuple[str, ...]], ...] = ()
    end: str = ""
    steps: bool = False  # the fields are durations, put together by powers of two of microseconds

    @property
    def looked_at(self) -> set[str]:
        return {name for field in self.fields for name in ((field,) if isinstance(field, str) else field[1])}


class Within(NamedTuple):
    """Exactly the flows that a row counted: those whose key by all of `by` is `key`. `words` say so to a person;
    `ended`: those that are over count too; `begun_here`, `came_here`, `ip`: as the sum was made (see
    Aggregate)."""

    by: tuple[By, ...]
    key: tuple[GroupKey, ...]
    words: str
    ended: bool = True
    begun_here: bool = False
    came_here: bool = False
    ip: bool = False
    since: int = 0  # ns; only flows that began then

    @property
    def looked_at(self) -> set[str]:
        return {name for by in self.by for name in by.looked_at}
