"""Records as Arrow tables: columns by the schema's names, of the types that the schema's fields have.

A column that no record has is left out. pyarrow is of the extra `analysis`; it is imported when it is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple, cast

from netwatch._fast.out.arrays import Arrays
from netwatch._fast.out.flowfields import NATIVE
from netwatch.filter.values import time_span
from netwatch.records.clock import KEYS as OF_FRAMES
from netwatch.records.columns import FURTHER, Column
from netwatch.records.items import FlowItem, FlowRun, Item, PacketItem, Packets
from netwatch.records.values import keys_of
from netwatch.schema import Field, Type, fields_of, whole_of

if TYPE_CHECKING:
    import pyarrow as pa

    from netwatch._fast.out.endedrows import EndedRows
    from netwatch.model.record import Record

AT_ONCE = 8192  # flows
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Missing(ImportError):
    """A package that is needed is not installed; one line that says how to."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not installed: pip install 'netwatch[analysis]'", name=name)


class Shape(NamedTuple):
    """A column: its name, and what _fast.out.arrays makes of its values."""

    name: str
    form: str


def shape_of(field: Field, kind: str) -> Shape:
    """Of a field in records of a kind. Times of frames are ns; others may be too far away for that."""
    name = field.key(kind)
    if field.many:
        return Shape(name, "ints" if field.type in (Type.INT, Type.PORT, Type.BYTES) else "texts")
    if field.type is Type.TIME:
        return Shape(name, "time" if name in OF_FRAMES else "far")
    if field.type is Type.DURATION:
        return Shape(name, "float" if field.unit == "s" else "int")
    return Shape(name, {Type.BOOL: "bool", Type.TEXT: "text", Type.ADDRESS: "text"}.get(field.type, "int"))


def shapes_of(kind: str, names: Sequence[str] | None = None) -> list[Shape]:
    """The columns of records of a kind: those of `names`, else all there are, but sums of others."""
    by_name = {field.key(kind): field for field in fields_of(kind)}
    if names is None:
        found = [shape_of(field, kind) for field in whole_of(kind)]
        return [*found, *(Shape(name, "text") for name in FURTHER.get(kind, ()))]
    return [shape_of(by_name[name], kind) if name in by_name else Shape(name, "text") for name in names]


def moment(text: str, us: bool) -> int | None:
    """ns, or us, since 1970 of a time as records have it; None where it is none."""
    if not us:
        span = time_span(text)
        return span[0] if span is not None and abs(span[0]) < 1 << 63 else None
    try:
        return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)
    except (ValueError, TypeError):
        return None


class Table:
    """Gathers the records of one kind, chunk by chunk."""

    def __init__(self, kind: str, names: Sequence[str] | None, interfaces: list[Record]) -> None:
        """`names`: dotted ones of the schema, None all. Raises Missing."""
        self.kind = kind
        self.shapes = shapes_of(kind, names)
        self.keys = None if names is None else keys_of(names)
        self._bare = self.keys is not None and self.keys <= NATIVE
        self._arrow = pyarrow()
        self._types = [_type_of(shape.form, self._arrow) for shape in self.shapes]
        self._arrays = Arrays(kind, [Column(shape.name, (shape.name,)) for shape in self.shapes],
                              [shape.form for shape in self.shapes], interfaces, moment)

    @property
    def unfit(self) -> int:
        """Values that no column could hold, which are left out."""
        return self._arrays.unfit

    @property
    def full(self) -> bool:
        return self._arrays.full

    def __len__(self) -> int:
        return len(self._arrays)

    def add(self, item: Item | Packets | FlowRun) -> None:
        """One record, or a run of packets or flows."""
        if isinstance(item, Packets):
            for place in range(item.first, item.last):
                self._arrays.packet(item.rows, place)
        elif isinstance(item, FlowRun):
            self._add_flows(item)
        elif isinstance(item, PacketItem):
            self._arrays.packet(item.rows, item.place)
        elif isinstance(item, FlowItem):
            flows = item.flows
            rest = {} if self._bare else flows.pipeline.described(item.engine, item.row, flows.show_secrets, self.keys)
            self._arrays.flow(item.engine, item.row, rest)
        else:
            self._arrays.record(item.body)

    def _add_flows(self, run: FlowRun) -> None:
        if self._bare:
            self._arrays.flows_of(cast("EndedRows", run.rows))
            return
        flows = run.flows
        described = flows.pipeline.described_each(run.rows, flows.show_secrets, self.keys)
        for (engine, row), rest in zip(run.rows, described, strict=True):
            self._arrays.flow(engine, row, rest)

    def batch(self, columns: Sequence[int] | None = None) -> pa.RecordBatch:
        """What was gathered, of these columns (None: those that occur); then the next one begins."""
        rows, taken = len(self._arrays), self._arrays.take()
        shown = [i for i, each in enumerate(taken) if each is not None] if columns is None else columns
        made = [self._array(i, taken[i], rows) for i in shown]
        return self._arrow.RecordBatch.from_arrays(made, schema=self.schema(shown))

    def schema(self, columns: Iterable[int] | None = None) -> pa.Schema:
        """Of these columns, None all."""
        every = range(len(self.shapes)) if columns is None else columns
        return self._arrow.schema([(self.shapes[i].name, self._types[i]) for i in every],
                                  {"netwatch.schema": f"netwatch.{self.kind}/1"})

    def whole(self, batches: Sequence[pa.RecordBatch]) -> pa.Table:
        """One table of chunks whose columns may differ: every column that occurs, in the order of the schema."""
        names = {name for batch in batches for name in batch.schema.names}
        schema = self.schema(i for i, shape in enumerate(self.shapes) if shape.name in names)
        return self._arrow.Table.from_batches([self.widened(batch, schema) for batch in batches], schema)

    def widened(self, batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
        """The chunk with all columns of the schema."""
        there = dict(zip(batch.schema.names, batch.columns, strict=True))
        return self._arrow.RecordBatch.from_arrays(
            [there[field.name] if field.name in there else self._arrow.nulls(batch.num_rows, field.type)
             for field in schema], schema=schema)

    def _array(self, i: int, taken: tuple[bytes, bytes, bytes, bytes] | None, rows: int) -> pa.Array:
        arrow, kind = self._arrow, self._types[i]
        if taken is None:
            return arrow.nulls(rows, kind)
        there, data = arrow.py_buffer(taken[0]), arrow.py_buffer(taken[1])
        form = self.shapes[i].form
        if form == "text":
            return arrow.Array.from_buffers(kind, rows, [there, _offsets(taken[2], arrow), data])
        if form not in ("ints", "texts"):
            return arrow.Array.from_buffers(kind, rows, [there, data])
        if form == "ints":
            items = arrow.Array.from_buffers(arrow.int64(), len(taken[1]) // 8, [None, data])
        else:
            items = arrow.Array.from_buffers(arrow.string(), len(taken[3]) // 4,
                                             [None, _offsets(taken[3], arrow), data])
        return arrow.Array.from_buffers(kind, rows, [there, _offsets(taken[2], arrow)], children=[items])


def batches_of(table: Table, items: Iterable[Item | Packets | FlowRun],
               whole: bool = False) -> Iterator[pa.RecordBatch]:
    """The records of its kind as chunks. `whole`: each of all columns."""
    columns = range(len(table.shapes)) if whole else None
    for item in items:
        for part in parts_of(item):
            table.add(part)
            if table.full:
                yield table.batch(columns)
    if len(table):
        yield table.batch(columns)


def parts_of(item: Item | Packets | FlowRun) -> Iterator[Item | Packets | FlowRun]:
    """A run in parts of which none fills more than a chunk: at the end of the input there may be millions of flows."""
    if not isinstance(item, FlowRun):
        yield item
        return
    for at in range(0, len(item.rows), AT_ONCE):
        yield FlowRun(item.flows, item.rows[at:at + AT_ONCE], item.wanted)


def pyarrow() -> ModuleType:
    """The package. Raises Missing."""
    try:
        import pyarrow
    except ImportError:
        raise Missing("pyarrow") from None
    return cast("ModuleType", pyarrow)


def _offsets(ends: bytes, arrow: ModuleType) -> pa.Buffer:
    return arrow.py_buffer(bytes(4) + ends)


def _type_of(form: str, arrow: ModuleType) -> pa.DataType:
    made = {"int": arrow.int64, "float": arrow.float64, "bool": arrow.bool_, "text": arrow.string,
            "time": lambda: arrow.timestamp("ns", "UTC"), "far": lambda: arrow.timestamp("us", "UTC"),
            "ints": lambda: arrow.list_(arrow.int64()), "texts": lambda: arrow.list_(arrow.string())}
    return made[form]()
