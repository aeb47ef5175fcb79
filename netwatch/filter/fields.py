"""Which fields of the flow record follow from what the classifiers learn, and how: for filters, orders and groups.

Three sorts: numbers and texts that stand in a fact as they are shown, and all others (numbers that are texts there,
too), which the describing function of a protocol makes of some of its facts.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

from netwatch._fast.dpi import app_names
from netwatch._fast.out.protocols import CARRIES_TLS, DEPENDS, DESCRIBE, NUMBERS, PLAIN, flow_fields
from netwatch._fast.out.record import told_ends
from netwatch._fast.view import columns
from netwatch.filter.evaluate import field_values
from netwatch.schema import BY_NAME, UNIT_NS, Field, Type, fields_of

if TYPE_CHECKING:
    from netwatch._fast.view.query import FlowView

KEY_APP = 254  # of an entry that says the flow's app, see profiles.pxd
ANNOUNCED_BY = 250  # a fact of no protocol, see announced.pxd
KEYS = range(ANNOUNCED_BY)
OF_FLOWS = ("app_stack", "label")  # of no one protocol
Facts = list[tuple[int, int, bytes | None]]


def tell(view: FlowView) -> None:
    """Tell a view of all such fields."""
    number_of = {name: number for number, name in enumerate(app_names())}
    for name, (app, key, divide) in NUMBERS.items():
        field = BY_NAME.get(name)
        if field is not None and "flow" in field.kinds and name not in columns.FACT_NUMBERS:
            times = UNIT_NS[field.unit] if field.type is Type.DURATION else 1
            columns.map_number(name, number_of[app], key, divide, times)
    for name, places in PLAIN.items():
        if name in BY_NAME and "flow" in BY_NAME[name].kinds and BY_NAME[name].type is Type.TEXT:
            for app, plain in places:
                view.add_plain(name, number_of[app], plain.key, plain.limit, not plain.many, plain.empty)
    view.add_parts("announced_by", [(0, ANNOUNCED_BY)], False)
    view.add_described("announced_by", "announced_by", _announcers, True)
    for field, parts, keys, whole in _described():
        view.add_parts(parts, keys, whole)
        view.add_described(field.name, parts, _maker(field), field.type is Type.TEXT)


def _announcers(facts: Facts) -> tuple[object, ...]:
    """The flows that told of this one."""
    return tuple(told_ends(text) for _, _, text in facts if text is not None)


@cache
def _described() -> tuple[tuple[Field, str, tuple[tuple[int, int], ...], bool], ...]:
    """Fields that a describing function makes: (field, name of the facts it depends on, these by the number of their
    protocol, whether also on which protocols were met)."""
    found = []
    for field in fields_of("flow"):
        apps = _apps_of(field)
        if apps and not (field.name in PLAIN and field.type is Type.TEXT) and field.name not in NUMBERS:
            of_each = [_places(app, _keys(app, field.name)) for app in apps]
            places = of_each[0] if len(of_each) == 1 else tuple(chain.from_iterable(of_each))
            whole = field.name in OF_FLOWS or len(apps) > 1
            found.append((field, f"{whole} {hash(places)}", places, whole))
    return tuple(found)


@cache
def _places(app: str, keys: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """Facts of a protocol by its number: the fields that depend on the same ones share them."""
    number = app_names().index(app)
    return tuple((number, key) for key in keys)


def _apps_of(field: Field) -> list[str]:
    """The protocols that may have something to say about the field."""
    if field.name in OF_FLOWS:
        return list(DESCRIBE)
    prefix = field.name.partition(".")[0]
    found = [prefix] if prefix in DESCRIBE else []
    return [*found, *CARRIES_TLS] if prefix == "tls" else found


def _keys(app: str, field: str) -> tuple[int, ...]:
    """The facts of a protocol that the field depends on. What is shown as a number of its own says nothing else."""
    keys: tuple[int, ...] | None = DEPENDS.get((app, field), () if field == "app_stack" else None)
    if keys is not None:
        return keys
    return _said(app)


@cache
def _said(app: str) -> tuple[int, ...]:
    """All that it says but numbers."""
    numbers = {key for owner, key, _ in NUMBERS.values() if owner == app}
    return tuple(key for key in KEYS if key not in numbers)


def _maker(field: Field) -> Callable[[Facts], tuple[object, ...]]:
    """The values of a field, made of the facts of a part of a profile."""
    def values(facts: Facts) -> tuple[object, ...]:
        names, app = app_names(), None
        by_app: dict[str, list[tuple[int, bytes]]] = {}
        for proto, key, text in facts:
            if text is None and key == KEY_APP:
                app = names[proto]
            elif proto:
                said = by_app.setdefault(names[proto] or "", [])
                if text is not None:
                    said.append((key, text))
        return tuple(field_values(field, "flow", flow_fields(app, by_app)))
    return values
