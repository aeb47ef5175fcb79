"""The values of a record: at a dotted path, as a field of the schema, as the text of a cell."""

from __future__ import annotations

import json
from typing import Any

Record = dict[str, Any]
as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def kind_of(record: Record) -> str:
    """`flow` of a record whose schema is netwatch.flow/1."""
    return str(record["schema"]).split("/")[0].removeprefix("netwatch.")


def value_at(record: Record, path: str) -> Any:
    """The value at a dotted path; lists on the way are followed into each item. None when absent."""
    value: Any = record
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


def field_of(record: Record, name: str) -> Any:
    """The value of a field of the schema; an http record says `host` where the flow record says `http.host`."""
    value = value_at(record, name)
    return value_at(record, name.removeprefix(f"{kind_of(record)}.")) if value is None else value


def picked(record: Record, fields: list[str]) -> Record:
    """The record with only the asked fields, absent ones left out; keys are the names that were asked for."""
    out: Record = {"schema": record["schema"]}
    for name in fields:
        value = field_of(record, name)
        if value is not None:
            out[name] = value
    return out


def cell(value: Any) -> str:
    """A value as text without line breaks."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6f}"
    if isinstance(value, list):
        return " ".join(cell(v) for v in value)
    if isinstance(value, dict):
        return as_json(value)
    return str(value).replace("\n", " ").replace("\r", " ")
