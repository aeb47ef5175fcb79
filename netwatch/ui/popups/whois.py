"""Whose an address is, as its registry says: the fields that matter, then all of its text."""
from __future__ import annotations

from dataclasses import dataclass, field

from netwatch.addons.registries import AskWhois, Owned, WhoisNow
from netwatch.ui.state import State
from netwatch.ui.theme import MUTED, TEXT, WARN
from netwatch.ui.widgets.chooser import Chooser
from netwatch.ui.widgets.fact_box import Told
from netwatch.ui.widgets.facts import Fact, fact, title

NAME = "whois"
FIELDS = (("range", "Range"), ("name", "Name"), ("organisation", "Organisation"), ("country", "Country"),
          ("abuse", "Abuse contact"), ("status", "Status"), ("origin", "Origin"), ("changed", "Changed"))


@dataclass
class Part:
    address: str = ""
    place: Chooser = field(default_factory=Chooser)


def show(state: State, address: str) -> None:
    """Ask whose that address is and open this."""
    state.parts[NAME] = Part(address)
    state.overlay = NAME
    state.do(AskWhois(address))


def _part(state: State) -> Part:
    return state.part(NAME, Part)


def question(state: State) -> WhoisNow:
    return WhoisNow(_part(state).address)


def now(state: State) -> Owned | None:
    """What was answered last, if it is of this address."""
    asked, found = state.snapshot.over, state.snapshot.over_answer
    return found if asked == question(state) and isinstance(found, Owned) else None


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


BOX = Told(NAME, lambda state: f"Whose {_part(state).address} is", _told, lambda state: _part(state).place)
draw = BOX.draw
ACTIONS = BOX.actions()
