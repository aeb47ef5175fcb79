"""What is kept in memory, store by store, and how near each is to its limit."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from netwatch._fast.view.memory import stores
from netwatch.names.neighbours import MAX_STATIONS


class Store(NamedTuple):
    """`used` of at most `limit` (None: bounded elsewhere) entries; `size` in bytes, None where it is not measured;
    `lost`: how many had to make room, or found none, since the start."""

    name: str
    used: int
    limit: int | None
    size: int | None
    lost: int


@dataclass(frozen=True)
class Memory:
    """The stores of the engine, of the names and of the keepers, which tell theirs by stores()."""

    def answer(self, session: Any) -> list[Store]:
        names = session.names
        with session.lock:
            found = [Store(*each) for each in stores(session.engine)]
            found += [
                Store("names of addresses", names.table.held, names.table.bound, None, names.table.forgotten),
                Store("stations of the LAN", len(names.neighbours.stations), MAX_STATIONS, None,
                      names.neighbours.forgotten),
            ]
            for keeper in session.keepers.values():
                found += [Store(*each) for each in getattr(keeper, "stores", list)()]
        return found
