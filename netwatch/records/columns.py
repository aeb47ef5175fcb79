"""What a name that is asked for means in the records of a kind: where its value stands, there or in their flow's.

The record's own key first, then every field that the name stands for, the first that is present; what the record's
kind has not got is its flow's to answer. The name that was asked for is the key that comes out.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from netwatch.model.record import Record
from netwatch.records.values import value_at
from netwatch.records.wireshark import INSTEAD, PAIRS, Made, made_of

if TYPE_CHECKING:
    from netwatch.schema import Field, Type

# keys of records that are no fields: objects with names from the wire, and all of the summary
FURTHER = {
    "http": ("request_headers", "response_headers"),
    "alert": ("evidence", "ack", "mute"),
    "summary": ("packets", "bytes", "first", "last", "duration", "link_types", "flows", "apps", "drops", "malformed",
                "tcp_conversations", "udp_conversations", "file", "files", "matched"),
}
KINDS = frozenset({"flow", "packet", "dns", "http", "tls", "stream", "alert", "finding", "host", "process",
                   "summary"})  # an addon's are not known
# what is looked at beside, where a name of Wireshark's is of one header
BESIDE = {"ip": ("proto", "src"), "ipv6": ("proto", "src"), "tcp": ("proto",), "udp": ("proto",)}
WITH_PROTO = ("flow", "packet")  # kinds whose records have it
OF_NO_FLOW = frozenset({"flow", "alert", "finding", "host", "process", "summary"})


class Column(NamedTuple):
    """`name`: as it was asked for. `own`: dotted paths in the record, `flow`: in its flow's record; the first that has
    a value has the say. `type`: how they are sorted. `made`: a name of Wireshark's, whose values are made of those."""

    name: str
    own: tuple[str, ...]
    flow: tuple[str, ...] = ()
    type: Type | None = None
    made: Made | None = None

    def home(self, kind: str) -> tuple[str, str]:
        """The path that its values are of first, and the kind of record that has it."""
        return (self.own[0], kind) if self.own else (self.flow[0], "flow")

    def value(self, record: Record, flow: Record | None) -> object:
        """None when there is none."""
        if self.made is not None:
            found = {path: value for asked, paths in ((flow, self.flow), (record, self.own)) if asked is not None
                     for path in paths if (value := value_at(asked, path)) is not None}
            return self.made.value(found)
        for asked, paths in ((record, self.own), (flow, self.flow)):
            for path in paths:
                if asked is not None and (found := value_at(asked, path)) is not None:
                    return found
        return None


def column_of(kind: str, name: str, more: bool = False, whole: bool = False) -> Column | None:
    """See _plain_column; for what is a name of Wireshark's alone the column of Wireshark's values, None where these
    cannot be told."""
    column = _plain_column(kind, name, more, whole)
    low = name.lower()
    if column is None or low in (*column.own, *column.flow):
        return column
    made = None if low in INSTEAD else made_of(low)
    if made is None:
        return None if low in INSTEAD else column
    if low in PAIRS:
        both = tuple(field.key(kind) for field in _fields_by_name(kind)[0].get(low, ()))
        column = column._replace(own=both if kind == "packet" else column.own)
    paths = (*column.own, *column.flow)
    beside = tuple(each for each in BESIDE.get(low.partition(".")[0], ()) if each not in paths)
    asked = {"own": beside} if kind in WITH_PROTO else {"flow": beside[:1] * bool(made.proto)}
    if kind in OF_NO_FLOW and kind != "flow":
        asked = {}
    return column._replace(own=column.own + asked.get("own", ()), flow=column.flow + asked.get("flow", ()),
                           made=made._replace(paths=paths))


def _plain_column(kind: str, name: str, more: bool, whole: bool) -> Column | None:
    """The column for a name in records of a kind, None where they have no such field. `more`: users' own plugins may
    have added objects to flows. `whole`: a name that is an object's as well as a field's (`process`) is all of the
    object, as it is in whole records."""
    from netwatch.schema import BY_NAME, NAMES, answering, fields_of  # a summary does without the table

    low = name.lower()
    if low == "schema":
        return Column(name, ("schema",))
    named, objects = _fields_by_name(kind)
    own = sorted(named.get(low, ()), key=lambda field: low not in (field.key(kind), field.name))
    own = own[:1] if own and kind in own[0].asked else own
    if own and not (whole and low in objects):
        return Column(name, tuple(dict.fromkeys(field.key(kind) for field in own)), (), own[0].type)
    if low in objects or _is_further(kind, low):
        return Column(name, (low,))
    if kind in OF_NO_FLOW:
        return Column(name, (low,)) if more and kind == "flow" and _is_strange(low) else None
    fields = (BY_NAME[low],) if low in BY_NAME else NAMES.get(low, ())
    theirs = answering(fields, kind)[1]
    paths = tuple(field.name for field in theirs)
    if not paths and _is_object(low, [field.name for field in fields_of("flow") if answering((field,), kind)[1]]):
        paths = (low,)
    if kind not in KINDS:
        return Column(name, (low,), paths, theirs[0].type if theirs else None)
    return Column(name, (), paths, theirs[0].type if theirs else None) if paths else None


@cache
def _fields_by_name(kind: str) -> tuple[dict[str, list[Field]], frozenset[str]]:
    """The fields of the records of a kind by all that they are called, and the objects that they stand in."""
    from netwatch.schema import fields_of, shorts_of

    named: dict[str, list[Field]] = {}
    objects: set[str] = set()
    for field in fields_of(kind):
        for name in dict.fromkeys((field.key(kind), field.name, *field.names)):
            named.setdefault(name, []).append(field)
        objects.update(accumulate(field.key(kind).split(".")[:-1], "{}.{}".format))
    for name, field in shorts_of(kind).items():
        named[name] = [field]
    return named, frozenset(objects)


def columns_of(kind: str, names: Iterable[str], more: bool = False, whole: bool = False) -> list[Column]:
    """The columns for those of the names that records of a kind have."""
    return [column for name in dict.fromkeys(names) if (column := column_of(kind, name, more, whole)) is not None]


def known(names: Iterable[str], kinds: Iterable[str]) -> set[str]:
    """Dotted names of the schema's fields that these names stand for in records of these kinds."""
    from netwatch.schema import fields_of

    found: set[str] = set()
    for kind in kinds:
        keys = {field.key(kind): field.name for field in fields_of(kind)}
        for column in columns_of(kind, names):
            found.update(keys.get(path, path) for path in column.own)
            found.update(column.flow)
    return found


def kinds_with(name: str) -> list[str]:
    """Kinds of record that have such a field themselves."""
    return [kind for kind in ("flow", "packet", "dns", "http", "tls", "stream", "alert", "finding", "host", "process")
            if (column := column_of(kind, name)) is not None and column.own]


def names_of(kind: str) -> list[str]:
    """All that may be asked for of the records of a kind: their own keys, then further names."""
    from netwatch.schema import NAMES, fields_of

    def own(field: Field) -> bool:
        return kind in field.kinds
    names = [field.key(kind) for field in fields_of(kind)]
    return [*names, *FURTHER.get(kind, ()), *(name for name, fields in NAMES.items()
                                              if any(map(own, fields)) and (name not in INSTEAD or name in names))]


def _is_object(name: str, keys: Iterable[str]) -> bool:
    return any(key.startswith(name + ".") for key in keys)


def _is_further(kind: str, name: str) -> bool:
    return any(name == key or name.startswith(key + ".") for key in FURTHER.get(kind, ()))


def _is_strange(name: str) -> bool:
    """Does the name begin with an object that the schema does not know?"""
    from netwatch.schema import BY_NAME, NAMES

    first, dot, _ = name.partition(".")
    return bool(dot) and first not in BY_NAME and not _is_object(first, NAMES)
