"""What the compiled encoder writes is what Python's json and csv make of the same records as dicts."""

from __future__ import annotations

import csv
import functools
import io
import json
import math
import socket
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from netwatch_command import ROOT

from netwatch._fast.out.addresses import packed_of, text_of
from netwatch._fast.out.csvlines import Sheet
from netwatch._fast.out.encoder import Encoder, cell_of
from netwatch.capture.file import open_files
from netwatch.decrypt.messages import Messages
from netwatch.names.addon import Names
from netwatch.records.columns import Column, columns_of
from netwatch.records.items import Packets
from netwatch.records.maker import RecordMaker
from netwatch.records.output import Output
from netwatch.records.selection import Selection, singular
from netwatch.records.values import Record, kind_of
from netwatch.records.writers import Writer
from netwatch.run import addons  # noqa: F401 - their options join the others
from netwatch.run.pipeline import Pipeline
from netwatch.schema import FIELDS

CAPTURES = [path for folder in ("golden", "captures") for path in sorted((ROOT / "tests" / folder).glob("*.pcap"))]
KINDS = {"flows", "packets", "dns", "http", "tls", "streams"}
SOME = ["id", "src", "dst", "sport", "bytes", "packets", "first", "duration", "app_stack", "tls.sni", "http.host",
        "icmp", "icmp.type", "vlan", "tunnel", "state", "tcp_flags_out", "name.host", "scope.dst", "dns", "n", "layers",
        "notes", "info", "flow", "questions.name", "answers.data", "request_headers", "latency_us", "schema",
        "sack", "rtt_us"]


def steps(path: Path, kinds: set[str]) -> Any:
    """(maker, step) of a capture, whose flows are named."""
    source = open_files([str(path)])
    pipeline = Pipeline(source, want=kinds - {"flows", "tls"}, hold=True,
                        addons=[Messages(follow="streams" in kinds), Names()])
    maker = RecordMaker(pipeline, kinds)
    while (step := pipeline.step()) is not None:
        yield maker, step
    yield maker, pipeline.finish()
    pipeline.close()
    source.close()


def dicts(path: Path, kinds: set[str]) -> list[Record]:
    return [record for maker, step in steps(path, kinds) for record in maker.records(step)]


def picked(path: Path, kinds: set[str]) -> list[tuple[Record, list[Column], list[Any]]]:
    """Each record, its columns of SOME, and their values."""
    found = []
    asked = functools.cache(lambda kind: columns_of(kind, SOME))
    for maker, step in steps(path, kinds):
        for item in (each for one in maker.items(step) for each in (one if isinstance(one, Packets) else [one])):
            columns = asked(item.kind)
            record = {**item.record(frozenset(path for column in columns for path in column.own)), **item.record()}
            flow = item.flow() if any(column.flow for column in columns) else None
            found.append((record, columns, [column.value(record, flow) for column in columns]))
    return found


def nested(record: Record, columns: list[Column], values: list[Any]) -> Record:
    """The object of some columns."""
    found: Record = {"schema": record["schema"]}
    for column, value in zip(columns, values, strict=True):
        top, dot, last = column.name.partition(".")
        if (value in (None, []) and dot) or value is None:
            continue
        if not dot or column.name not in column.own + column.flow or column.name in record:
            found[column.name] = value
        elif isinstance(record.get(top), list):
            found[top] = [{last: each} for each in value]
        elif top not in SOME:
            found.setdefault(top, {})[last] = value
    return found


def written(path: Path, kinds: set[str], style: str, fields: list[str] | None) -> bytes:
    out, made = io.BytesIO(), None
    for maker, step in steps(path, kinds):
        if made is None:
            writer = Writer(style, out, fields, maker.pipeline.source.interfaces)
            made = Output(writer, Selection(None, None, None), kinds)
        made.take(maker.items(step))
    assert made is not None
    made.writer.close()
    return out.getvalue()


def as_json(record: Record) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def csv_cell(value: Any) -> str:
    """The text in CSV: a list is JSON, of nothing it is nothing, and no text begins a formula."""
    if isinstance(value, list):
        return as_json(value) if value else ""  # type: ignore[arg-type]
    text = cell(value)
    return f"'{text}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else text


def cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6f}"
    if isinstance(value, list):
        return " ".join(map(cell, value))
    return as_json(value) if isinstance(value, dict) else str(value).replace("\n", " ").replace("\r", " ")


@pytest.mark.usefixtures("nothing_of_this_machine")
@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_json_is_that_of_the_dicts(path: Path) -> None:
    records = dicts(path, KINDS)
    assert written(path, KINDS, "ndjson", None).decode().splitlines() == [as_json(record) for record in records]
    assert json.loads(written(path, KINDS, "json", None)) == records
    assert [json.loads(line) for line in written(path, KINDS, "ndjson", SOME).decode().splitlines()] == [
        nested(*each) for each in picked(path, KINDS)]


@pytest.mark.usefixtures("nothing_of_this_machine")
@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_csv_is_that_of_the_dicts(path: Path) -> None:
    every = [field.name for field in FIELDS if "flow" in field.kinds and not field.parts]
    for kind, fields in (("flows", None), ("flows", SOME), ("packets", SOME), ("dns", SOME), ("http", SOME),
                         ("tls", None)):
        records = dicts(path, {kind})
        out = io.StringIO(newline="")
        lines = csv.writer(out, lineterminator="\n")
        found = written(path, {kind}, "csv", fields).decode()
        names = every if kind == "flows" else found.splitlines()[0].split(",") if found else []
        columns = columns_of(kind_of(records[0]), names) if records else []
        cells = [[column.value(record, None) for column in columns] for record in records]
        if fields:
            names = [column.name for column in columns_of(singular(kind), SOME)]
            cells = [values for _, _, values in picked(path, {kind})]
        lines.writerows([names, *(map(csv_cell, each) for each in cells)] if records else [])
        assert found == out.getvalue(), kind


TEXTS = st.text(st.characters(blacklist_categories=()), max_size=40)
VALUES = st.recursive(st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
                      lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
                      max_leaves=12)


def whole(value: Any) -> Any:
    """The value with U+FFFD for lone surrogates; keys that then are the same are one."""
    if isinstance(value, str):
        return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in value)
    if isinstance(value, list):
        return [whole(each) for each in value]
    return {whole(key): whole(each) for key, each in value.items()} if isinstance(value, dict) else value


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(TEXTS, VALUES, max_size=5))
def test_any_object_is_json(record: dict[str, Any]) -> None:
    encoder = Encoder("ndjson", lambda kind: None, [])
    encoder.record("some", record)
    text = encoder.take().decode("utf-8")
    assert text.endswith("\n")
    assert json.loads(text, object_pairs_hook=lambda pairs: dict(pairs)) == whole(record)
    if whole(record) == record:
        assert text == as_json(record) + "\n"


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_any_value_is_a_cell(value: Any) -> None:
    text = cell_of(value)
    assert "\n" not in text or isinstance(value, dict | list)
    assert text == cell(whole(value))


def test_what_json_cannot_say_is_left_out() -> None:
    encoder = Encoder("ndjson", lambda kind: None, [])
    encoder.record("some", {"a": math.nan, "b": None, "c": [1, math.inf, None], "d": {"e": -math.inf}})
    assert encoder.take() == b'{"c":[1],"d":{}}\n'


def test_what_a_record_cannot_hold_is_refused() -> None:
    encoder = Encoder("ndjson", lambda kind: None, [])
    deep: list[Any] = []
    for _ in range(100):
        deep = [deep]
    for wrong, error in ((object(), TypeError), (b"bytes", TypeError), (deep, ValueError)):
        with pytest.raises(error):
            encoder.record("some", {"a": wrong})


@settings(max_examples=300, deadline=None)
@given(st.binary(min_size=16, max_size=16))
def test_addresses_are_written_canonically(packed: bytes) -> None:
    for sparse in (packed, bytes(6) + packed[6:], packed[:4] + bytes(8) + packed[12:], packed[:2] + bytes(14),
                   bytes(12) + packed[12:], bytes(10) + b"\xff\xff" + packed[12:], packed[:2] + bytes(2) + packed[4:]):
        text = text_of(sparse)
        assert packed_of(text) == sparse
        assert text == socket.inet_ntop(socket.AF_INET6, sparse)
    assert text_of(packed[:4]) == socket.inet_ntop(socket.AF_INET, packed[:4])
    assert text_of(packed[:6]) == packed[:6].hex(":")
    assert packed_of(text_of(packed[:6])) == packed[:6]
    assert packed_of(text_of(packed[:4])) == packed[:4]


def test_no_address_has_no_bytes() -> None:
    assert [packed_of(text) for text in ("", "1.2.3", "zz:00:00:00:00:00", "localhost", "1.2.3.4 ")] == [b""] * 5
    for n in (0, 3, 5, 15, 17):
        with pytest.raises(ValueError, match="4, 6 or 16"):
            text_of(bytes(n))


def test_the_kinds_of_the_dicts_are_those_asked_for() -> None:
    found = {kind_of(record) for path in CAPTURES[:40:10] for record in dicts(path, KINDS)}
    assert {"flow", "packet"} <= found <= {"flow", "packet", "dns", "http", "tls", "stream"}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "a=1", ""])
def test_no_text_of_csv_begins_a_formula(text: str) -> None:
    from netwatch.records.columns import columns_of

    columns = columns_of("http", ["path"])
    encoder = Encoder("csv", lambda kind: columns, [])
    encoder.record("http", {"schema": "netwatch.http/1", "path": text})
    line = list(csv.reader(io.StringIO(encoder.take().decode(), newline="")))[1]
    assert line == [f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["method", "path", "host", "version", "status"]), TEXTS, max_size=5),
                max_size=6))
def test_lines_that_wait_have_the_columns_that_occur(records: list[dict[str, Any]]) -> None:
    out = io.BytesIO()
    writer = Writer("csv", out, None, [], waits=True)
    columns = columns_of("http", [field.key("http") for field in FIELDS if "http" in field.kinds])
    for record in records:
        writer.put("http", _packed(writer, {"schema": "netwatch.http/1", **record}))
    writer.close()
    seen = [column.name for column in columns if any(column.name in record for record in records)]
    names = (["schema"] if "schema" in [column.name for column in columns] else []) + seen
    text = io.StringIO(newline="")
    cells = [[csv_cell(whole(record.get(name))) for name in names] for record in records]
    csv.writer(text, lineterminator="\n").writerows([names, *cells] if records else [])
    assert out.getvalue().decode() == text.getvalue()


def _packed(writer: Writer, record: Record) -> bytes:
    """As a record that has to wait for its turn is kept."""
    writer._pieces.record("http", record)
    return writer._pieces.take()


def test_what_is_no_packed_line_is_refused() -> None:
    two = struct.pack("=IQII", 3, 0b101, 1, 2) + b"abc"      # of three columns: a in the first, bc in the third
    assert Sheet(3, [0, 1, 2]).lines(two + two) == b"a,,bc\n" * 2
    longer = struct.pack("=IQII", 3, 0b101, 9, 2) + b"abc"
    for wrong in (*(two[:n] for n in range(1, len(two))), two + b"\0", longer):
        with pytest.raises(ValueError, match="sheet"):
            Sheet(3, [0, 1, 2]).lines(wrong)
    with pytest.raises(ValueError, match="sheet"):
        Sheet(3, [3])


def test_columns_of_what_was_left_out_do_not_occur() -> None:
    """A record that was kept, and had to make room for another, brings no column."""
    out = io.BytesIO()
    writer = Writer("csv", out, None, [], waits=True)
    kept, _ = [_packed(writer, {"schema": "netwatch.http/1", **each}) for each in ({"method": "GET"}, {"host": "a"})]
    writer.put("http", kept)
    writer.close()
    assert b"method" in out.getvalue() and b"host" not in out.getvalue()


def test_the_same_certificate_is_no_shared_object() -> None:
    first, second = (flow["tls"]["cert"] for flow in _with_certificates() + _with_certificates())
    first["san"].append("spoilt")
    assert "spoilt" not in second["san"]
    assert "spoilt" not in _with_certificates()[0]["tls"]["cert"]["san"]


def _with_certificates() -> list[Record]:
    return [flow for flow in dicts(ROOT / "tests" / "golden" / "real-https.pcap", {"flows"})
            if flow.get("tls", {}).get("cert", {}).get("san")][:1]
