"""The Insights tab: cards, each a fact with what was measured and what it means. No card without a measurement."""
from __future__ import annotations

from dataclasses import dataclass

from netwatch._fast.term.canvas import Canvas
from netwatch.addons.alerts import AcknowledgeOne, MuteFinding, MuteOne
from netwatch.addons.insights import LOOKED_AT, Card, Insights, InsightsNow
from netwatch.ui import drill
from netwatch.ui import format as fmt
from netwatch.ui.state import Area, State
from netwatch.ui.theme import BAD, MUTED, TEXT, TITLE, WARN, Glyphs
from netwatch.ui.widgets.facts import Fact, Span, fact, title
from netwatch.ui.widgets.graph import spark
from netwatch.ui.widgets.listing import Listing, ListPart
from netwatch.ui.widgets.table import Column

NAME = "insights"
WINDOWS = (("5m", 300), ("1h", 3600), ("session", 0))
SPARK = 30  # cells of how a finding went on, two steps in each
_STYLES = {"critical": BAD, "warning": WARN, "info": TEXT}
_SIGNS = {"critical": "!!", "warning": "! ", "info": "  "}


@dataclass
class InsightsPart(ListPart):
    """`window`: its place in WINDOWS."""
    details: bool = True
    window: int = len(WINDOWS) - 1


def question(state: State) -> Insights:
    return Insights(WINDOWS[state.part(NAME, InsightsPart).window][1])


def now(state: State) -> InsightsNow | None:
    found = state.snapshot.answer
    return found if isinstance(found, InsightsNow) else None


def rows(state: State) -> tuple[Card, ...]:
    found = now(state)
    return found.cards if found else ()


def _head(state: State) -> list[Span]:
    found, (name, _) = now(state), WINDOWS[state.part(NAME, InsightsPart).window]
    if found is None:
        return [("asking", MUTED)]
    told: list[Span] = [(f"{len(found.cards)} card{'s' * (len(found.cards) != 1)}", TITLE)]
    seconds = max(0, found.until_ns - found.since_ns) / 1e9
    over = "the session" if name == "session" else f"the last {name}"
    counted = fmt.age(seconds) if found.until_ns else f"frames of {fmt.NO_TIME}"
    told.append((f"  t {over}, counted over {counted}: {fmt.count(found.packets)} packets", TEXT))
    if state.filter.applied_text:
        told.append(("  the filter has no effect here", MUTED))
    return told


def _empty(state: State) -> tuple[str, ...]:
    if now(state) is None:
        return ("Counting.",)
    return ("Nothing that was counted deserves a look.", "Looked at:", *(f"  {each}" for each in LOOKED_AT))


COLUMNS = (
    Column("severity", "Severity", 11, 11, 0, False, 90,
           lambda row, glyphs: (f"{_SIGNS[row.severity]} {row.severity}", _STYLES[row.severity]), help="how bad"),
    Column("title", "What", 24, 44, 1, False, 99, lambda row, glyphs: (row.title, TITLE), help="the fact"),
    Column("measured", "Measured", 24, 200, 2, False, 50, lambda row, glyphs: (row.measured, TEXT), help="by what"),
)


def facts(state: State, row: Card) -> list[Fact]:
    glyphs: Glyphs = state.glyphs
    told = [title(row.title), ("Severity", row.severity, _STYLES[row.severity]), fact("Measured", row.measured, glyphs)]
    if row.since:
        told.append(fact("Since", row.since, glyphs))
        cells = min(SPARK, len(row.steps) + 1 >> 1)
        told.append(fact("Course", f"{spark(row.steps, cells, None, glyphs)}  {row.step_s} s a step", glyphs))
    told += [fact("Cause" if i == 0 else "or", cause, glyphs) for i, cause in enumerate(row.causes)]
    if row.advice:
        told += [fact("What to do", row.advice, glyphs), fact("Over after", row.over, glyphs)]
    if row.meaning:
        told.append(fact("Meaning", row.meaning, glyphs))
    return [*told, fact("Its flows", f"{glyphs.arrow} shows {row.filter}" if row.filter else "", glyphs)]


LIST = Listing(NAME, COLUMNS, rows, key=lambda row: (row.title, row.alert), facts=facts, head=_head, empty=_empty,
               noun=("card", "cards"))


def new_part() -> InsightsPart:
    return InsightsPart(details=True)


def inner(state: State) -> tuple[str, ...]:
    return LIST.inner(state)


def draw(canvas: Canvas, area: Area, state: State) -> None:
    LIST.draw(canvas, state)


def window_next(state: State) -> None:
    part = state.part(NAME, InsightsPart)
    part.window = (part.window + 1) % len(WINDOWS)
    name, seconds = WINDOWS[part.window]
    state.message = f"Counts of the last {name}" if seconds else "Counts of the whole session"


def follow(state: State) -> None:
    """To the flows a card is about, in Connections."""
    row = LIST.selected(state)
    if row is None or not row.filter:
        state.message = "Nothing is selected" if row is None else "This card is about no flows"
        return
    drill.into_text(state, row.filter, "this card")


def acknowledge(state: State) -> None:
    row = LIST.selected(state)
    if row is None or not row.alert:
        state.message = "That is not an alert" + (": m mutes it" if row is not None and row.finding else "")
    else:
        state.do(AcknowledgeOne(row.alert))


def mute(state: State) -> None:
    row = LIST.selected(state)
    if row is not None and row.alert:
        state.do(MuteOne(row.alert))
    elif row is not None and row.finding:
        state.do(MuteFinding(row.finding))
    else:
        state.message = "That is neither an alert nor a finding: it is there as long as it is counted so"


ACTIONS = LIST.actions() | {"follow": follow, "window_next": window_next, "card_ack": acknowledge, "card_mute": mute}
on_snapshot, on_mouse = LIST.on_snapshot, LIST.on_mouse
