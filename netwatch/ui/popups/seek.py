"""The line for a moment of a file to go to: a time of day, a date and time, or a distance."""
from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from netwatch._fast.term.canvas import Canvas, clip, text_width
from netwatch.addons.replay_control import END, Seek
from netwatch.ui import format as fmt
from netwatch.ui import timemode
from netwatch.ui.state import Area, Line, State
from netwatch.ui.theme import BAD, INPUT, MUTED, REVERSE, TEXT
from netwatch.ui.widgets.box import draw_box
from netwatch.ui.widgets.chooser import centred

_UNITS = {"ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9, "": 1e9}
_DISTANCE = re.compile(r"([+-])(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h|)")
_TIME = re.compile(r"(?:(\d{4}-\d\d-\d\d)[ t])?(\d\d?):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?z?")


@dataclass
class Part:
    line: Line = field(default_factory=Line)
    error: str = ""


def part(state: State) -> Part:
    return state.part("seek", Part)


def moment(text: str, now: int) -> int:
    """The packet time, ns, that a text names; a time without a date is on the day of `now`. Raises ValueError."""
    text = text.strip().lower()
    if text in ("start", "end"):
        return 0 if text == "start" else END
    if distance := _DISTANCE.fullmatch(text):
        ns = int(float(distance[2]) * _UNITS[distance[3]])
        return max(0, now + ns if distance[1] == "+" else now - ns)
    found = _TIME.fullmatch(text)
    if not found:
        raise ValueError("a time such as 12:30:05, 2026-01-02 12:30, +10s, -1m, start or end")
    hours, minutes, seconds = int(found[2]), int(found[3]), int(found[4] or 0)
    if hours > 23 or minutes > 59 or seconds > 59:
        raise ValueError("no such time of day")
    return fmt.at_time_of(now, (hours * 60 + minutes) * 60 + seconds, found[1] or "", text.endswith("z")) + \
        int((found[5] or "0").ljust(9, "0"))


def _now(state: State) -> int:
    """The moment on the screen, ns of packet time."""
    shown = state.snapshot.moment
    return shown.at_ns if shown is not None else state.health.clock_ns if state.health else 0


def on_open(state: State) -> None:
    state.parts["seek"] = Part()


def go(state: State) -> None:
    chosen = part(state)
    try:
        ns = moment(chosen.line.text, _now(state))
    except ValueError as error:
        chosen.error = str(error)
        return
    if 0 < ns < END and not _now(state) and state.health and state.health.packets:
        chosen.error = "this capture has no times"
        return
    state.overlay = ""
    if state.at is not None or state.live:
        timemode.live(state) if ns >= END else timemode.go(state, ns)
    else:
        state.do(Seek(ns))


def type_character(state: State, character: str) -> None:
    part(state).error = ""
    part(state).line.insert(character, limit=40)


def _edit(act: Callable[[Line], None]) -> Callable[[State], None]:
    def run(state: State) -> None:
        part(state).error = ""
        act(part(state).line)
    return run


ACTIONS: dict[str, Callable[[State], None]] = {
    "seek_go": go, "seek_backspace": _edit(lambda line: line.erase(line.cursor - 1, line.cursor)),
    "seek_clear": _edit(lambda line: line.erase(0, line.cursor)),
}


def where(state: State) -> Area:
    return centred(state.body, 5, 64)


def draw(canvas: Canvas, area: Area, state: State) -> None:
    box, chosen, glyphs = where(state), part(state), state.glyphs
    draw_box(canvas, box, "Go to", glyphs)
    at, room = box.x + 2, box.width - 4
    used = canvas.put(box.y + 1, at, chosen.line.text, INPUT, room - 1)
    canvas.put(box.y + 1, at + used, " ", INPUT | REVERSE)
    at_ns = _now(state)
    now = f"{fmt.day(at_ns)} {fmt.clock(at_ns, 3)} {fmt.zone(at_ns)}" if at_ns else glyphs.none
    lines = ((chosen.error, BAD) if chosen.error else ("12:30:05   2026-01-02 12:30   +10s   -1m   start   end", TEXT),
             (f"now {now}" if state.live or state.at is not None else
              f"now {now}; back: reads it again", MUTED))
    for i, (text, style) in enumerate(lines):
        if text_width(text) > room and i == 0 and not chosen.error:
            text = "12:30:05  +10s  -1m  start  end"
        canvas.put(box.y + 2 + i, at, clip(text, room, glyphs.ellipsis), style)
