"""What is wrong with what is asked for: names and filters that no record of the asked kinds can answer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from netwatch.records.columns import column_of, kinds_with, names_of
from netwatch.records.selection import singular

if TYPE_CHECKING:
    from netwatch.filter import Filter


LIKE = 0.7  # how like a known name what was typed must be


def field_fault(name: str, kinds: Iterable[str], more: bool = False) -> str:
    """Why records of none of these kinds have such a field, naming what is most like it; "" where some have. `more`:
    users' plugins may have added fields."""
    asked = [singular(kind) for kind in kinds]
    if any(column_of(kind, name, more) for kind in asked):
        return ""
    import difflib  # every start would pay for it otherwise

    from netwatch.filter.habits import instead_of
    from netwatch.records.wireshark import INSTEAD

    if name.lower() in INSTEAD:
        others = kinds_with(name)
        have = f"; {' and '.join(others)} records have" if others else ""
        return f"Wireshark's numbers of it are not told of {' and '.join(asked)} records{have}; write " \
               f"{INSTEAD[name.lower()]}"
    known = [each for kind in asked for each in names_of(kind)]
    meant = instead_of(name.lower(), tuple(asked)) or ""
    near = ([word for word in re.findall(r"[a-z_0-9.]+", meant) if word in known]
            or difflib.get_close_matches(name.lower(), known, 1, LIKE))
    if meant and near[:1] != [meant] and not kinds_with(name):
        return f"no such field; write {meant}"
    hint = f"; did you mean {near[0]}?" if near else ""
    others = kinds_with(name)
    if others:
        return f"{' and '.join(asked)} records have not got it, {' and '.join(others)} records have{hint}"
    return f"no such field{hint}"


def where_fault(where: Filter | None, kinds: Iterable[str]) -> str:
    """Which condition no record of these kinds can answer; "" where all can be."""
    if where is None:
        return ""
    from netwatch.filter.evaluate import mixed
    from netwatch.schema import answering

    asked = [singular(kind) for kind in kinds if kind != "summary"]
    for kind in asked:
        if mixed(where.node, kind):
            return f"fields of {kind} records and of their flows are not compared with each other"
    for fields in where.conditions if asked else ():
        if not any(answering(fields, kind)[1] for kind in asked):
            names = [field.name for field in fields]
            others = " and ".join(dict.fromkeys(kind for field in fields for kind in field.kinds))
            return f"{names[0]} is of {others} records; {' and '.join(asked)} records have not got it"
    return ""


def own_paths(names: Iterable[str], kinds: Iterable[str]) -> list[str]:
    """Dotted names of what these names stand for in records of these kinds themselves; none for those of flows."""
    columns = (column_of(singular(kind), name, True) for name in names for kind in kinds)
    return list(dict.fromkeys(path for column in columns if column is not None for path in column.own))
