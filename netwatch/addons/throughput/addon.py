"""What came in each second: the engine counts it, this keeper tells it what the engine cannot see.

That is how many frames were lost before they came here, and which addresses are this machine's own, by which bytes in
and out are told apart. A capture file has no such addresses: it may be from anywhere.
"""

from __future__ import annotations

import ipaddress
import time
from typing import Any

from netwatch._fast.flow.series import History
from netwatch.platform import base, current
from netwatch.run.pipeline import Step

ASK_AGAIN = 10.0  # seconds between two looks at the machine's addresses


class Past:
    """`history` is the engine's; `knows_here`: this machine's addresses are known; `gateway`: the default one, as
    octets and as text, None without."""

    wants: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.history = History()
        self.knows_here = False
        self.gateway: tuple[bytes, str] | None = None
        self._second = 0
        self._next_look = 0.0

    def begin(self, session: Any, settings: Any) -> None:
        session.engine.remember(self.history)
        if session.live:
            self._look_around({str(each.get("name")) for each in session.source.interfaces})

    def watch(self, session: Any, box: Any, step: Step | None) -> None:
        """Once a second of packet time, and of a live source only: nothing is lost from a file."""
        second = self.history.second
        if not session.live or second == self._second:
            return
        self._second = second
        stats = session.source.stats()
        self.history.set_drops(sum(stats.get(f"{where}_drops", 0) for where in ("kernel", "interface", "ring")))
        if time.monotonic() >= self._next_look:
            self._look_around({str(each.get("name")) for each in session.source.interfaces})

    def _look_around(self, names: set[str]) -> None:
        """At the machine's addresses, and the default route through the interfaces that are captured."""
        self._next_look = time.monotonic() + ASK_AGAIN
        try:
            here, routes = current().addresses(), current().routes()
        except (base.Unavailable, OSError):
            return
        self.history.set_here(here)
        self.knows_here = bool(here)
        ways = [route for route in routes
                if not route.prefix and route.gateway and (route.interface in names or "any" in names)]
        raw = min(ways, key=lambda route: (len(route.gateway), route.metric)).gateway if ways else b""
        self.gateway = (raw, str(ipaddress.ip_address(raw))) if raw else None
