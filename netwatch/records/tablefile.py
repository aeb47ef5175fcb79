"""Records as an Arrow stream or a Parquet file, written when all are known: the columns are those that occur."""

from __future__ import annotations

import io
import mmap
import tempfile
from typing import IO, TYPE_CHECKING, Protocol

from netwatch.model.record import Record
from netwatch.records import arrow
from netwatch.records.clock import Clock
from netwatch.records.items import FlowRun, Item, Packets, Piece
from netwatch.records.writers import write_all

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = ("arrow", "parquet")


class Writes(Protocol):
    """Of a stream or a file."""

    def write_batch(self, batch: pa.RecordBatch) -> None: ...


class TableWriter:
    """Stands in for records.writers.Writer. Chunks wait in a file of no name, opened before the process shuts itself
    in. Raises arrow.Missing."""

    clock: Clock | None = None
    left_out: tuple[str, ...] = ()

    def __init__(self, style: str, out: IO[bytes], kind: str, names: list[str] | None,
                 interfaces: list[Record]) -> None:
        self.style = style
        self._out = out
        self._table = arrow.Table(kind, names, interfaces)
        self._arrow = arrow.pyarrow()
        if style == "parquet":
            import pyarrow.parquet
            self._parquet = pyarrow.parquet
        self._names = names
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._sizes: list[int] = []
        self._seen: set[str] = set()

    @property
    def unfit(self) -> int:
        """Values that no column could hold."""
        return self._table.unfit

    def described(self) -> frozenset[str] | None:
        return self._table.keys

    def flow_keys(self, kind: str) -> frozenset[str]:
        return frozenset()

    def shows(self, kind: str, name: str) -> bool:
        return self._names is None or name in self._names

    def write(self, item: Item | Packets | FlowRun) -> None:
        for part in arrow.parts_of(item):
            self._table.add(part)
            if self._table.full:
                self._spool()

    def flows(self, run: FlowRun) -> None:
        self.write(run)

    def packets(self, run: Packets) -> None:
        self.write(run)

    def summary(self, record: Record) -> None:
        """There is none: cli/read.py refuses."""

    def piece(self, item: Item) -> Piece:
        raise TypeError("records of a table do not wait")  # cli/read.py refuses --sort

    def put(self, kind: str, piece: Piece) -> None:
        raise TypeError("records of a table do not wait")

    def flush(self) -> None:
        """Nothing is whole before the end."""

    def close(self) -> None:
        """Write it all."""
        if len(self._table):
            self._spool()
        shown = None if self._names is not None else [
            i for i, shape in enumerate(self._table.shapes) if shape.name in self._seen]
        schema = self._table.schema(shown)
        into = _Into(self._out)
        with self._parquet.ParquetWriter(into, schema) if self.style == "parquet" else \
                self._arrow.ipc.new_stream(into, schema) as writer:
            self._read_again(writer, schema)
        self._file.close()

    def _read_again(self, writer: Writes, schema: pa.Schema) -> None:
        """The chunks as they lie in the file, which nobody copies, one at a time."""
        at = 0
        for size in self._sizes:
            lying = mmap.mmap(self._file.fileno(), size, access=mmap.ACCESS_READ, offset=at)
            with self._arrow.ipc.open_stream(self._arrow.py_buffer(lying)) as stream:
                writer.write_batch(self._table.widened(stream.read_next_batch(), schema))
            at += size + _beyond(size)

    def _spool(self) -> None:
        batch = self._table.batch()
        self._seen.update(batch.schema.names)
        sink = self._arrow.BufferOutputStream()
        with self._arrow.ipc.new_stream(sink, batch.schema) as stream:
            stream.write_batch(batch)
        data = sink.getvalue()
        self._sizes.append(len(data))
        write_all(self._file, memoryview(data))
        write_all(self._file, bytes(_beyond(len(data))))
        self._file.flush()


def _beyond(size: int) -> int:
    """Bytes up to where the next chunk may be mapped."""
    return -size % mmap.ALLOCATIONGRANULARITY


class _Into(io.RawIOBase):
    """An output that may be a pipe, as pyarrow wants one: it knows how far it is, and is closed by nobody but us."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._at = 0

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        octets = memoryview(data).cast("B")  # type: ignore[arg-type]
        write_all(self._out, octets)
        self._at += len(octets)
        return len(octets)

    def tell(self) -> int:
        return self._at
