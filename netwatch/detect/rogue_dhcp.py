"""Rogue DHCP servers: a second server gives clients another router or other name servers than the first.

Two servers that say the same are a pair. `allow` names the network's own servers, all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from netwatch.detect.contract import CROWD, WARNING, Alarm, Detector, Many, Notice, Told, Value
from netwatch.detect.episodes import Bounded, said
from netwatch.model.record import Record

if TYPE_CHECKING:
    from netwatch._fast.notice.crowd import Crowd

SERVERS = 256  # remembered
GIVEN = ("router", "dns")


class RogueDhcp(Detector):
    name = "rogue_dhcp"
    about = "Tell of DHCP servers that give another router, or other name servers, than the first that was seen."
    wants = frozenset({CROWD})

    def begin(self, of: Value, alarm: Alarm) -> Sequence[Many]:
        self._servers: Bounded[str, Record] = Bounded(SERVERS)
        super().begin(of, alarm)
        return [Many(("told",), ("src", "dst", "facts"), ("sport",), 1, 86400, ("udp",), ("dhcp",), bound=1024)]

    def take(self, notice: Notice) -> None:
        _, crowd, facts = notice.more
        found = said(facts, notice.app).get("dhcp", {})
        server, given = found.get("server"), {name: found[name] for name in GIVEN if name in found}
        if not server or not given or notice.src in self.allowed or notice.dst in self.allowed:
            return
        others = [(name, own) for name, own in self._servers.items() if name != server]
        self._servers.setdefault(server, given)
        for other, own in others[:1]:
            differs = [name for name in GIVEN if name in given and name in own and given[name] != own[name]]
            if differs:
                self.alarm(self, notice, (server, other, {name: given[name] for name in differs}), crowd)

    def describe(self, about: tuple[str, str, Record], episode: Crowd) -> Told:
        server, other, differs = about
        what = ", ".join(f"{name} {_text(value)}" for name, value in differs.items())
        return Told(WARNING, "Another DHCP server", f"{server} gives clients {what}, unlike {other}",
                    {"server": server, "first_server": other, **{name: _text(v) for name, v in differs.items()}},
                    {"src": server})


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
