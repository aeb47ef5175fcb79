"""Records as bytes: JSON, NDJSON and CSV, which are UTF-8 whatever the locale is, and tables, which people read."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from netwatch._fast.out.encoder import STYLES, Encoder
from netwatch.records.ascii_text import PLAIN
from netwatch.records.clock import Clock
from netwatch.records.columns import FURTHER, Column, columns_of
from netwatch.records.csv_sheet import Sheet
from netwatch.records.items import Cells, FlowRun, Item, Packets, Piece
from netwatch.records.tables import PLAIN_LOOK, Look, short, summary_lines, table
from netwatch.records.values import Record, keys_of

if TYPE_CHECKING:
    from netwatch.privacy.redactor import Redactor

# what a table shows when no fields are asked for; narrow enough for 120 columns
TABLE_FIELDS = {
    "flow": ("id", "proto", "src", "sport", "dst", "dport", "state", "app", "bytes", "duration", "label"),
    "packet": ("n", "time", "src", "dst", "proto", "len", "info", "notes"),
    "dns": ("time", "client", "server", "qr", "questions.type", "questions.name", "rcode", "answers.data",
            "latency_us"),
    "http": ("time", "method", "host", "path", "status", "response_bytes", "latency_us"),
    "tls": ("src", "dst", "dport", "tls.sni", "tls.version", "tls.cipher", "tls.alpn_chosen", "tls.ja4"),
    "stream": ("flow", "dir", "protocol", "bytes", "text"),
    "alert": ("first", "severity", "kind", "count", "title", "text"),
    "finding": ("since", "severity", "state", "kind", "subject.host", "title", "cause"),
    "host": ("address", "names", "mac", "vendor", "system", "services", "flows", "bytes_sent", "bytes_received"),
    "process": ("name", "pid", "user", "flows", "packets", "bytes_out", "bytes_in", "bytes", "first"),
}
FORMATS = tuple(STYLES)
FLUSH = 65536  # bytes that wait before they are written


def write_all(out: IO[bytes], data: bytes | memoryview) -> None:
    """All of it: an output without a buffer (python -u) takes only as much as a pipe has room for."""
    left = memoryview(data)
    while left:
        left = left[out.write(left) or 0 :]


class Writer:
    """Writes records of one `style` of FORMATS to `out`; `fields`: only these of each, None: what the style shows."""

    def __init__(self, style: str, out: IO[bytes], fields: list[str] | None, interfaces: list[Record],
                 encoding: str = "utf-8", *, flat: bool = False, more: bool = False, look: Look = PLAIN_LOOK,
                 waits: bool = False, clock: Clock | None = None, redactor: Redactor | None = None) -> None:
        """`interfaces`: the source's list. `encoding`: of a table; what it cannot show is replaced. `flat`: JSON has
        names with dots and no objects. `more`: users' plugins may have added fields (see column_of). `look`: of a
        table. `waits`: nothing need be written before the end, so CSV can have the columns that occur.
        `clock`: how times are shown. `redactor`: what is private is written as it has it."""
        self.style = style
        self._redactor = redactor
        self._out = out
        self._fields = fields
        self._encoding = encoding
        self._columns: dict[str, list[str]] = {}  # of kinds whose records are all alike
        self._rows: dict[str, list[list[str | None]]] = {}
        self._summaries: list[Record] = []
        self._more = more
        self._kind = ""  # of the records of CSV, which are of one
        self._flow_keys: dict[str, frozenset[str]] = {}
        self._asked: dict[str, list[Column]] = {}  # what is shown, by kind
        self._apart: dict[str, list[Column]] = {}  # those of them that are written apart
        self._look = look
        self.left_out: list[str] = []  # columns of tables for which there was no room
        self._sheet = Sheet() if style == "csv" and fields is None and waits else None
        form = style if self._sheet is None else "sparse"
        self._encoder = Encoder(form, self._written, interfaces, flat=flat, clock=clock)
        self._pieces = Encoder(form, self._written, interfaces, bare=True, flat=flat, clock=clock)
        self.clock = clock

    def described(self) -> frozenset[str] | None:
        """The keys of a flow record that are shown; None: all."""
        shown = self._shown("flow")
        return None if shown is None else keys_of(path for column in shown for path in column.own)

    def flow_keys(self, kind: str) -> frozenset[str]:
        """The keys of its flow's record that are shown with a record of another kind."""
        if kind not in self._flow_keys:
            shown = self._shown(kind)
            if shown == []:
                return frozenset()
            self._flow_keys[kind] = keys_of(path for column in shown or () for path in column.flow)
        return self._flow_keys[kind]

    def shows(self, kind: str, name: str) -> bool:
        """Is the field of the records of that kind among what is shown?"""
        shown = self._shown(kind)
        return shown is None or any(name in column.own for column in shown)

    def write(self, item: Item) -> None:
        """One record, now."""
        self._learn(item)
        self._kind = item.kind
        self._take(item.kind, self._write(item, self._encoder))

    def flows(self, run: FlowRun) -> None:
        """All of a run of flows, now."""
        if self._made("flow") or self._redactor is not None:
            for item in run:
                self.write(item)
            return
        self._kind = "flow"
        encoder = self._encoder
        for cells in run.write(encoder):
            if cells is not None:
                self._take("flow", cells)
            elif len(encoder) > FLUSH:
                self._flush()

    def packets(self, run: Packets) -> None:
        """All of a run of packets, now."""
        if self.flow_keys("packet") or self._made("packet") or self._redactor is not None:
            for item in run:
                self.write(item)
            return
        self._kind = "packet"
        rows = self._encoder.packets_of(run.rows, run.first, run.last)
        for cells in rows or ():
            self._take("packet", cells)
        self._flush()

    def summary(self, record: Record) -> None:
        """The summary record, now."""
        if self._redactor is not None:
            record = self._redactor.record(record, "summary")
        if self.style == "table":
            self._summaries.append(record)
            return
        self._columns["summary"] = list(record)
        self._kind = "summary"
        self._take("summary", self._encoder.record("summary", record))

    def piece(self, item: Item) -> Piece:
        """What write() would write, for put() to write later."""
        self._learn(item)
        cells = self._write(item, self._pieces)
        return self._pieces.take() if cells is None else cells

    def put(self, kind: str, piece: Piece) -> None:
        self._kind = kind
        if not isinstance(piece, bytes):
            self._take(kind, piece)
        else:
            self._encoder.put(kind, piece)
            self._flush()

    def flush(self) -> None:
        """Let go of what is written: somebody watches."""
        self._send(self._encoder.take())
        self._out.flush()

    def close(self) -> None:
        """Write what had to wait for the last."""
        if self.style == "table":
            drawn = [table(kind, self._shown(kind) or [], rows, self._fields is not None, self._look)
                     for kind, rows in self._rows.items()]
            self.left_out = [name for each in drawn for name in each.left_out]
            blocks = [each.text for each in drawn]
            blocks += ["".join(map(summary_lines, self._summaries))] if self._summaries else []
            self._send("\n".join(blocks).encode(self._encoding, PLAIN))
        if self._sheet is not None:
            names = [column.name for column in self._shown(self._kind) or []]
            self._sheet.add(self._encoder.take())
            for lines in self._sheet.lines(names, self._encoder.occurred(self._kind)):
                write_all(self._out, lines)
            return
        self._encoder.close()
        self._send(self._encoder.take())

    def _made(self, kind: str) -> list[Column]:
        """What is not written from where it stands: values that are made for names of Wireshark's, and, in records that
        have such, of single headers."""
        if kind not in self._apart:
            shown = self._shown(kind) or []
            asks = self._redactor is not None or any(column.made is not None for column in shown)
            self._apart[kind] = [column for column in shown if column.made is not None or (
                asks and kind == "packet" and any("." in path for path in column.own))]
        return self._apart[kind]

    def _write(self, item: Item, encoder: Encoder) -> Cells | None:
        """One record, there."""
        kind = item.kind
        flow_keys, made = self.flow_keys(kind), self._made(kind)
        if not made and self._redactor is None:
            return item.write(encoder, flow_keys)
        shown = self._shown(kind)
        record = item.record(None if not shown else keys_of(path for column in shown for path in column.own))
        flow = item.flow(flow_keys) if flow_keys else None
        values = {_stands_for(column): value for column in made
                  if (value := column.value(record, flow)) is not None}
        if self._redactor is not None:
            values = {_stands_for(column): self._redactor.value(values[_stands_for(column)], *column.home(kind))
                      for column in made if _stands_for(column) in values}
            record = self._redactor.record(record, kind)
            flow = self._redactor.record(flow, "flow") if flow is not None else None
        cells: Cells | None = encoder.record(kind, record | values, flow)
        return cells

    def _written(self, kind: str) -> list[Column] | None:
        """What is shown, as it stands in what the encoder is given."""
        shown = self._shown(kind)
        made = self._made(kind)
        return shown and [Column(column.name, (_stands_for(column),)) if column in made else column
                          for column in shown]

    def _learn(self, item: Item) -> None:
        """The columns of a kind that an addon makes are those of its first record: its records are all alike."""
        if item.kind != "flow" and item.kind not in TABLE_FIELDS and item.kind not in self._columns:
            record = item.record() if self._redactor is None else self._redactor.record(item.record(), item.kind)
            self._columns[item.kind] = [key for key in record if key != "schema"]

    def _take(self, kind: str, cells: Cells | None) -> None:
        if cells is not None:
            self._rows.setdefault(kind, []).append([
                None if cell is None else short(cell, self._look.longest) for cell in cells])
        self._flush()

    def _flush(self) -> None:
        if len(self._encoder) > FLUSH:
            self._send(self._encoder.take())

    def _send(self, data: bytes) -> None:
        if self._sheet is not None:
            self._sheet.add(data)
        else:
            write_all(self._out, data)

    def _shown(self, kind: str) -> list[Column] | None:
        """The columns of a kind that are shown, None: all there are."""
        if kind in self._asked:
            return self._asked[kind]
        names = self._fields
        if names is None and self.style == "csv":
            names = _csv_fields(kind, self._sheet is not None) or self._columns.get(kind)
        elif names is None and self.style == "table":
            names = list(TABLE_FIELDS.get(kind, ())) or self._columns.get(kind)
        elif names is None:
            return None
        if names is None:
            return []  # those of its first record, which is still to come
        found = columns_of(kind, names, self._more, whole=self.style in ("json", "ndjson"))
        self._asked[kind] = found
        return found


def _stands_for(column: Column) -> str:
    """The key of a value that was made: no record's own, and no path."""
    return "=" + column.name.replace(".", "=")


def _csv_fields(kind: str, all_of_it: bool) -> list[str]:
    """What a CSV line has when no fields are asked for: of flows every field there is, of others, where columns that do
    not occur are left out, too; else those of the table."""
    if kind != "flow" and not all_of_it:
        return list(TABLE_FIELDS.get(kind, ()))
    from netwatch.schema import whole_of

    own = [field.key(kind) for field in whole_of(kind)]
    return own + [key for key in FURTHER.get(kind, ()) if kind != "summary"]
