"""Going into what a row counted, and back: a stack of filters, of which the uppermost is in force."""
from __future__ import annotations

from netwatch.model.group import Within
from netwatch.ui import filterline
from netwatch.ui.state import State, Step

DEEPEST = 32                       # steps that are remembered


def _remember(state: State) -> None:
    state.steps.append(Step(state.tab, state.filter.applied_text, state.filter.applied, state.within,
                            state.table.history))
    del state.steps[:-DEEPEST]


def _arrive(state: State, words: str) -> None:
    table = state.table
    table.top, table.pinned, table.selected, table.record = 0, False, None, None
    state.go("connections")
    state.message = f"The flows of {words}; Backspace goes back"


def into(state: State, within: Within) -> None:
    """Show exactly the flows that a row counted, in Connections; the filter stays in force."""
    _remember(state)
    state.within, state.table.history = within, within.ended
    _arrive(state, within.words)


def into_text(state: State, text: str, words: str, ended: bool = True) -> None:
    """The same for flows that a filter tells; the one in force restricts it further."""
    _remember(state)
    before = state.filter.applied_text
    filterline.apply_text(state, f"({before}) and ({text})" if before else text)
    if state.filter.error:
        state.steps.pop()
        state.message = f"No filter can be made of {words}"
        return
    state.table.history = ended
    _arrive(state, words)


def back(state: State) -> None:
    """To where one was before, filter and all."""
    if not state.steps:
        state.message = "There is nowhere to go back to"
        return
    step = state.steps.pop()
    if step.text != state.filter.applied_text:
        filterline.apply_text(state, step.text)
    state.within, state.table.history = step.within, step.history
    state.table.top, state.table.pinned = 0, False
    state.go(step.tab)


def clear(state: State) -> None:
    """Esc: the filter, then what was gone into; all of it is there again after Backspace."""
    if state.filter.applied_text:
        _remember(state)
        filterline.apply_text(state, "")
        if state.within is None:
            state.steps.clear()
    elif state.within is not None:
        state.within = None
        state.steps.clear()


ACTIONS = {"go_back": back, "filter_clear": clear}
