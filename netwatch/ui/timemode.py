"""Time mode: the tabs as they were at a moment that is over. The session goes on meanwhile.

`state.at` is the moment that is asked for, None for now; which one is shown, and what lies around it, comes with the
snapshot.
"""
from __future__ import annotations

from collections.abc import Callable

from netwatch._fast.term.canvas import Canvas, clip
from netwatch.ui import format as fmt
from netwatch.ui.state import Area, State
from netwatch.ui.theme import MUTED, TEXT, WARN

MINUTE = 60_000_000_000
WHAT_CAN = "Dashboard, Connections, Stats, Topology, Processes, Egress, and of this run all tabs"
WHY = {
    "interfaces": "counters of interfaces of an earlier run are not kept",
    "packets": "frames of an earlier run are not kept",
    "timeline": "events of an earlier run are not kept",
    "insights": "what was counted in an earlier run is not kept",
    "dense": "the state of interfaces and of the capture is not kept by the second",
}


def _without(state: State) -> bool:
    """Does nothing come for what fills the screen, past or not?"""
    return state.health is not None and _name(state) in state.health.without


def _name(state: State) -> str:
    return state.tab if state.view == "full" else state.view


def shows(state: State) -> bool:
    """Can what fills the screen be shown as it was? Now, everything can for which something comes."""
    return (state.at is None or state.as_it_was) and not _without(state)


def go(state: State, ns: int) -> None:
    """To the newest moment at or before a time, else to the oldest."""
    state.at = max(1, ns)
    state.paused = False               # a moment stands still by itself


def _here(state: State) -> int:
    """Where one is, ns; 0 when nothing was seen yet."""
    shown = state.snapshot.moment
    if state.at is not None:
        known = shown is not None and state.snapshot.request is not None and state.snapshot.request.at == state.at
        return shown.at_ns if known and shown is not None else state.at
    return state.health.clock_ns if state.health else 0


def _nowhere(state: State) -> None:
    """There is no moment to go from: say why."""
    state.message = "This capture has no times: there is no moment to go to" \
        if state.health and state.health.packets else "Nothing has been seen yet"


def back(state: State) -> None:
    """The moment before."""
    shown = state.snapshot.moment
    if state.at is not None and shown is not None and _here(state) <= shown.first_ns:
        state.message = "That is the oldest moment that is kept"
    elif _here(state):
        go(state, _here(state) - 1)
    else:
        _nowhere(state)


def on(state: State) -> None:
    """The moment behind; behind the newest it is now."""
    shown = state.snapshot.moment
    if state.at is None:
        state.message = "This is now"
    elif shown is None or shown.next_ns is None:
        live(state)
    else:
        go(state, max(shown.next_ns, _here(state)))


def _by(ns: int) -> Callable[[State], None]:
    def act(state: State) -> None:
        if _here(state):
            go(state, _here(state) + ns)
        else:
            _nowhere(state)
    return act


def live(state: State) -> None:
    """Back to now."""
    state.at = None


ACTIONS: dict[str, Callable[[State], None]] = {
    "past_back": back, "past_on": on, "past_minute_back": _by(-MINUTE), "past_minute_on": _by(MINUTE),
    "past_live": live, "past_seek": lambda state: state.act("seek"),
}


def status(state: State) -> list[tuple[str, int]]:
    """Which moment is shown, how far apart they are, how long ago it was; nothing while it is now."""
    if state.at is None:
        return []
    shown = state.snapshot.moment
    if shown is None or state.health is None:
        return [(state.glyphs.paused, WARN), (" going back", WARN)]
    ago = fmt.age(max(0, state.health.clock_ns - shown.at_ns) / 1e9)
    apart = f"every {fmt.age(shown.step_ns / 1e9)}" if shown.step_ns else "the oldest moment"
    return [(state.glyphs.paused, WARN),
            (f" as of {fmt.day(shown.at_ns)} {fmt.clock(shown.at_ns, 3)} {fmt.zone(shown.at_ns)}", WARN),
            (f"  {ago} ago, {apart}", TEXT),
            (f"  {fmt.count(shown.left_out)} flows are not in it" if shown.left_out else "", WARN)]


def draw(canvas: Canvas, area: Area, state: State) -> None:
    """Instead of a tab that cannot be shown, or not as it was."""
    name = _name(state)
    title = next(tab.title for tab in state.tabs if tab.name == state.tab) if state.view == "full" else \
        f"The {state.view} view"
    y = area.y + max(1, area.height // 3)
    told = ((f"{title} has nothing to show.", TEXT), (state.health.why_without, MUTED)) \
        if state.health is not None and _without(state) else \
        ((f"{title} shows nothing of the past: {WHY[name]}.", TEXT), (f"{WHAT_CAN} can. End goes back to now.", MUTED))
    for i, (text, style) in enumerate(told):
        if y + i < area.y + area.height:
            canvas.put(y + i, area.x + 3, clip(text, area.width - 4, state.glyphs.ellipsis), style)
