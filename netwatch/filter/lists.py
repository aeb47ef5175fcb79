"""The lists that filters may name, `dst in @office`: those of the configuration (store/lists.py)."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_lists: dict[str, tuple[str, ...]] = {}
_meanwhile: ContextVar[Mapping[str, tuple[str, ...]] | None] = ContextVar("lists", default=None)


def use(lists: Mapping[str, Iterable[str]]) -> None:
    """From now on filters know these lists, and no others."""
    _lists.clear()
    _lists.update(_by_name(lists))


@contextmanager
def used(lists: Mapping[str, Iterable[str]]) -> Iterator[None]:
    """Filters that are made meanwhile, in this thread, know these lists and no others."""
    token = _meanwhile.set(_by_name(lists))
    try:
        yield
    finally:
        _meanwhile.reset(token)


def _by_name(lists: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    return {name.lower(): tuple(items) for name, items in lists.items()}


def named(name: str) -> tuple[str, ...]:
    """The items of a list. Raises KeyError that names the nearest."""
    known = _meanwhile.get()
    lists = _lists if known is None else known
    found = lists.get(name.lower())
    if found is None:
        from difflib import get_close_matches  # every filter would pay for it otherwise

        near = get_close_matches(name.lower(), lists, 1, 0.4)
        hint = f"did you mean @{near[0]}?" if near else f"set it: lists.{name} = [...]"
        raise KeyError(f"no list is called @{name}; {hint}")
    return found
