"""What another machine says of its flows beside what is counted, held against the schema: keys that addons add, each of
the kind that it is of here. What an addon of a user there adds is left out; all else that differs is no table of ours.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

from netwatch.history.tape import parted
from netwatch.schema import FIELDS, Field, Type

TOPS = frozenset({"decrypt", "decrypted", "geo", "lan", "name", "process", "scope", "service"})  # that addons add
WORDS = frozenset({Type.TEXT, Type.ADDRESS, Type.TIME})
MOST = 1 << 63
LEAVES: Mapping[str, Field] = {field.name: field for field in FIELDS
                               if "flow" in field.kinds and field.name.partition(".")[0] in TOPS}
OBJECTS = frozenset(name[:at] for name in LEAVES for at, letter in enumerate(name) if letter == ".")
LISTS = frozenset(path for path in OBJECTS  # of objects: their fields are lists to whoever asks for them
                  if all(field.many for name, field in LEAVES.items() if name.startswith(f"{path}.")))


def checked(text: bytes, tellers: Mapping[str, Sequence[str]]) -> bytes:
    """A text of a flow, without what is not known here; `tellers`: of each addon with columns the fields of those.
    Raises ValueError."""
    facts, words = parted(text)
    try:
        said = json.loads(words)
    except RecursionError:
        raise ValueError("what is said of a flow is too deep") from None
    if not isinstance(said, list) or len(said) != 2 or not all(isinstance(each, dict) for each in said):
        raise ValueError("what is said of a flow is of another form")
    record, values = said
    kept = ({name: _value(value, name) for name, value in record.items() if name in TOPS},
            {name: _columns(each, tellers[name]) for name, each in values.items() if name in tellers})
    return len(facts).to_bytes(4, "little") + facts + json.dumps(kept, separators=(",", ":")).encode()


def _value(value: object, path: str) -> object:
    """What stands at a place of a record."""
    field = LEAVES.get(path)
    if field is not None:
        return _leaf(value, field, field.many)
    if path not in OBJECTS:
        raise ValueError("a flow has what no flow has")
    if path in LISTS and isinstance(value, list):
        return [_member(each, path) for each in value]
    if path in LISTS or not isinstance(value, dict):
        raise ValueError("an object that is none, or a list that is none")
    return {name: _value(each, f"{path}.{name}") for name, each in value.items()}


def _member(value: object, path: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ValueError("an object that is none")
    found: dict[str, object] = {}
    for name, each in value.items():
        field = LEAVES.get(f"{path}.{name}")
        if field is None:
            raise ValueError("a flow has what no flow has")
        found[name] = _leaf(each, field, False)
    return found


def _leaf(value: object, field: Field, many: bool) -> object:
    if many:
        if not isinstance(value, list):
            raise ValueError("a list that is none")
        return [_leaf(each, field, False) for each in value]
    if field.type in WORDS:
        fits = isinstance(value, str)
    elif field.type is Type.BOOL:
        fits = isinstance(value, bool)
    else:
        fits = type(value) is int or (type(value) is float and math.isfinite(value))
        fits = fits and -MOST <= value < MOST  # type: ignore[operator]
    if not fits:
        raise ValueError("a flow is said to have what is of another kind")
    if isinstance(value, str):
        value.encode()  # without halves of what stands for one character
    return value


def _columns(told: object, fields: Sequence[str]) -> object:
    """The values of an addon's columns, without those of fields that are of no flow, and since when they are so, ns."""
    if not isinstance(told, list) or len(told) != 2:
        raise ValueError("what an addon told is of another form")
    values, when = told
    if not isinstance(values, list) or len(values) != len(fields) or not (
            when is None or (type(when) is int and 0 <= when < MOST)):
        raise ValueError("what an addon told is of another form")
    return [_column(value, LEAVES.get(name)) for value, name in zip(values, fields, strict=True)], when


def _column(value: object, field: Field | None) -> object:
    return None if value is None or field is None else _leaf(value, field, field.many)
