"""SYN floods: one port is sent far more SYNs than connections come of.

Only attempts that nothing came of count: not those that were refused. Many ports are a scan, not a flood.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from netwatch._fast.out.addresses import text_of
from netwatch.detect.contract import CRITICAL, CROWD, Alarm, Detector, Many, Notice, Told, Value
from netwatch.model.option import Option

if TYPE_CHECKING:
    from netwatch._fast.notice.cardinality import Crowds
    from netwatch._fast.notice.crowd import Crowd


class SynFlood(Detector):
    name = "syn_flood"
    about = "Tell of SYN floods: many SYNs to one port, of which no connection comes."
    options = (
        Option("window_s", 10, "Seconds within which the SYNs fall.", 1, 3600),
        Option("syns", 500, "SYNs from different addresses or ports that nothing came of.", 10, 16000),
    )
    wants = frozenset({CROWD})

    def begin(self, of: Value, alarm: Alarm) -> Sequence[Many]:
        super().begin(of, alarm)
        return [Many(("half-open", "unanswered"), ("dst", "dport"), ("src", "sport"), of("syns"), of("window_s"),
                     ("tcp",))]

    def take(self, notice: Notice) -> None:
        if notice.dst not in self.allowed:
            self.alarm(self, notice, *notice.more[:2])

    def describe(self, about: Crowds, episode: Crowd) -> Told:
        key = about.key(episode)
        dst, dport = text_of(key["dst"]), key["dport"]
        sources = list(dict.fromkeys(text_of(thing["src"]) for thing in about.things(episode)))
        return Told(CRITICAL, "SYN flood",
                    f"{dst} port {dport} was sent {episode.count} SYNs that no connection came of, at most "
                    f"{episode.most} within {about.window_s} s",
                    {"syns": episode.count, "syns_at_most": episode.most, "window_s": about.window_s,
                     "sources_first": sources}, {"dst": dst, "dport": dport})
