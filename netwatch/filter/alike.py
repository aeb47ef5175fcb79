"""Which values of a field a filter can tell apart: records that it cannot tell apart are judged once."""
from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator

from netwatch.filter.evaluate import check_of
from netwatch.filter.nodes import And, Compare, Exists, Node, Not, Or, Relate, Search
from netwatch.filter.ofpackets import is_number
from netwatch.schema import SEARCHED, Field

Check = Callable[[object], bool]
Class = Callable[[object], Hashable]


def classes_of(node: Node, kind: str) -> dict[str, Class]:
    """For each key of the records of a kind that a filter looks at, what of its value matters."""
    checks: dict[str, list[Check] | None] = {}
    for field, check in _looks(node):
        if kind not in field.kinds:
            continue
        key = field.key(kind)
        known = checks.setdefault(key, [])
        if known is None or check is None:
            checks[key] = None
        else:
            known.append(check)
    return {key: _itself if found is None else _class(found) for key, found in checks.items()}


def _looks(node: Node) -> Iterator[tuple[Field, Check | None]]:
    """The fields, and what they are asked; None: how they stand to other values."""
    if isinstance(node, Not):
        yield from _looks(node.item)
    elif isinstance(node, And | Or):
        for item in node.items:
            yield from _looks(item)
    elif isinstance(node, Compare):
        for field in node.fields:
            yield field, None if field.parts or is_number(field) else check_of(field, node.test)
    elif isinstance(node, Exists):
        yield from ((field, _any) for field in node.fields)
    elif isinstance(node, Relate):
        yield from ((field, None) for field in (*node.left, *node.right))
    else:
        assert isinstance(node, Search)
        yield from ((field, None) for field in SEARCHED)


def _any(value: object) -> bool:
    return True


def _itself(value: object) -> Hashable:
    return tuple(value) if isinstance(value, list) else value if isinstance(value, Hashable) else repr(value)


def _class(checks: list[Check]) -> Class:
    """Of several values one that passes is enough."""
    def answers(value: object) -> Hashable:
        if value is None:
            return None
        values = value if isinstance(value, list) else [value]
        return bool(values), *(any(map(check, values)) for check in checks)
    return answers
