"""One alert, whole: what was found, by what, its evidence, and the flows and frames that show it."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from netwatch._fast.term.canvas import Canvas, clip
from netwatch.addons.alerts import AcknowledgeOne, AlertNow, MuteOne, OneAlert, words
from netwatch.model.contract import Command
from netwatch.ui import drill
from netwatch.ui import format as fmt
from netwatch.ui.state import Area, State
from netwatch.ui.theme import BAD, MUTED, TEXT, WARN
from netwatch.ui.widgets import facts
from netwatch.ui.widgets.box import draw_box
from netwatch.ui.widgets.chooser import Chooser, centred, moves
from netwatch.ui.widgets.facts import Fact, Span, fact, title
from netwatch.ui.widgets.table import draw_scroll_bar

NAME = "alert"
WIDTH = 100
SEVERITY = {"critical": BAD, "warning": WARN, "info": TEXT}
ENDS = (("src", "Source"), ("dst", "Destination"), ("dport", "Port"))


@dataclass
class Part:
    """`number`: of the alert, see addons/alerts.py."""
    number: int = 0
    place: Chooser = field(default_factory=Chooser)


def show(state: State, number: int) -> None:
    """Open it for the alert of that number."""
    state.parts[NAME] = Part(number)
    state.overlay = NAME


def _part(state: State) -> Part:
    return state.part(NAME, Part)


def question(state: State) -> OneAlert:
    return OneAlert(_part(state).number)


def now(state: State) -> AlertNow | None:
    """What was answered last, if it is this alert."""
    asked, found = state.snapshot.asked, state.snapshot.answer
    return found if asked == question(state) and isinstance(found, AlertNow) else None


def _facts(state: State, found: AlertNow) -> list[Fact]:
    glyphs, alert = state.glyphs, found.alert
    marks = [word for word, on in (("acknowledged", found.acknowledged), ("muted", found.muted)) if on]
    told = [title(str(alert["title"])), ("", str(alert["text"]), TEXT),
            ("Severity", ", ".join([str(alert["severity"]), *marks]), SEVERITY[alert["severity"]]),
            fact("Seen", f"{fmt.count(int(alert['count']))} times", glyphs), fact("First", str(alert["first"]), glyphs),
            fact("Last", str(alert["last"]), glyphs)]
    told += [fact(label, str(alert[key]), glyphs) for key, label in ENDS if key in alert]
    told += [title("Evidence"), *(fact(key, words(value), glyphs) for key, value in alert["evidence"].items())]
    told += [title("Shown by"), fact("Flows", words(alert["flows"]), glyphs),
             fact("Frames", words(alert["frames"]), glyphs)]
    return [*told, title("Found by"), fact(str(alert["kind"]), found.detector, glyphs)]


def _lines(state: State) -> list[list[Span]]:
    found = now(state)
    width = min(WIDTH, state.body.width) - 6
    return facts.lines_of(_facts(state, found), width, state.glyphs) if found is not None else []


def box_of(state: State) -> Area:
    return centred(state.body, max(3, len(_lines(state)) + 2), WIDTH)


def rows_of(state: State) -> Area:
    box = box_of(state)
    return Area(box.y + 1, box.x + 1, max(1, box.height - 2), box.width - 2)


def draw(canvas: Canvas, area: Area, state: State) -> None:
    rows, lines, glyphs = rows_of(state), _lines(state), state.glyphs
    draw_box(canvas, box_of(state), "Alert", glyphs)
    if not lines:
        canvas.put(rows.y, rows.x + 1, "asking", MUTED)
    top = max(0, min(_part(state).place.row, len(lines) - rows.height))
    for i, line in enumerate(lines[top:top + rows.height]):
        x = rows.x + 1
        for text, style in line:
            x += canvas.put(rows.y + i, x, clip(text, rows.x + rows.width - 2 - x, glyphs.ellipsis), style)
    draw_scroll_bar(canvas, rows, top, len(lines), glyphs)


def _flows(state: State) -> None:
    found = now(state)
    state.overlay = ""
    if found is None or not found.alert["flows"]:
        state.message = "This alert is about no flows"
        return
    drill.into_text(state, f"id in {{{words(found.alert['flows'])}}}", "this alert")


def _do(command: Callable[[int], Command]) -> Callable[[State], None]:
    def act(state: State) -> None:
        state.overlay = ""
        state.do(command(_part(state).number))
    return act


ACTIONS: dict[str, Callable[[State], None]] = {
    **moves(NAME, lambda state: _part(state).place,
            lambda state: max(1, len(_lines(state)) - rows_of(state).height + 1), lambda state: 1),
    "alert_page_down": lambda state: _page(state, 1), "alert_page_up": lambda state: _page(state, -1),
    "alert_flows": _flows, "alert_ack": _do(AcknowledgeOne), "alert_mute": _do(MuteOne),
}


def _page(state: State, way: int) -> None:
    height, place = rows_of(state).height, _part(state).place
    place.move(place.row + way * (height - 1), max(1, len(_lines(state)) - height + 1), 1)
