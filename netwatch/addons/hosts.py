"""The hosts at the ends of flows: what each sent and received, and how well TCP does there."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from netwatch._fast.view.groupby import GroupBy
from netwatch._fast.view.grouplist import GroupList
from netwatch.model.record import Record

if TYPE_CHECKING:
    from netwatch._fast.view.engineview import EngineView
    from netwatch.filter import Filter


def hosts_of(view: EngineView, where: Filter | None,
             limit: int) -> Generator[bool, None, tuple[list[Record], int, int]]:
    """For Session.look(), of the flows that pass a filter: (the hosts of most bytes, most first, each with its
    `address` and what GroupList.largest() says; how many there are; flows for which there was no room)."""
    selected = yield from view.select(where)
    groups = GroupList(selected, [GroupBy(selected.view, end="each")], health=True, ip=True)
    found = yield from groups.largest(limit)
    return [{"address": key[0][1], **sums} for key, sums in found], groups.groups, groups.unplaced
