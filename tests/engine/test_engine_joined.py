"""A capture that begins in the middle of a connection: the lab's own captures, cut at every segment that carries data.

Each flow of a capture is named by the whole of it. Then it is read again from each of its data segments on, as if one
had begun to listen there: named rightly counts, unknown does not, any other name is a fault. What stands in NAMED is
the least share of the cuts of a protocol that must be named; it may only rise.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from lab import small_captures, tcp_flows

# what says nothing of itself: a file that FTP sends, what is encrypted, pixels, the rest of a long message
NAMED: dict[str, float] = {"dns": 0.75, "ftp-data": 0.0, "ssh": 0.33, "vnc": 0.65}
OTHERS = 0.9  # of any other protocol


def cuts_of(path: Path) -> Counter[tuple[str, str]]:
    """Of each protocol, how many cuts of its flows are named, unknown and wrong."""
    counts: Counter[tuple[str, str]] = Counter()
    for lab in tcp_flows(path):
        for at, side in enumerate(lab.said):
            if side is None:
                continue
            found = [app for each in lab.read(lab.frames[at:]).flows for app in each.get("app_stack", [])]
            verdict = "unknown" if not found else "named" if set(found) <= set(lab.stack) else "wrong"
            counts[lab.stack[-1], verdict] += 1
    return counts


def all_cuts() -> Counter[tuple[str, str]]:
    return sum(map(cuts_of, small_captures()), Counter())


@pytest.fixture(scope="module")
def cuts() -> Counter[tuple[str, str]]:
    return all_cuts()


def test_no_cut_is_misnamed(cuts: Counter[tuple[str, str]]) -> None:
    assert {app: n for (app, verdict), n in cuts.items() if verdict == "wrong"} == {}


def test_as_many_cuts_are_named_as_ever(cuts: Counter[tuple[str, str]]) -> None:
    apps = {app for app, _ in cuts}
    share = {app: cuts[app, "named"] / (cuts[app, "named"] + cuts[app, "unknown"]) for app in apps}
    assert {app: round(part, 3) for app, part in share.items() if part < NAMED.get(app, OTHERS)} == {}
