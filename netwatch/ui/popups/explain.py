"""Why a flow is called what it is, over the Connections tab."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from netwatch._fast.term.canvas import Canvas, clip
from netwatch.addons.explain import Explain, Explained, Said, sureness
from netwatch.ui.state import Area, State
from netwatch.ui.theme import GOOD, MUTED, TEXT, WARN
from netwatch.ui.widgets import facts
from netwatch.ui.widgets.box import draw_box
from netwatch.ui.widgets.chooser import Chooser, centred, moves
from netwatch.ui.widgets.facts import Fact, Span, fact, title
from netwatch.ui.widgets.table import draw_scroll_bar

NAME = "explain"
WIDTH = 100
ROW = 16                           # bytes of a line


@dataclass
class Part:
    flow: int = 0
    place: Chooser = field(default_factory=Chooser)


def show(state: State, flow: int) -> None:
    """Open it for the flow of that number."""
    state.parts[NAME] = Part(flow)
    state.overlay = NAME


def _part(state: State) -> Part:
    return state.part(NAME, Part)


def question(state: State) -> Explain:
    return Explain(_part(state).flow)


def now(state: State) -> Explained | None:
    """What was answered last, if it is of this flow."""
    asked, found = state.snapshot.asked, state.snapshot.answer
    return found if asked == question(state) and isinstance(found, Explained) else None


def _bytes(said: Said) -> list[Fact]:
    told: list[Fact] = []
    for at in range(0, len(said.data), ROW):
        piece = said.data[at:at + ROW]
        text = "".join(chr(each) if 32 <= each < 127 else "." for each in piece)
        whose = " " if at else f"{said.of}, {said.frame}"[:18]
        told.append((whose, f"{piece.hex(' '):<{3 * ROW}} {text}", TEXT))
    if said.length > len(said.data):
        told.append((" ", f"and {said.length - len(said.data)} more in that frame", MUTED))
    return told


def _facts(state: State, found: Explained) -> list[Fact]:
    glyphs, record = state.glyphs, found.record
    if record is None:
        return [("", "The flow is gone.", MUTED)]
    app, sure = str(record.get("app") or ""), int(record.get("confidence") or 0)
    told = [title("Called")]
    if app:
        told += [fact("App", " over ".join(reversed(record.get("app_stack") or [app])), glyphs),
                 ("Confidence", f"{sure} %, {sureness(sure)}", GOOD if sureness(sure) == "sure" else WARN),
                 fact("Because it says", str(record.get("label") or ""), glyphs),
                 fact("Its port is for", str(record.get("service") or ""), glyphs),
                 title("By the rule"),
                 ("", found.rule or "of a classifier of your own, or of what another protocol carries", TEXT)]
    else:
        service = record.get("service")
        told += [("App", "not known", MUTED),
                 fact("Its port is for", f"{service}, which says nothing of what is spoken" if service else "", glyphs)]
    told.append(title("First bytes, by frame"))
    for said in found.said:
        told += _bytes(said)
    if not found.said:
        told.append(("", "none are kept", MUTED))
    told.append(title("Against it"))
    told += [("", text, WARN) for text in found.against] or [("", "nothing", GOOD)]
    return told


def _lines(state: State) -> list[list[Span]]:
    found = now(state)
    width = min(WIDTH, state.body.width) - 6
    return facts.lines_of(_facts(state, found), width, state.glyphs) if found is not None else []


def _rows(state: State) -> Area:
    box = centred(state.body, max(3, len(_lines(state)) + 2), WIDTH)
    return Area(box.y + 1, box.x + 1, max(1, box.height - 2), box.width - 2)


def draw(canvas: Canvas, area: Area, state: State) -> None:
    rows, lines, glyphs = _rows(state), _lines(state), state.glyphs
    draw_box(canvas, Area(rows.y - 1, rows.x - 1, rows.height + 2, rows.width + 2), f"Flow {_part(state).flow}", glyphs)
    if not lines:
        canvas.put(rows.y, rows.x + 1, "asking", MUTED)
    top = max(0, min(_part(state).place.row, len(lines) - rows.height))
    for i, line in enumerate(lines[top:top + rows.height]):
        x = rows.x + 1
        for text, style in line:
            x += canvas.put(rows.y + i, x, clip(text, rows.x + rows.width - 2 - x, glyphs.ellipsis), style)
    draw_scroll_bar(canvas, rows, top, len(lines), glyphs)


def _page(way: int) -> Callable[[State], None]:
    def act(state: State) -> None:
        height, place = _rows(state).height, _part(state).place
        place.move(place.row + way * (height - 1), max(1, len(_lines(state)) - height + 1), 1)
    return act


ACTIONS: dict[str, Callable[[State], None]] = {
    **moves(NAME, lambda state: _part(state).place,
            lambda state: max(1, len(_lines(state)) - _rows(state).height + 1), lambda state: 1),
    "explain_page_down": _page(1), "explain_page_up": _page(-1),
}
