"""The Timeline tab: what happened and when, how dense it was, and how much was carried meanwhile."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from netwatch._fast.term.canvas import Canvas, clip
from netwatch.addons.alerts import AcknowledgeOne, MuteOne
from netwatch.addons.timeline import CATEGORIES, SHOWN, Entry, Timeline, TimelineNow
from netwatch.model.contract import Command
from netwatch.ui import drill
from netwatch.ui import format as fmt
from netwatch.ui.popups import alert
from netwatch.ui.state import Area, State
from netwatch.ui.theme import BAD, DOWN, MATCH, MUTED, TEXT, TITLE, WARN, Glyphs
from netwatch.ui.widgets.facts import Span
from netwatch.ui.widgets.graph import spark
from netwatch.ui.widgets.listing import Listing, ListPart
from netwatch.ui.widgets.table import MARGIN, Cell, Column

NAME = "timeline"
WINDOWS = (("1m", 60), ("5m", 300), ("15m", 900), ("1h", 3600), ("24h", 86400), ("session", 0))
STRIP = 3                          # lines: events, bytes, the axis
STRIP_FROM = 14                    # rows of the body from which there is room for it
LABEL = 11                         # cells before the strip


@dataclass
class TimelinePart(ListPart):
    """`window`: its place in WINDOWS."""
    chip: str = "all"
    window: int = len(WINDOWS) - 1


def question(state: State) -> Timeline:
    part = state.part(NAME, TimelinePart)
    return Timeline(WINDOWS[part.window][1], part.chip, 2 * _cells(state), state.filter.applied)


def now(state: State) -> TimelineNow | None:
    found = state.snapshot.answer
    return found if isinstance(found, TimelineNow) else None


def rows(state: State) -> tuple[Entry, ...]:
    found = now(state)
    return found.events if found else ()


def _cells(state: State) -> int:
    """Of the strip. In steps of ten, so that a resize does not ask at every cell."""
    return max(10, (state.body.width - LABEL - 3) // 10 * 10)


# ------------------------------------------------------------------------------------------------------------ cells

_STYLES = {"info": TEXT, "warning": WARN, "error": BAD}


def _mark(row: Entry, glyphs: Glyphs) -> tuple[str, int, int | None]:
    return {"info": glyphs.dot, "warning": "!", "error": glyphs.ended}[row.severity], _STYLES[row.severity], None


COLUMNS = (
    Column("severity", "Severity", 8, 8, 0, False, 80, lambda row, glyphs: (row.severity, _STYLES[row.severity]),
           help="info, warning or error"),
    Column("time", "Time", 12, 12, 0, False, 60, lambda row, glyphs: (fmt.clock(row.time_ns, 3), MUTED),
           help="packet time"),
    Column("category", "Category", 9, 9, 0, False, 55, lambda row, glyphs: (row.category, MUTED), help="of what sort"),
    Column("text", "Event", 20, 400, 1, False, 99, lambda row, glyphs:
           (row.text + (f" {glyphs.ended}{row.count}" if row.count > 1 else ""), _STYLES[row.severity]),
           help="what happened, and how often within a minute"),
)
AGE_AT = 2                         # where the age stands among them


def _columns(state: State) -> tuple[Column, ...]:
    """The age is measured from the moment of the answer, so it is made with the picture."""
    found = now(state)

    def age(row: Entry, glyphs: Glyphs) -> Cell:
        return (fmt.age((found.now_ns - row.time_ns) / 1e9), MUTED) if found and row.time_ns else (glyphs.none, MUTED)

    event = replace(COLUMNS[-1], least=max(COLUMNS[-1].least, state.body.width * 3 // 5))
    return (*COLUMNS[:AGE_AT], Column("age", "Age", 6, 6, 0, True, 50, age, help="packet time since then"),
            *COLUMNS[AGE_AT:-1], event)


# -------------------------------------------------------------------------------------------------------------- face

def _head(state: State) -> list[Span]:
    found, (name, _) = now(state), WINDOWS[state.part(NAME, TimelinePart).window]
    told: list[Span] = [(f"t {name}" if name == "session" else f"t last {name}", TITLE)]
    if found is None:
        return [*told, ("  asking", MUTED)]
    noun = "event" if found.total == 1 else "events"
    told.append((f"  {fmt.count(found.total)} {noun}", TEXT))
    if len(found.events) >= SHOWN:
        told.append((f", newest {fmt.count(SHOWN)} lines shown", MUTED))
    if state.filter.applied_text:
        told.append((f"  {len(found.events)} pass the filter: {state.filter.applied_text}", MATCH))
    return told


def _empty(state: State) -> tuple[str, ...]:
    if now(state) is None:
        return ("Asking what happened.",)
    return ("Nothing of note in this time.",
            "Looked for: first flows to an endpoint, ends of large or long flows, refused, reset and unanswered",
            "connections, ICMP unreachable, DNS errors, bursts of segments sent again, zero windows, malformed",
            "packets, drops, clocks that went back, changes of interfaces and addresses.", "t takes a longer time.")


def _strip(state: State) -> int:
    return STRIP if state.body.height >= STRIP_FROM else 0


def new_part() -> TimelinePart:
    return TimelinePart(chip="all")


def _stretched(values: tuple[int, ...], samples: int) -> list[float | None]:
    """So many samples; each value is repeated where there are too few."""
    times = max(1, samples // max(1, len(values)))
    return [float(value) for value in values for _ in range(times)]


def _draw_strip(canvas: Canvas, area: Area, state: State) -> None:
    found, glyphs = now(state), state.glyphs
    if found is None or area.height < STRIP:
        return
    if not found.now_ns:
        canvas.put(area.y, area.x + MARGIN, "No frame has a time: there is no course of events.", MUTED)
        return
    cells = min(_cells(state), area.width - LABEL - 3)
    x = area.x + MARGIN
    events, carried = _stretched(found.counts, 2 * cells), _stretched(found.bytes, 2 * cells)
    width = min(cells, (len(events) + 1) // 2)
    worst = max(found.counts, default=0)
    warned = _stretched(found.warnings, 2 * cells)
    canvas.put(area.y, x, "events", MUTED)
    for i, sign in enumerate(spark(events, width, None, glyphs)):
        at = len(events) - 2 * (width - i)
        canvas.put(area.y, x + LABEL + i, sign, WARN if any(warned[max(0, at):at + 2]) else TEXT)
    canvas.put(area.y + 1, x, "bytes", MUTED)
    canvas.put(area.y + 1, x + LABEL, spark(carried, width, None, glyphs), DOWN)
    end_ns = (found.start_s + found.step_s * len(found.counts)) * 1_000_000_000
    start_ns = found.start_s * 1_000_000_000
    days = fmt.day(start_ns) != fmt.day(end_ns)
    left = f"{fmt.day(start_ns)} {fmt.clock(start_ns)}" if days or not state.live else fmt.clock(start_ns)
    right = f"{fmt.day(end_ns)} {fmt.clock(end_ns)}" if days else fmt.clock(end_ns)
    top = f"{fmt.age(found.step_s)} a part, at most {fmt.count(worst)} events, " \
        f"{fmt.size(max(found.bytes, default=0))}"
    canvas.put(area.y + 2, x + LABEL, left, MUTED)
    if width > len(left) + len(right) + 2:
        canvas.put(area.y + 2, x + LABEL + width - len(right), right, MUTED)
        room = width - len(left) - len(right) - 4
        top = top if len(top) <= room else top.partition(",")[0]
        if len(top) <= room:
            canvas.put(area.y + 2, x + LABEL + len(left) + 2 + (room - len(top)) // 2,
                       clip(top, room, glyphs.ellipsis), MUTED)


def draw(canvas: Canvas, area: Area, state: State) -> None:
    places = LIST.draw(canvas, state)
    _draw_strip(canvas, places.extra, state)


def window_next(state: State) -> None:
    part = state.part(NAME, TimelinePart)
    part.window = (part.window + 1) % len(WINDOWS)
    part.pinned, part.cursor, part.top = False, 0, 0
    state.message = f"The last {WINDOWS[part.window][0]}" if WINDOWS[part.window][1] else "The whole session"


def follow(state: State) -> None:
    """To the flow that did it, in Connections."""
    row = LIST.selected(state)
    if row is None:
        state.message = "Nothing is selected"
    elif row.flows and all(row.flows):
        numbers = ", ".join(str(flow) for flow in sorted(set(row.flows)))
        drill.into_text(state, f"id in {{{numbers}}}", "these events")
    elif not row.flow:
        state.message = "No single flow did this"
    else:
        drill.into_text(state, f"id == {row.flow}", "this event")
        state.table.selected, state.table.pinned = row.flow, True


def entry_open(state: State) -> None:
    """All of an alert; of what is none, its flow."""
    row = LIST.selected(state)
    if row is not None and row.alert:
        alert.show(state, row.alert)
    else:
        follow(state)


def _mark_alert(command: Callable[[int], Command]) -> Callable[[State], None]:
    def act(state: State) -> None:
        row = LIST.selected(state)
        if row is None or not row.alert:
            state.message = "That is not an alert"
        else:
            state.do(command(row.alert))
    return act


LIST = Listing(NAME, COLUMNS, rows, key=lambda row: (row.time_ns, row.alert or row.text), head=_head, extra=_strip,
               empty=_empty, mark=_mark, columns_of=_columns, chips=("all", "warnings", *CATEGORIES),
               noun=("event", "events"), entered=entry_open)
ACTIONS = LIST.actions() | {"follow": follow, "window_next": window_next, "entry_open": entry_open,
                            "alert_ack": _mark_alert(AcknowledgeOne), "alert_mute": _mark_alert(MuteOne)}
on_snapshot, on_mouse = LIST.on_snapshot, LIST.on_mouse
