"""What of a record is private."""

from __future__ import annotations

from collections.abc import Iterator

from netwatch.privacy.redactor import IP4, IP6, MAC, _is_address, classes
from netwatch.schema import Privacy

LEAST = 4  # characters: less is in every text


def private(value: object, path: str, kind: str) -> Iterator[str]:
    """The texts of a record that the schema calls other than public, and addresses in any."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from private(each, f"{path}.{key}" if path else key, kind)
    elif isinstance(value, list):
        for each in value:
            yield from private(each, path, kind)
    elif isinstance(value, str):
        if classes(kind).get(path, Privacy.PUBLIC) is not Privacy.PUBLIC:
            yield value
        yield from (found[0] for found in MAC.finditer(value))
        yield from (found[0] for pattern in (IP4, IP6) for found in pattern.finditer(value) if _is_address(found[0]))
