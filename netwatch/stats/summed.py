"""Statistics as records of `read`: what all flows that pass add up to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from netwatch.records.items import Item, KeptItem
from netwatch.stats.hosts import Hosts, Processes
from netwatch.stats.table import Statistic

SUMMED: Mapping[str, Callable[[], Statistic]] = {"hosts": Hosts, "processes": Processes}  # as --what names them


class Summed:
    """One of SUMMED, as records.output wants it. `say` is given what has to be said with it."""

    def __init__(self, kind: str, say: Callable[[str], None], file: str | None = None) -> None:
        """`file`: named in each record."""
        self._statistic = SUMMED[kind]()
        self._say = say
        self._more = {"file": file} if file is not None else {}

    def take(self, item: Item) -> None:
        self._statistic.take(item)

    def records(self) -> Iterator[KeptItem]:
        """The most bytes first."""
        for table in self._statistic.tables():
            for word in table.words:
                self._say(word)
            for row in table.rows:
                yield KeptItem(table.schema, table.record(row) | self._more)
