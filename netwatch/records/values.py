"""The values of a record that is a dict: at a dotted path, as a field; and which keys of it fields need."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from netwatch.model.record import Record as Record


def kind_of(record: Record) -> str:
    """`flow` of a record whose schema is netwatch.flow/1."""
    return str(record["schema"]).split("/")[0].removeprefix("netwatch.")


def value_at(record: Record, path: str) -> Any:  # Any: as Record
    """The value at a dotted path; lists on the way are followed into each item. None when absent."""
    if path in record:
        return record[path]
    value: object = record
    for part in path.split("."):
        if isinstance(value, list):
            value = [item[part] for item in value if isinstance(item, dict) and part in item]
        elif isinstance(value, dict):
            if part not in value and f"{part}_out" in value:
                return (value[f"{part}_out"] or 0) + (value.get(f"{part}_in") or 0)
            value = value.get(part)
        else:
            return None
    return value


def keys_of(fields: Iterable[str]) -> frozenset[str]:
    """The keys of a record that these fields look at; of a sum those of its halves."""
    names = list(fields)
    if not names:
        return frozenset()
    from netwatch.schema import BY_NAME

    found: set[str] = set()
    for name in names:
        field = BY_NAME.get(name)
        if field is not None and field.asked:
            found.add(name)
        found.update(part.partition(".")[0] for part in (field.parts if field and field.parts else (name,)))
    return frozenset(found)
