"""What a record is to Python: the object of one line of JSON, by the names of the schema's fields."""

from __future__ import annotations

from typing import Any

Record = dict[str, Any]     # Any: what stands under a name is the schema's to say, and no type can follow its names


def look_up(record: Record, path: str) -> Any:     # Any: as Record
    """The value at a dotted path, None when absent."""
    value: object = record
    for part in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value
