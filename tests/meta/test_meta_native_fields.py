"""Every field of a flow filters, sorts and groups natively, or stands here with the reason why it does not.

Natively: by columns, and by what is worked out once for each different text or profile. Not so is what has to be asked
of each flow's record.
"""

from __future__ import annotations

import contextlib
from typing import NamedTuple

import pytest
from netwatch_command import ROOT
from running import finished

from netwatch._fast.engine import Engine
from netwatch._fast.view.addoncolumns import AddonColumns
from netwatch._fast.view.engineview import EngineView
from netwatch._fast.view.groupby import GroupBy
from netwatch._fast.view.grouplist import GroupList
from netwatch.capture.file import open_files
from netwatch.decrypt import decryptor
from netwatch.filter import Filter, FilterError, fields
from netwatch.filter.compile import Unanswerable
from netwatch.filter.evaluate import field_values
from netwatch.names.addon import Names
from netwatch.owners import addon as owners
from netwatch.run.addons import load
from netwatch.run.pipeline import Pipeline
from netwatch.schema import Field, Type, fields_of
from netwatch.store.settings import Settings

CAPTURE = ROOT / "docs" / "tour.pcap"
NOT_NATIVE = {  # name: why it is no column
    "community_id": "a hash of the ends, made when a record is",
    "file": "of the reading of several files; rows do not keep it",
}
NOT_SORTED = {"id": "numbers are given in the order that flows have anyway"}
NUMBERS = ("{} == 1", "{} != 1", "{} > 1", "{} in {{1, 7..9}}", "{}")
TESTS = {
    Type.TEXT: ("{} == x", "{} != x", "{} contains x", "{} matches /^x/", "{} in {{x, y}}", "{}"),
    Type.ADDRESS: ("{} == 192.0.2.1", "{} != 2001:db8::/32", "{} contains 2.0", "{} matches /^1.*2$/", "{}"),
    Type.BOOL: ("{} == true", "{} != true", "{}"),
    Type.TIME: ("{} >= 2026-01-02", "{} < 2026-01-02T03:04:05Z", "{}"),
    Type.DURATION: ("{} == 1s", "{} != 1ms", "{} > 1us", "{}"),
}


class Placed(Names):
    """As where there is a database of places."""

    placed = True


class Teller(NamedTuple):
    """An addon that has columns of its own."""

    columns: tuple[str, ...]
    age: str | None = None

    def column(self, engine: Engine) -> AddonColumns:
        return AddonColumns(engine, self.columns, self.age)


@pytest.fixture(scope="module")
def view() -> EngineView:
    """Of a capture, with all that may be known beside it."""
    source = open_files([str(CAPTURE)])
    names = Placed()
    pipeline = Pipeline(source, addons=load(given=[names]), history=1_000_000, settings=Settings({}))
    made = EngineView(pipeline.engines[0], source.interfaces, names,
                      (Teller(owners.COLUMNS, owners.AGE), Teller(decryptor.COLUMNS)), fields.tell)
    while pipeline.step() is not None:
        made.go_on()
    pipeline.close()
    source.close()
    return made


def native() -> list[Field]:
    return [field for field in fields_of("flow") if field.name not in NOT_NATIVE]


def questions(field: Field) -> list[Filter]:
    """Filters on the field. What it never has the language refuses."""
    found = []
    for form in TESTS.get(field.type, NUMBERS):
        with contextlib.suppress(FilterError):
            found.append(Filter(form.format(field.name)))
    return found


def asks_python(view: EngineView, where: Filter) -> bool:
    try:
        return bool(where.program(view.view).predicates)
    except Unanswerable:
        return True


def kinds_of_groups(view: EngineView, field: Field) -> set[str]:
    """What the flows of the capture are put together by: the field, an address, or nothing."""
    groups = GroupList(finished(view.select(wanted=(field.name,))), [GroupBy(view.view, (field.name,))])
    finished(groups.steps())
    return {groups.key(number)[0][0] for number in range(1, groups.groups + 1)}


def test_every_field_is_a_column(view: EngineView) -> None:
    assert {field.name for field in fields_of("flow")} - view.view.columns().keys() == NOT_NATIVE.keys()


def test_every_field_filters_natively(view: EngineView) -> None:
    asked = {field.name: questions(field) for field in native()}
    assert all(len(filters) > 1 for filters in asked.values())
    found = {name: where for name, filters in asked.items() for where in filters if asks_python(view, where)}
    assert not found


def test_every_field_sorts_natively(view: EngineView) -> None:
    selected = finished(view.select())
    found = [field.name for field in native() if selected.key_of(field.name) is None]
    assert sorted(found) == sorted(NOT_SORTED)
    finished(selected.ordered("id", descending=True))


def test_every_field_groups_natively(view: EngineView) -> None:
    """Flows that have a value are put together by it."""
    records = [view.record(row) for row in finished(view.select()).page()]
    said = [field for field in native()
            if any(list(field_values(field, "flow", record)) for record in records)]
    assert len(said) > 50
    found = [field.name for field in said if not kinds_of_groups(view, field) & {field.name, "address"}]
    assert not found
    for field in set(native()).difference(said):
        assert kinds_of_groups(view, field) <= {field.name, "none"}
