"""The values of a record, whatever it is made of."""

from __future__ import annotations

from collections.abc import Iterator


def leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Each with its path; those of a list have the list's."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each, path)
    else:
        yield path, value
