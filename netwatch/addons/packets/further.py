"""Fields of frames, and of the flows they belong to, that stand in the list of frames beside what it always tells."""

from __future__ import annotations

from collections.abc import Sequence

from netwatch.model.record import Record, look_up
from netwatch.schema import FIELDS, Field

MOST = 16
KINDS = ("packet", "flow")  # of records; where both have a field, the frame's own comes first


def further_fields(text: str) -> tuple[Field, ...]:
    """Those that are named, by names that filters know, with commas between them; a name that several have is all of
    them. Raises ValueError."""
    fields = [field for field in FIELDS if set(KINDS) & set(field.kinds)]
    found: dict[str, Field] = {}
    for name in filter(None, (each.strip().lower() for each in text.split(","))):
        named = [field for field in fields if field.name == name] or [field for field in fields if name in field.names]
        if not named:
            raise ValueError(f"frames and flows have no field {name!r}")
        found |= {field.name: field for field in named}
    if len(found) > MOST:
        raise ValueError(f"{len(found)} fields are more than {MOST}")
    return tuple(found.values())


def to_ask(fields: Sequence[Field]) -> tuple[str, ...]:
    """The keys of those that the record of a frame has only where they are asked for."""
    return tuple(field.key("packet") for field in fields if "packet" in field.asked)


def values_of(fields: Sequence[Field], record: Record, flow: Record | None) -> tuple[object, ...]:
    """What a frame has for each, else its flow; None where neither has it. `record`: with those to_ask()."""
    found: list[object] = []
    for field in fields:
        value = None
        if "packet" in field.kinds:
            key = field.key("packet")
            value = record.get(key) if "packet" in field.asked else look_up(record, key)
        if value is None and "flow" in field.kinds and flow is not None:
            parts = [part for each in field.parts if (part := look_up(flow, each)) is not None]
            value = sum(parts) if parts else look_up(flow, field.key("flow"))
        found.append(value)
    return tuple(found)
