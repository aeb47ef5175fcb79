"""Privacy mode on screen: what a tab or a line remembers has to change with it, and what is typed has true values."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from netwatch.privacy.watch import PrivateWatch, UsePrivacy
from netwatch.ui.poller import Snapshot
from netwatch.ui.state import State

if TYPE_CHECKING:
    from netwatch.filter import Filter
    from netwatch.model.contract import Values, Watch

Parse = Callable[[str], "Filter"]


def watched(session: Watch, settings: Values | None) -> PrivateWatch:
    """The session as the settings want it seen."""
    return PrivateWatch(session, bool(settings is not None and settings.of("ui.privacy")))


def parsing(watch: PrivateWatch, parse: Parse) -> Parse:
    """Tokens in a filter are the values that they stand for."""
    return lambda text: parse(watch.hiding.filter(text))


def begin(state: State, watch: PrivateWatch) -> None:
    """Let the screen have it."""
    def use(on: bool) -> None:
        state.do(UsePrivacy(on))
        _begin_again(state, watch.hiding.words if on else watch.hiding.filter)

    state.hide = lambda text: watch.hiding.words(text) if state.settings.of("ui.privacy") else text
    state.reveal = watch.hiding.restored
    state.use_privacy = use
    if watch.on:
        _texts(state, watch.hiding.words)


def _texts(state: State, changed: Callable[[str], str]) -> None:
    chosen = state.filter
    chosen.applied_text, chosen.line.text = changed(chosen.applied_text), changed(chosen.line.text)
    chosen.line.cursor = len(chosen.line.text)
    chosen.history = list(map(changed, chosen.history))


def _begin_again(state: State, changed: Callable[[str], str]) -> None:
    """Nothing stays of what was shown: neither answers nor what is remembered of them."""
    _texts(state, changed)
    kept = {name: part for name, part in state.parts.items() if name == "settings"}
    state.parts.clear()
    state.parts.update(kept)
    state.steps.clear()
    state.within, state.table.record, state.details = None, None, False
    state.filter.rows = []
    state.snapshot = Snapshot()
    state.go(state.tab)
