"""Ways to fill the screen, one line each: the tabs, or one screen instead of them. `V` goes from one to the next.

A view's module is made like a tab's; with BARE = True it has the whole terminal and draws its own frame.
"""
from __future__ import annotations

from typing import NamedTuple


class View(NamedTuple):
    """`name` is also the context of its keys."""
    name: str
    module: str = ""


VIEWS = (
    View("full"),
    View("lite", "netwatch.ui.views.lite"),
    View("dense", "netwatch.ui.views.dense"),
)


def find(name: str) -> View:
    """ValueError if there is none of that name."""
    for view in VIEWS:
        if view.name == name:
            return view
    raise ValueError(f"no view {name!r}: there is {', '.join(view.name for view in VIEWS)}")


def after(name: str) -> View:
    """The next one, the first after the last."""
    return VIEWS[(VIEWS.index(find(name)) + 1) % len(VIEWS)]
