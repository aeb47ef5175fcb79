"""What reading gives: records one by one, as a table, summed up; of files again and again, of an interface once."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Self, TypeVar, cast

from netwatch._fast.out.recordcolumns import parts_of
from netwatch.api.asked import Asked, translated, understood
from netwatch.model.errors import DamagedError, UsageError
from netwatch.model.host import Host
from netwatch.records import arrow
from netwatch.records.classes import Flow, Packet, Stream, Summary, typed
from netwatch.records.items import FlowRun, Item, Packets
from netwatch.records.kinds import SUMMED
from netwatch.records.reading import Reading
from netwatch.records.selection import singular
from netwatch.records.typed import Typed
from netwatch.records.values import keys_of
from netwatch.stats.summed import Summed

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from netwatch._fast.input.source import Source
    from netwatch.model.record import Record

R_co = TypeVar("R_co", bound=Typed, covariant=True)


def _nobody(word: str) -> None:
    """Is told what the command line says on standard error."""


class Records(Generic[R_co]):
    """Records of a source. Close it, or use it as a context manager, where it is not read to its end."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._reading: set[Source] = set()
        self._closed = False
        self._summary: Summary | None = None
        self._tolerant = True

    def __iter__(self) -> Iterator[R_co]:
        for found in self._items():
            for item in found if isinstance(found, Packets | FlowRun) else (found,):
                yield cast("R_co", typed(self._picked(item)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End whatever is being read, within a tenth of a second. May be called from any thread, and again."""
        self._closed = True
        for source in tuple(self._reading):
            source.interrupt()

    def to_arrow(self) -> pyarrow.Table:
        """All of it as one table, of the columns that occur. Raises UnavailableError without pyarrow."""
        with translated():
            table = self._table()
            return table.whole(list(arrow.batches_of(table, self._items())))

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The same by Arrow's PyCapsule interface, so that polars, DuckDB and pandas take it as a table."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def to_pandas(self) -> pandas.DataFrame:
        """The same as a pandas.DataFrame; texts and lists stay in Arrow's memory."""
        with translated():
            try:
                import pandas
            except ImportError:
                raise arrow.Missing("pandas") from None
            kinds = arrow.pyarrow().types
            return self.to_arrow().to_pandas(
                types_mapper=lambda kind: pandas.ArrowDtype(kind) if kinds.is_list(kind) or kinds.is_string(kind)
                else None, split_blocks=True, self_destruct=True)

    def to_polars(self) -> polars.DataFrame:
        """The same as a polars.DataFrame."""
        with translated():
            try:
                import polars
            except ImportError:
                raise arrow.Missing("polars") from None
            return cast("polars.DataFrame", polars.from_arrow(self.to_arrow()))

    def batches(self) -> Iterator[pyarrow.RecordBatch]:
        """Chunks of at most 65,536 records as they come, so that no capture is too large; all have every column that
        was asked for."""
        with translated():
            yield from arrow.batches_of(self._table(), self._items(), whole=True)

    def summary(self) -> Summary:
        """Of all that was read, which is what has not been read yet as well."""
        if self._summary is None:
            for _ in self._items(quietly=True):
                pass
        if self._summary is None:
            raise UsageError("nothing was read to its end")
        return self._summary

    # ------------------------------------------------------------------------------------------------------ inside
    def _open(self) -> Source:
        raise NotImplementedError

    def _over(self) -> bool:
        return self._closed

    def _table(self) -> arrow.Table:
        if len(self._asked.kinds) > 1:
            raise UsageError("a table takes one kind of record; name one with what=")
        names = self._asked.fields
        return arrow.Table(singular(next(iter(self._asked.kinds))), names, self._interfaces())

    def _interfaces(self) -> list[Record]:
        raise NotImplementedError

    def _items(self, quietly: bool = False) -> Iterator[Item | Packets | FlowRun]:
        """What passes. `quietly`: nothing is wanted but the summary."""
        asked = self._asked
        if quietly:
            only = frozenset({"summary"})
            asked = replace(asked, where=None, limit=None, kinds=only, order=asked.order._replace(kinds=only))
        with translated():
            source = self._open()
            self._reading.add(source)
            try:
                yield from self._of(source, asked)
            finally:
                self._reading.discard(source)
                source.close()
        if source.damaged and not self._tolerant:
            raise DamagedError(source.error or "the input is damaged")

    def _of(self, source: Source, asked: Asked) -> Iterator[Item | Packets | FlowRun]:
        selection = asked.selection()
        reading = Reading(asked.order, source, selection)
        try:
            reading.look_ahead(self._over)
            shown = set(map(singular, asked.kinds))
            sums = [Summed(kind, _nobody) for kind in SUMMED if kind in asked.kinds]
            maker = reading.maker(None if asked.fields is None or sums else keys_of(asked.fields))
            for step in reading.steps(self._over):
                for found in maker.runs(step):
                    if isinstance(found, Packets | FlowRun) and selection.takes_all and not sums:
                        yield found
                        continue
                    for item in found if isinstance(found, Packets | FlowRun) else (found,):
                        if not selection.passes(item):
                            continue
                        if item.kind == "flow":
                            for each in sums:
                                each.take(item)
                        if item.kind in shown and selection.take(item.kind):
                            yield item
            for each in sums:
                yield from (item for item in each.records() if selection.take(item.kind))
            if reading.pipeline.done:
                self._summary = Summary(self._summed(reading, source))
        finally:
            reading.close()

    def _summed(self, reading: Reading, source: Source) -> Record:
        return reading.pipeline.summary()

    def _picked(self, item: Item) -> Record:
        """The record, of the fields that were asked for."""
        fields = self._asked.fields
        if fields is None:
            return item.record()
        record = item.record(keys_of(fields))
        return {"schema": record["schema"], **parts_of(record, fields)}


class Capture(Records[R_co]):
    """Capture files. Every iteration, table and summary reads them anew; standard input can be read but once."""

    def __init__(self, files: Sequence[str], asked: Asked, tolerant: bool = False) -> None:
        """`tolerant`: a damaged file ends where it is damaged."""
        again = self._open_files if all(map(os.path.isfile, (*files, *asked.order.keylogs))) else None
        order = asked.order._replace(again=again, copied=again if asked.order.max_frames is None else None)
        super().__init__(replace(asked, order=order))
        self._files = list(files)
        self._tolerant = tolerant
        self._opened: Source | None = self._open_files()  # so that what is wrong with them is said at once

    def packets(self, where: str | None = None, fields: Iterable[str] | None = None) -> Capture[Packet]:
        """The packets of the same files."""
        return cast("Capture[Packet]", self._other("packets", where, fields))

    def stream(self, flow: Flow | int) -> list[Stream]:
        """What a flow said, a record for each direction; decrypted where there are keys."""
        number = flow if isinstance(flow, int) else flow.id
        other = cast("Capture[Stream]", self._other("streams", f"id == {number}", None))
        return list(other)

    def close(self) -> None:
        super().close()
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _other(self, what: str, where: str | None, fields: Iterable[str] | None) -> Capture[Typed]:
        order = self._asked.order._replace(kinds=frozenset({what}))  # as they are named, which understood() takes
        other: Capture[Typed] = Capture(self._files, understood(where, fields, None, order), self._tolerant)
        return other

    def _open_files(self) -> Source:
        from netwatch.capture.file import open_files

        with translated():
            return open_files(self._files)

    def _open(self) -> Source:
        if self._closed:
            raise UsageError("this capture was closed")
        opened, self._opened = self._opened, None
        return opened or self._open_files()

    def _interfaces(self) -> list[Record]:
        """They are known once the file has been opened; a pcapng file tells of more as it is read."""
        if self._opened is None:
            self._opened = self._open_files()
        return self._opened.interfaces

    def _summed(self, reading: Reading, source: Source) -> Record:
        return {**reading.pipeline.summary(), "files": self._files}


class Live(Records[R_co]):
    """An interface. Its records come when they are due: those of flows when a flow is over, the last ones at the end.
    It can be watched once."""

    def __init__(self, source: Source, host: Host, duration: float | None, asked: Asked) -> None:
        super().__init__(asked)
        self._source: Source | None = source
        self._all_interfaces = source.interfaces
        self._host = host
        self._duration = duration
        self._deadline = float("inf")

    def close(self) -> None:
        super().close()
        if self._source is not None:
            self._source.close()
            self._source = None
        if not self._reading:
            self._host.close()

    def _open(self) -> Source:
        if self._source is None:
            raise UsageError("an interface can be watched once; ask for it again with netwatch.watch()")
        source, self._source = self._source, None
        if self._duration is not None:
            self._deadline = time.monotonic() + self._duration
        return source

    def _over(self) -> bool:
        return self._closed or time.monotonic() >= self._deadline

    def _of(self, source: Source, asked: Asked) -> Iterator[Item | Packets | FlowRun]:
        try:
            yield from super()._of(source, asked)
        finally:
            self._host.close()

    def _interfaces(self) -> list[Record]:
        return self._all_interfaces

    def _summed(self, reading: Reading, source: Source) -> Record:
        summary, lost = reading.pipeline.summary(), source.stats()
        summary["drops"].update({key: lost[key] for key in ("kernel_drops", "interface_drops", "ring_drops")})
        return summary
