"""Records as text: table, JSON, NDJSON, CSV. Data only; words for people go elsewhere."""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import Any, Protocol, TextIO

from netwatch.records.values import Record, as_json, cell, field_of, kind_of, picked

# what a table shows when no fields are asked for; narrow enough for 120 columns
TABLE_FIELDS = {
    "flow": ("id", "proto", "src", "sport", "dst", "dport", "state", "app", "bytes", "duration", "label"),
    "packet": ("n", "time", "src", "dst", "proto", "len", "info", "notes"),
    "dns": ("time", "client", "server", "qr", "questions.type", "questions.name", "rcode", "answers.data",
            "latency_us"),
    "http": ("time", "method", "host", "path", "status", "response_bytes", "latency_us"),
    "tls": ("src", "dst", "dport", "tls.sni", "tls.version", "tls.cipher", "tls.alpn_chosen", "tls.ja4"),
    "stream": ("flow", "dir", "protocol", "bytes", "text"),
}
MAX_CELL = 48


class Writer(Protocol):
    """Takes records one by one; `close` writes what has to wait for the last."""

    def write(self, record: Record) -> None: ...
    def close(self) -> None: ...


class NdjsonWriter:
    """One JSON object a line."""

    def __init__(self, out: TextIO, fields: list[str] | None) -> None:
        self._write = out.write
        self._fields = fields

    def write(self, record: Record) -> None:
        self._write(as_json(picked(record, self._fields) if self._fields else record) + "\n")

    def close(self) -> None:
        """Nothing waits."""


class JsonWriter:
    """One JSON document: an array of all records."""

    def __init__(self, out: TextIO, fields: list[str] | None) -> None:
        self._out = out
        self._fields = fields
        self._separator = "[\n"

    def write(self, record: Record) -> None:
        self._out.write(self._separator + as_json(picked(record, self._fields) if self._fields else record))
        self._separator = ",\n"

    def close(self) -> None:
        self._out.write("[]\n" if self._separator == "[\n" else "\n]\n")


def csv_fields(kind: str) -> list[str]:
    """What a CSV line has when no fields are asked for: of flows every field there is, else those of the table."""
    if kind != "flow":
        return list(TABLE_FIELDS.get(kind, ()))
    from netwatch.schema import FIELDS

    return [field.name for field in FIELDS if "flow" in field.kinds and not field.parts]


class CsvWriter:
    """One kind of record, a heading line, then a line each (RFC 4180)."""

    def __init__(self, out: TextIO, fields: list[str] | None) -> None:
        self._csv = csv.writer(out)
        self._fields = fields
        self._begun = False

    def write(self, record: Record) -> None:
        kind = kind_of(record)
        fields = self._fields or csv_fields(kind) or list(record)
        if not self._begun:
            self._csv.writerow(fields)
            self._begun = True
        self._csv.writerow([cell(field_of(record, name)) for name in fields])

    def close(self) -> None:
        """Nothing waits."""


class TableWriter:
    """Aligned columns for people. Rows wait until their kind changes or the end, so that columns fit their content."""

    def __init__(self, out: TextIO, fields: list[str] | None) -> None:
        self._out = out
        self._fields = fields
        self._rows: dict[str, list[Record]] = {}

    def write(self, record: Record) -> None:
        self._rows.setdefault(kind_of(record), []).append(record)

    def close(self) -> None:
        blocks = []
        for kind, records in self._rows.items():
            blocks.append(_summary_lines(records) if kind == "summary" else self._lines(kind, records))
        self._out.write("\n".join(blocks))

    def _lines(self, kind: str, records: list[Record]) -> str:
        fields = self._fields or [
            f for f in TABLE_FIELDS.get(kind, tuple(records[0])) if any(field_of(r, f) is not None for r in records)
        ]
        heads = [f.rsplit(".", 1)[-1] for f in fields]
        rows = [[_short(field_of(r, f)) for f in fields] for r in records]
        widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(fields))]
        right = [_is_number(f) for f in fields]
        lines = []
        for row in [heads, *rows]:
            cells = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)]
            lines.append("  ".join(cells).rstrip() + "\n")
        return "".join(lines)


def _short(value: Any) -> str:
    text = cell(value)
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…"


def _is_number(name: str) -> bool:
    from netwatch.schema import BY_NAME, Type

    field = BY_NAME.get(name)
    return field is not None and field.type not in (Type.TEXT, Type.ADDRESS, Type.BOOL, Type.TIME)


def _summary_lines(records: list[Record]) -> str:
    lines = []
    for record in records:
        for key, value in record.items():
            if key == "schema":
                continue
            if isinstance(value, dict):
                lines.append(f"{key}\n")
                lines += [f"  {k:<22} {_counts(v)}\n" for k, v in value.items()]
            else:
                lines.append(f"{key:<24} {cell(value)}\n")
    return "".join(lines)


def _counts(value: Any) -> str:
    if isinstance(value, dict):
        return "  ".join(f"{cell(v)} {k}" for k, v in value.items())
    return cell(value)


WRITERS: dict[str, Callable[[TextIO, list[str] | None], Writer]] = {
    "table": TableWriter, "json": JsonWriter, "ndjson": NdjsonWriter, "csv": CsvWriter}
