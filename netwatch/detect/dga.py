"""Names made by an algorithm: one host asks for many domains that do not exist and that nobody would choose.

A domain's label reads as made when it has few vowels, long runs of consonants, or digits among its letters. Trackers
that a resolver hides do not exist either, but are called by words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from netwatch._fast.out.addresses import text_of
from netwatch.detect.contract import CROWD, WARNING, Alarm, Detector, Many, Notice, Told, Value
from netwatch.detect.episodes import bound_of
from netwatch.model.option import Option

if TYPE_CHECKING:
    from netwatch._fast.notice.cardinality import Crowds
    from netwatch._fast.notice.crowd import Crowd

NAMES = 4096  # remembered
VOWELS = "aeiouy"
RUN = re.compile(r"[bcdfghjklmnpqrstvwxz]{5}|[a-z]\d+[a-z]")
FEW = 0.25  # share of vowels; of English words two fifths


class Dga(Detector):
    name = "dga"
    about = "Tell of hosts that ask for many domains that do not exist and read as if an algorithm had made them."
    options = (
        Option("window_s", 600, "Seconds within which they are asked for.", 10, 86400),
        Option("domains", 20, "Different domains that do not exist.", 3, 16000),
    )
    wants = frozenset({CROWD})

    def begin(self, of: Value, alarm: Alarm) -> Sequence[Many]:
        super().begin(of, alarm)
        return [Many(("told",), ("src",), ("name",), of("domains"), of("window_s"), apps=("dns",), names="missing",
                     bound=bound_of(of("domains"), NAMES))]

    def take(self, notice: Notice) -> None:
        table, crowd, _ = notice.more
        names = [thing["name"] for thing in table.things(crowd)]
        if notice.src not in self.allowed and 3 * sum(map(reads_as_made, names)) >= 2 * len(names):
            self.alarm(self, notice, table, crowd)

    def describe(self, about: Crowds, episode: Crowd) -> Told:
        src, names = text_of(about.key(episode)["src"]), [thing["name"] for thing in about.things(episode)]
        return Told(WARNING, "Names made by an algorithm", f"{src} asked for {episode.most} domains that do not exist "
                    f"within {about.window_s} s, such as {', '.join(names[:3])}",
                    {"domains_at_most": episode.most, "window_s": about.window_s, "domains_first": names}, {"src": src})


def reads_as_made(domain: str) -> bool:
    """Would nobody choose this?"""
    label = domain.lower().partition(".")[0]
    letters = sum(map(str.isalpha, label))
    return bool(RUN.search(label)) or (letters > 0 and sum(map(label.count, VOWELS)) < FEW * letters)
