"""What the Stats tab remembers, how its area is cut up, and the rows of its panels: for drawing, keys and mouse."""
from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from netwatch.addons.statistics import (
    BREAKDOWNS,
    NOTHING,
    PROTOCOL,
    Piece,
    Share,
    Statistics,
    StatisticsQuestion,
    Talker,
)
from netwatch.model.group import GroupKey, Within
from netwatch.ui.state import Area, State
from netwatch.ui.tabs.stats.histogram import Step, steps_of

SIDE_BY_SIDE = 76                  # columns from which two panels stand beside each other
SPREAD_ROWS = 10                   # of round trips, at most
PANELS = ("pieces", "talkers", "handshake", "data")
UNRECOGNISED = "unrecognised"

Row = Share | Piece | Talker | Step


@dataclass
class Stats:
    """`panel` has the keys; `chosen` is the selected row of each, by what it is, and `tops` the first on screen."""
    range: str = "session"
    by: str = "protocol"
    panel: str = "pieces"
    chosen: dict[str, Hashable] = field(default_factory=dict)
    tops: dict[str, int] = field(default_factory=dict)


new_part = Stats


class Layout(NamedTuple):
    """Panels have a title line each; None where there is no room."""
    chips: Area
    tiles: Area
    pieces: Area
    talkers: Area | None
    handshake: Area | None
    data: Area | None


def part(state: State) -> Stats:
    return state.part("stats", Stats)


def question(state: State) -> StatisticsQuestion:
    return StatisticsQuestion(part(state).range, where=state.filter.applied, by=part(state).by)


def statistics(state: State) -> Statistics | None:
    found = state.snapshot.answer
    return found if isinstance(found, Statistics) else None


def ways(state: State) -> list[str]:
    """What sums can be made by here: of a file processes are seldom known."""
    unknown = state.health.ungrouped if state.health else ()
    return [by for by in BREAKDOWNS if by not in unknown]


def is_dns(state: State) -> bool:
    return part(state).by.startswith("DNS")


def layout(state: State) -> Layout:
    """Cut the tab's area up: drawing and the keys ask."""
    y, x, height, width = state.body
    chips = Area(y, x, min(1, height), width)
    tall = 3 if height >= 14 else 2
    strip = Area(y + 1, x, max(0, min(tall, height - 1)), width)
    y, height = y + 1 + tall, max(0, height - 1 - tall)
    if width < SIDE_BY_SIDE:
        upper = height if height < 10 else height // 2
        return Layout(chips, strip, Area(y, x, upper, width),
                      Area(y + upper, x, height - upper, width) if height > upper else None, None, None)
    half = width // 2
    below = min(SPREAD_ROWS + 1, height * 2 // 5) if height >= 12 else 0
    upper = height - below
    lower = y + upper
    return Layout(chips, strip, Area(y, x, upper, half - 1), Area(y, x + half, upper, width - half),
                  Area(lower, x, below, half - 1) if below else None,
                  Area(lower, x + half, below, width - half) if below else None)


def hierarchy(shares: tuple[Share, ...]) -> list[Share]:
    """Each transport with its sums, and under it the applications recognised; the rest of it is UNRECOGNISED."""
    found: list[Share] = []
    groups: dict[str, list[Share]] = {}
    for share in shares:
        groups.setdefault(share.transport, []).append(share)
    for name, parts in sorted(groups.items(), key=lambda each: -sum(share.bytes for share in each[1])):
        found.append(Share(name, "", *(sum(getattr(share, key) for share in parts)
                                       for key in ("flows", "packets", "bytes"))))
        if any(share.app for share in parts):
            found += [replace(share, app=share.app or UNRECOGNISED) for share in parts]
    return found


def rows_of(state: State, found: Statistics, panel: str) -> list[Row]:
    """The rows of a panel, all of them; of round trips those that fit."""
    if panel == "pieces":
        return list(found.pieces) if part(state).by != "protocol" else list(hierarchy(found.shares))
    if panel == "talkers":
        return list(found.talkers)
    area = getattr(layout(state), panel)
    return list(steps_of(times_of(state, found, panel), area.height - 1)) if area else []


def times_of(state: State, found: Statistics, panel: str) -> tuple[int, ...]:
    """Flows in each step of a panel's time."""
    return found.handshake if panel == "handshake" else found.dns_latency if is_dns(state) else found.data


def identity(row: Row) -> Hashable:
    """What a row is, wherever it stands."""
    if isinstance(row, Share):
        return row.transport, row.app
    if isinstance(row, Piece):
        return row.label
    return row.address if isinstance(row, Talker) else row[:2]


def place(state: State, found: Statistics, panel: str) -> int:
    """The index of the selected row of a panel, 0 where it is no more."""
    chosen = part(state).chosen.get(panel)
    return next((i for i, row in enumerate(rows_of(state, found, panel)) if identity(row) == chosen), 0)


def top_of(state: State, panel: str, height: int, at: int, total: int) -> int:
    """The first row on screen, so that the selected one is."""
    top = min(part(state).tops.get(panel, 0), max(0, total - height))
    return max(0, min(max(top, at - height + 1), at)) if total else 0


def of_protocol(share: Share, since: int) -> Within:
    """The flows of a line of the tree of protocols."""
    proto: GroupKey = ("proto", share.transport)
    if not share.app:
        return Within(PROTOCOL[:1], (proto,), share.transport, since=since)
    app: GroupKey = NOTHING if share.app == UNRECOGNISED else ("app", share.app)
    return Within(PROTOCOL, (proto, app), f"{share.transport} {share.app}", since=since)


def of_time(state: State, panel: str, step: Step) -> tuple[str, str]:
    """(the filter that finds the flows of a step, what they are)."""
    name, only = ("rtt_us", "proto == tcp and ") if panel == "handshake" else ("dns.latency_us", "") \
        if is_dns(state) else ("srtt_us", "proto == tcp and ")
    low, high, _ = step
    return f"{only}{name} >= {low}us" + (f" and {name} < {high}us" if high is not None else ""), \
        f"{name} from {low} us on" if high is None else f"{name} of {low} to {high} us"
