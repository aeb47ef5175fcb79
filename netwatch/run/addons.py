"""What a session remembers while frames go by, so that a screen can ask for it later: one line each.

A keeper is made with the session before its first frame. watch() is called after each chunk, with the session's lock
held, so it must be quick: it counts, or copies bytes, and does no more. Everything is bounded.
"""

from __future__ import annotations

import importlib
from typing import Any, Protocol

from netwatch.run.pipeline import Step

KEEPERS: dict[str, str] = {  # name: "module:class"
    "minute": "netwatch.addons.sparklines:Minute",
    "events": "netwatch.addons.timeline.addon:Events",
    "interfaces": "netwatch.addons.interfaces.addon:Interfaces",
    "past": "netwatch.addons.throughput.addon:Past",
    "packets": "netwatch.addons.frames.addon:Packets",
}


class Keeper(Protocol):
    """`wants`: kinds of event that must be handed out for it, see pipeline.Pipeline. begin(session, settings), where
    it has one, is called when the engine is there and no frame has come."""
    """`wants`: kinds of event that must be handed out for it, see pipeline.Pipeline. A keeper may have begin(session),
    which is called before the first frame is read, and close(), when the session stops."""

    wants: frozenset[str]

    def watch(self, session: Any, box: Any, step: Step | None) -> None:
        """A chunk was read: `box` holds its frames until the next one. `step` is what it gave, None at the end."""


def make() -> dict[str, Keeper]:
    """One of each."""
    made = {}
    for name, place in KEEPERS.items():
        module, _, cls = place.partition(":")
        made[name] = getattr(importlib.import_module(module), cls)()
    return made
