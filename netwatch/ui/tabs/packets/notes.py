"""The list that stands where the tree does: frames that are odd, or those that are marked."""

from __future__ import annotations

from collections.abc import Callable

from netwatch.ui.state import State
from netwatch.ui.tabs.packets.part import jump_to, part_of, place_of, seen

NO_MARK = "No frame is marked: m marks one"


def _turn_notes(state: State, listed: bool) -> None:
    """Show what is odd, or with `listed` what is marked, or no longer."""
    part = part_of(state)
    part.notes = not (part.notes and part.listed == listed)
    part.listed, part.note = part.notes and listed, -1
    part.focus = "notes" if part.notes else "list"


def odd(state: State) -> None:
    _turn_notes(state, False)


def marks(state: State) -> None:
    if part_of(state).marks or part_of(state).listed:
        _turn_notes(state, True)
    else:
        state.message = NO_MARK


def step(amount: int) -> Callable[[State], None]:
    def act(state: State) -> None:
        part, found = part_of(state), seen(state)
        if found and found.notes:
            at = max(0, min(len(found.notes) - 1, place_of(found.notes, part.note) + amount))
            part.note = found.notes[at].k
    return act


def note_go(state: State) -> None:
    part = part_of(state)
    if part.note >= 0:
        part.flow = 0
        jump_to(state, part.note)


ACTIONS: dict[str, Callable[[State], None]] = {
    "packets_notes": odd, "packets_marks": marks, "packets_note_down": step(1), "packets_note_up": step(-1),
    "packets_note_page_down": step(10), "packets_note_page_up": step(-10), "packets_note_go": note_go,
}
