"""Why a flow is called what it is, over the Connections tab."""
from __future__ import annotations

from netwatch.addons.explain import Explain, Explained, Said, sureness
from netwatch.ui.popups.about import About
from netwatch.ui.state import State
from netwatch.ui.theme import GOOD, MUTED, TEXT, WARN
from netwatch.ui.widgets.fact_box import Told
from netwatch.ui.widgets.facts import Fact, fact, title

NAME = "explain"
ROW = 16                           # bytes of a line
ABOUT = About(NAME, 0, Explain, Explained)
show, question, now = ABOUT.show, ABOUT.question, ABOUT.now


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


def _told(state: State) -> list[Fact] | None:
    found = now(state)
    return _facts(state, found) if found is not None else None


BOX = Told(NAME, lambda state: f"Flow {ABOUT.thing(state)}", _told, ABOUT.place)
draw, where = BOX.draw, BOX.where
ACTIONS = BOX.actions()
