"""Lateral movement: one host opens connections to the administration ports of many others of its own networks.

SMB, RPC, RDP and WinRM only. A server that manages others does the same: `allow` is for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from netwatch._fast.out.addresses import text_of
from netwatch.detect.contract import CROWD, INSIDE, WARNING, Alarm, Detector, Many, Notice, Told, Value
from netwatch.detect.episodes import Own, bound_of
from netwatch.model.option import Option

if TYPE_CHECKING:
    from netwatch._fast.notice.cardinality import Crowds
    from netwatch._fast.notice.crowd import Crowd

CONNECTIONS = 2048  # remembered
PORTS = {135: "RPC", 139: "SMB", 445: "SMB", 3389: "RDP", 5985: "WinRM", 5986: "WinRM"}


class Lateral(Detector):
    name = "lateral"
    about = "Tell of hosts that reach many others of their own networks by SMB, RPC, RDP or WinRM."
    options = (
        Option("window_s", 300, "Seconds within which they are reached.", 1, 86400),
        Option("hosts", 10, "Hosts that are reached.", 3, 16000),
    )
    wants = frozenset({CROWD, INSIDE})

    def begin(self, of: Value, alarm: Alarm) -> Sequence[Many]:
        super().begin(of, alarm)
        self._own = Own()
        return [Many(("opened",), ("src", "dport"), ("dst",), of("hosts"), of("window_s"), ("tcp",),
                     ports=frozenset(PORTS), bound=bound_of(of("hosts"), CONNECTIONS))]

    def take(self, notice: Notice) -> None:
        if notice.kind == INSIDE:
            self._own.take(notice)
        elif notice.src not in self.allowed and notice.src in self._own and notice.dst in self._own:
            self.alarm(self, notice, *notice.more[:2])

    def describe(self, about: Crowds, episode: Crowd) -> Told:
        key = about.key(episode)
        src, port = text_of(key["src"]), key["dport"]
        hosts = [text_of(thing["dst"]) for thing in about.things(episode)]
        return Told(WARNING, f"{PORTS[port]} to many hosts",
                    f"{src} connected to port {port} ({PORTS[port]}) of {episode.most} hosts within {about.window_s} s",
                    {"hosts": episode.most, "connections": episode.count, "window_s": about.window_s,
                     "hosts_first": hosts}, {"src": src, "dport": port})
