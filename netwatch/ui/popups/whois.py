"""Whose an address is, as its registry says: the fields that matter, then all of its text."""
from __future__ import annotations

from netwatch.addons.registries import AskWhois, Owned, WhoisNow
from netwatch.ui.popups.about import About
from netwatch.ui.state import State
from netwatch.ui.theme import MUTED, TEXT, WARN
from netwatch.ui.widgets.fact_box import Told
from netwatch.ui.widgets.facts import Fact, fact, title

NAME = "whois"
FIELDS = (("range", "Range"), ("name", "Name"), ("organisation", "Organisation"), ("country", "Country"),
          ("abuse", "Abuse contact"), ("status", "Status"), ("origin", "Origin"), ("changed", "Changed"))
ABOUT = About(NAME, "", WhoisNow, Owned)
question, now = ABOUT.question, ABOUT.now


def show(state: State, address: str) -> None:
    """Ask whose that address is and open this."""
    ABOUT.show(state, address)
    state.do(AskWhois(address))


def _told(state: State) -> list[Fact] | None:
    owned = now(state)
    if owned is None or owned.unfinished:
        return None
    if owned.found is None:
        allows = [("", f"{owned.setting} = true allows it, from the next start on", TEXT)] if owned.setting else []
        return [("", owned.why, WARN), *allows]
    found = owned.found
    shown = [(key, label) for key, label in FIELDS if key in found.fields or key in ("range", "name")]
    told = [title(f"By {found.registry}"),
            *(fact(label, found.fields.get(key, ""), state.glyphs) for key, label in shown)]
    told += [("", found.more, WARN)] if found.more else []
    return [*told, title("In its words"), *(("", line or " ", TEXT if line[:1] not in "%#" else MUTED)
                                            for line in found.text)]


BOX = Told(NAME, lambda state: f"Whose {ABOUT.thing(state)} is", _told, ABOUT.place)
draw, where = BOX.draw, BOX.where
ACTIONS = BOX.actions()
