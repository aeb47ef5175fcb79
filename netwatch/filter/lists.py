"""The lists that filters may name, `dst in @office`: those of the configuration (store/lists.py)."""
from __future__ import annotations

from collections.abc import Iterable, Mapping

_lists: dict[str, tuple[str, ...]] = {}


def use(lists: Mapping[str, Iterable[str]]) -> None:
    """From now on filters know these lists, and no others."""
    _lists.clear()
    _lists.update((name.lower(), tuple(items)) for name, items in lists.items())


def named(name: str) -> tuple[str, ...]:
    """The items of a list. Raises KeyError that names the nearest."""
    found = _lists.get(name.lower())
    if found is None:
        from difflib import get_close_matches  # every filter would pay for it otherwise

        near = get_close_matches(name.lower(), _lists, 1, 0.4)
        hint = f"did you mean @{near[0]}?" if near else f"set it: lists.{name} = [...]"
        raise KeyError(f"no list is called @{name}; {hint}")
    return found
