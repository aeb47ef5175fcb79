"""One alert, whole: what was found, by what, its evidence, and the flows and frames that show it."""
from __future__ import annotations

from collections.abc import Callable

from netwatch.addons.alerts import AcknowledgeOne, AlertNow, MuteOne, OneAlert, words
from netwatch.model.contract import Command
from netwatch.ui import drill
from netwatch.ui import format as fmt
from netwatch.ui.popups.about import About
from netwatch.ui.state import State
from netwatch.ui.theme import BAD, TEXT, WARN
from netwatch.ui.widgets.fact_box import Told
from netwatch.ui.widgets.facts import Fact, fact, title

NAME = "alert"
SEVERITY = {"critical": BAD, "warning": WARN, "info": TEXT}
ENDS = (("src", "Source"), ("dst", "Destination"), ("dport", "Port"))
ABOUT = About(NAME, 0, OneAlert, AlertNow)
show, question, now = ABOUT.show, ABOUT.question, ABOUT.now


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


def _told(state: State) -> list[Fact] | None:
    found = now(state)
    return _facts(state, found) if found is not None else None


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
        state.do(command(ABOUT.thing(state)))
    return act


BOX = Told(NAME, lambda state: "Alert", _told, ABOUT.place)
draw, where = BOX.draw, BOX.where
ACTIONS: dict[str, Callable[[State], None]] = {
    **BOX.actions(), "alert_flows": _flows, "alert_ack": _do(AcknowledgeOne), "alert_mute": _do(MuteOne),
}
