"""The kinds of records, as `--what` and the library name them."""

from __future__ import annotations

from collections.abc import Iterable

from netwatch.records.reading import KINDS
from netwatch.run import addons

SUMMED = ("hosts", "processes")  # kinds that flows add up to: netwatch.stats.summed
OF_ADDONS = {"events": "event", "alerts": "alert", "findings": "finding"}  # asked for: as their addons call them


def kinds_named(what: str) -> set[str]:
    """Those of a text with commas. Raises ValueError for one that there is not, and for none."""
    asked = [OF_ADDONS.get(kind, kind) for kind in what.split(",") if kind]
    for kind in asked:
        if kind not in KINDS and kind not in SUMMED and kind not in addons.kinds():
            known = ", ".join((*KINDS, *SUMMED, *map(asked_as, addons.kinds())))
            raise ValueError(f"{kind}: no such kind; there are {known}")
    if not asked:
        raise ValueError("needs a kind of record")
    return set(asked)


def asked_as(kind: str) -> str:
    """What a kind of record that an addon makes is asked for as."""
    return next((name for name, own in OF_ADDONS.items() if own == kind), kind)


def read_kinds(kinds: Iterable[str]) -> set[str]:
    """The kinds that have to be read for these: for those that flows add up to, flows."""
    return {"flows" if kind in SUMMED else kind for kind in kinds}
