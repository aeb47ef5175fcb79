"""Which values of a field a filter can tell apart: records that it cannot tell apart are judged once."""
from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator

from netwatch.filter.evaluate import END_FIELDS, check_of, conditions_of
from netwatch.filter.nodes import And, Compare, Exists, Node, Not, Or, Part, Reckon, Relate, Search
from netwatch.schema import SEARCHED, Field

Check = Callable[[object], bool]
Class = Callable[[object], Hashable]


def classes_of(node: Node, kind: str, parts: list[bytes] | None = None) -> dict[str, Class]:
    """For each key of the records of a kind that a filter looks at, what of its value matters. With `parts`, bare words
    are put there, whoever asks looks for them in `info` and both ends by himself, and they do not count here."""
    checks: dict[str, list[Check] | None] = {}
    for field, check in _looks(node, parts):
        if kind not in field.kinds:
            continue
        key = field.key(kind)
        known = checks.setdefault(key, [])
        if known is None or check is None:
            checks[key] = None
        else:
            known.append(check)
    return {key: _itself if found is None else _class(found) for key, found in checks.items()}


def _looks(node: Node, parts: list[bytes] | None) -> Iterator[tuple[Field, Check | None]]:
    """The fields, and what they are asked; None: how they stand to other values."""
    if isinstance(node, Not):
        yield from _looks(node.item, parts)
    elif isinstance(node, And | Or):
        for item in node.items:
            yield from _looks(item, parts)
    elif isinstance(node, Compare):
        for field in node.fields:
            yield field, None if field.parts else check_of(field, node.test)
    elif isinstance(node, Exists):
        yield from ((field, _any) for field in node.fields)
    elif isinstance(node, Relate | Reckon):
        yield from ((field, None) for fields in conditions_of(node) for field in fields)
    else:
        yield from _searched(node, parts)


def _searched(node: Search, parts: list[bytes] | None) -> Iterator[tuple[Field, Check | None]]:
    """Ends are searched as address:port, so that both values matter as they are."""
    apart = parts is not None and isinstance(node.test, Part)
    if parts is not None and isinstance(node.test, Part):
        parts.append(node.test.part)
    for field in SEARCHED:
        if field.name in END_FIELDS or (apart and field.name == "info"):
            if not apart:
                yield field, None
        else:
            yield field, check_of(field, node.test)


def _any(value: object) -> bool:
    return True


def _itself(value: object) -> Hashable:
    return tuple(value) if isinstance(value, list) else value if isinstance(value, Hashable) else repr(value)


def _class(checks: list[Check]) -> Class:
    """Of several values one that passes is enough."""
    def answers(value: object) -> Hashable:
        if value is None:
            return None
        if not isinstance(value, list):
            return True, *[check(value) for check in checks]
        return bool(value), *[any(map(check, value)) for check in checks]
    return answers
