"""The tabs, one line each. A tab's module has draw(canvas, area, state), which changes nothing, and ACTIONS.

ACTIONS maps the actions of the key table to functions of the state. on_snapshot(state) and on_mouse(state, ...) are
called when there is a new picture, and for clicks inside the tab's area. Modules are imported when first shown.
"""
from __future__ import annotations

import importlib
from dataclasses import dataclass
from types import ModuleType


@dataclass(frozen=True)
class Tab:
    """`key` is the digit that opens it, `name` also the context of its keys."""
    key: str
    name: str
    title: str
    module: str

    def load(self) -> ModuleType:
        return importlib.import_module(self.module)


TABS = (
    Tab("2", "connections", "Connections", "netwatch.ui.tabs.connections"),
)


def find(wanted: str | None) -> Tab:
    """The tab of that name, title or digit, whatever the case; for None the first. ValueError if there is none."""
    if wanted is None:
        return TABS[0]
    for tab in TABS:
        if wanted.lower() in (tab.key, tab.name):
            return tab
    raise ValueError(f"no tab {wanted!r}: there is {', '.join(tab.name for tab in TABS)}")
