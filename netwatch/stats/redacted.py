"""Tables of statistics with tokens in place of addresses, names and MACs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from netwatch.model.record import Record
from netwatch.stats.table import Table

if TYPE_CHECKING:
    from netwatch.privacy.redactor import Redactor

FLOW = {key: (key, "flow") for key in ("src", "dst", "proto", "app", "first", "last")}
# of the rows of each schema, what their texts are: a path of the records of a kind; of what is not here, a name
HOMES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "conversation": FLOW, "rtt": FLOW, "endpoint": FLOW | {"address": ("src", "flow")},
    "protocol": {"protocol": ("proto", "flow"), "path": ("proto", "flow")},
    "interval": {"time": ("time", "packet")},
    "expert": dict.fromkeys(("severity", "group", "protocol", "summary"), ("proto", "flow")) | {
        "time": ("time", "packet")},
    "count": {"topic": ("proto", "flow"), "group": ("proto", "flow")},
    "group": {"time": ("time", "packet")},
}
PUBLIC = frozenset({"message", "transport", "opcode", "rcode", "type", "answer", "version", "method", "class", "status",
                    "cipher", "alpn", "resumed", "alert"})  # groups of counted messages whose items tell of nobody


def redacted(table: Table, redactor: Redactor, homes: Mapping[str, tuple[str, str]] | None = None) -> Table:
    """The same; `homes`: what further columns are."""
    known = {**HOMES.get(table.schema, {}), **(homes or {})}

    def row(told: Record) -> Record:
        if table.schema in ("host", "process"):
            return redactor.record(told, table.schema)
        return {key: value if table.schema == "count" and key == "item" and told.get("group") in PUBLIC
                else redactor.value(value, *known.get(key, (key, ""))) if not isinstance(value, int | float) or
                key in (homes or ()) else value for key, value in told.items()}

    return replace(table, rows=[row(told) for told in table.rows])
