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


def whose(process: Record) -> str:
    """The owner of a flow, by its `process`, in a few words; why it is not known; "" where nothing was looked for."""
    if "name" in process or "pid" in process:
        further = [f"{key} {process[key]}" for key in ("user", "container", "unit") if key in process]
        who = f"process {process.get('name', '?')}[{process.get('pid', '?')}]"
        return " ".join(filter(None, [who, *further, process.get("exe", "")]))
    return f"process unknown: {process['unknown']}" if "unknown" in process else ""
