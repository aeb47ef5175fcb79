"""What each protocol's learnt facts say, by app name: the object of its fields, and a line for people.

Imported only when records are made; the compiled describing halves of the protocol files are loaded then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from netwatch._fast.proto import dnstext, httptext, tlstext

Facts = list[tuple[int, bytes]]
Describe = Callable[[Facts, bool], dict[str, Any]]


def _without_secrets(describe: Callable[[Facts], dict[str, Any]]) -> Describe:
    """A protocol that never has secrets among its fields ignores the switch."""
    return lambda facts, show_secrets: describe(facts)


DESCRIBE: dict[str, Describe] = {
    "tls": _without_secrets(tlstext.describe),
    "http": httptext.describe,
    "dns": _without_secrets(dnstext.describe),
    "mdns": _without_secrets(dnstext.describe),
    "llmnr": _without_secrets(dnstext.describe),
}
LABEL: dict[str, Callable[[dict[str, Any]], str]] = {
    "tls": tlstext.label,
    "http": httptext.label,
    "dns": dnstext.label,
    "mdns": dnstext.label,
    "llmnr": dnstext.label,
}
# fields of the flow record that are stored as facts, for filters and sorting without Python: (app, key)
FACT_FIELDS: dict[str, list[tuple[str, int]]] = {}


def _map_facts(app: str, fields: dict[str, int]) -> None:
    """A module shared by several protocols names its fields after the first of them."""
    for name, key in fields.items():
        FACT_FIELDS.setdefault(f"{app}.{name.partition('.')[2]}", []).append((app, key))


for _app, _module in (("tls", tlstext), ("http", httptext), ("dns", dnstext), ("mdns", dnstext), ("llmnr", dnstext)):
    _map_facts(_app, _module.FACT_FIELDS)
