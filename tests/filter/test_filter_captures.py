"""The native query finds what Python finds in the records of the flows, for every field of the schema that has a value.

The flows are those of the captures here and, where they are, of the shared ones. Conditions are made from values that
the records have, so that they hold for some flows and not for others.
"""
from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from running import finished

from netwatch._fast.view.engineview import EngineView
from netwatch._fast.view.selection import Selection
from netwatch.capture.file import SourceError, open_files
from netwatch.filter import Filter, fields
from netwatch.filter.compile import OF_RECORDS
from netwatch.filter.evaluate import field_values
from netwatch.model.event import FlowRef
from netwatch.names.addon import Names
from netwatch.run.pipeline import Pipeline
from netwatch.schema import SEARCHED, Type, fields_of

HERE = Path(__file__).parents[1] / "captures"
SHARED = Path(os.environ.get("NETWATCH_SHARED", Path(__file__).parents[3] / "shared")) / "captures"
LARGEST = 300_000
SHARE = 13                     # of the shared captures one in so many is read
FLOWS = fields_of("flow")


class Nothing:
    """Settings of somebody who sets none but what the engine asks for."""

    def of(self, name: str) -> bool | str:
        return {"flows.copies": "mark", "flows.vlan": "pair"}.get(name, False)


class Read:
    """All flows of a file, as rows and as records."""

    def __init__(self, path: Path) -> None:
        source = open_files([str(path)])
        self.names = Names()
        self.pipeline = Pipeline(source, addons=[self.names], history=1_000_000, settings=Nothing())
        self.engine = self.pipeline.engines[0]
        self.view = EngineView(self.engine, source.interfaces, self.names, fields=fields.tell)
        while self.pipeline.step() is not None:
            self.view.go_on()
        rows = finished(self.view.select()).page()
        self.records = {}
        for row in rows:
            self.records[row] = self.view.record(row)
            self.names.adorn(self.records[row], FlowRef(self.engine, row, 0))
        self.pipeline.close()
        source.close()

    def native(self, text: str | None, sort: str | None = None) -> list[int]:
        found: Selection = finished(self.view.select(Filter(text) if text is not None else None, sort))
        return found.page()

    def expected(self, text: str) -> list[int]:
        where = Filter(text)
        return [row for row, record in self.records.items() if where.matches(record)]


def captures() -> list[Path]:
    found = [*sorted(HERE.glob("*.pcap")), *sorted(SHARED.rglob("*.pcap*"))[::SHARE]]
    return [path for path in found if path.stat().st_size < LARGEST]


def quoted(value: Any) -> str:
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def conditions(read: Read) -> list[str]:
    """Some about each value that a record has; few of each field."""
    made: dict[str, None] = {}
    for field in FLOWS:
        values = list(dict.fromkeys(value for record in read.records.values()
                                    for value in field_values(field, "flow", record)))
        for value in dict.fromkeys(values[:1] + values[-1:]):
            for text in about(field, value):
                made[text] = None
        made[f"{field.name} != zz" if field.type is Type.TEXT else f"{field.name} contains 1"] = None
    return [text for text in made if parses(text)]


def about(field: Any, value: Any) -> list[str]:
    name, text = field.name, str(value)
    if field.type is Type.TEXT:
        part = text[len(text) // 3:][:5]
        found = [f"{name} == {quoted(text)}", f"{name} != {quoted(text)}", f"{name} contains {quoted(part)}",
                 f"{name} matches /^{''.join(c if c.isalnum() and c.isascii() else '.' for c in text[:6])}/"]
        return found + ([quoted(part)] if field in SEARCHED and part else [])
    if field.type is Type.ADDRESS:
        return [f"{name} == {text}", f"{name} != {text}", f"{name} contains {quoted(text[1:4])}",
                f"{name} matches /{text[:2]}.*{text[-1]}$/"]
    if field.type is Type.BOOL:
        return [f"{name} == {text}", f"{name} != {text}"]
    if field.type is Type.TIME:
        return [f"{name} >= {text}", f"{name} == {text}", f"{name} < {text[:10]}"]
    unit = "ns" if field.type is Type.DURATION else ""
    number = round(value * {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}[field.unit]) if unit else value
    return [f"{name} == {number}{unit}", f"{name} > {number}{unit}", f"{name} <= {number}{unit}",
            f"{name} != {number}{unit}", f"{name} in {{{number}{unit}, 7{unit}..9{unit}}}",
            f"{name} contains {quoted(text[-1:])}", f"{name} matches /^{text[:1]}/"]


def parses(text: str) -> bool:
    try:
        Filter(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("path", captures(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_field_is_found_as_records_show_it(path: Path) -> None:
    try:
        read = Read(path)
    except SourceError:
        pytest.skip("no capture file")
    wrong = {text: (native, expected) for text in conditions(read)
             if (native := read.native(text)) != (expected := read.expected(text))}
    assert wrong == {}


@pytest.fixture(scope="module")
def several() -> list[tuple[Read, list[str]]]:
    found = [Read(HERE / f"{name}.pcap") for name in ("http", "dns", "tls13", "smb", "quic", "mqtt", "dhcp")
             if (HERE / f"{name}.pcap").exists()]
    return [(read, conditions(read)) for read in found]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_conditions_together(several: list[tuple[Read, list[str]]], data: st.DataObject) -> None:
    read, texts = data.draw(st.sampled_from(several))
    text = data.draw(st.recursive(st.sampled_from(texts), lambda inner: st.one_of(
        inner.map(lambda x: f"not ({x})"),
        st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map(lambda x: f"({x[0]}){x[1]}({x[2]})")),
        max_leaves=5))
    assert read.native(text) == read.expected(text)


def test_every_field_sorts(several: list[tuple[Read, list[str]]]) -> None:
    """By its values, those that have none behind."""
    for read, _ in several:
        for field in (each for each in FLOWS if each.name not in OF_RECORDS):
            rows = read.native(None, field.name)
            values = [next(iter(field_values(field, "flow", read.records[row])), None) for row in rows]
            known = [value for value in values if value is not None]
            assert values == known + [None] * (len(values) - len(known)), field.name
            if field.type is not Type.ADDRESS:
                keys = [value.encode().lower() if isinstance(value, str) else value for value in known]
                assert keys == sorted(keys), field.name
