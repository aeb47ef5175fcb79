"""The tabs, one line each. A tab's module has draw(canvas, area, state), which changes nothing, and ACTIONS.

ACTIONS maps the actions of the key table to functions of the state. What else it may have: new_part(), what it
remembers in state.parts[name]; question(state), a model.session.Question whose answer is then in
state.snapshot.answer; order(column, descending), which makes it a table of flows (state.snapshot.rows), with
ASKS_INSTEAD only while question() gives none; sorting(state), a popups.sort.Sorting, for `s` and for the columns to
choose from; inner(state), contexts of keys inside it ("global" as the last: the tab's own keys rest);
on_snapshot(state) and on_mouse(state, what, y, x), for a new picture and for clicks inside its area;
draw_overlay(canvas, area, state), for popups of its own. Modules are imported when first shown.
"""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tab:
    """`key` is the digit that opens it, "" where all are given: it is reached from its neighbours and by the palette;
    `name` is also the context of its keys; `short` is its title where there is less room, and the first four letters
    of that where there is little."""
    key: str
    name: str
    title: str
    short: str
    module: str


TABS = (
    Tab("1", "dashboard", "Dashboard", "Dash", "netwatch.ui.tabs.dashboard.tab"),
    Tab("2", "connections", "Connections", "Conns", "netwatch.ui.tabs.connections.tab"),
    Tab("3", "interfaces", "Interfaces", "Ifaces", "netwatch.ui.tabs.interfaces"),
    Tab("4", "packets", "Packets", "Packets", "netwatch.ui.tabs.packets.tab"),
    Tab("5", "stats", "Stats", "Stats", "netwatch.ui.tabs.stats.tab"),
    Tab("6", "topology", "Topology", "Topo", "netwatch.ui.tabs.topology"),
    Tab("7", "timeline", "Timeline", "Time", "netwatch.ui.tabs.timeline"),
    Tab("8", "processes", "Processes", "Procs", "netwatch.ui.tabs.processes.tab"),
    Tab("9", "insights", "Insights", "Insight", "netwatch.ui.tabs.insights"),
    Tab("0", "egress", "Egress", "Egress", "netwatch.ui.tabs.egress"),
)


FIRST = "connections"              # shown when nothing else is asked for


def find(wanted: str | None) -> Tab:
    """The tab of that name, title or digit, whatever the case; for None FIRST. ValueError if there is none."""
    wanted = wanted or FIRST
    for tab in TABS:
        if wanted.lower() in (tab.key, tab.name):
            return tab
    raise ValueError(f"no tab {wanted!r}: there is {', '.join(tab.name for tab in TABS)}")
