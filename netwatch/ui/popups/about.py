"""What popups about one thing have in common: which alert, flow or address it is, and what was answered of that one."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from netwatch.ui.widgets.chooser import Chooser

if TYPE_CHECKING:
    from collections.abc import Callable

    from netwatch.model.contract import Question
    from netwatch.ui.state import State

Thing = TypeVar("Thing", bound=int | str)
Answer = TypeVar("Answer")


@dataclass
class Part:
    thing: int | str = ""
    place: Chooser = field(default_factory=Chooser)


class About(Generic[Thing, Answer]):
    """The popup of that name. `none`: the thing while there is no other; `ask` makes the question about one, and its
    answers are of the kind `answers`."""

    def __init__(self, name: str, none: Thing, ask: Callable[[Thing], Question[object]], answers: type[Answer]) -> None:
        self._name, self._none, self._ask, self._answers = name, none, ask, answers

    def show(self, state: State, thing: Thing) -> None:
        """Open it for that one."""
        state.parts[self._name] = Part(thing)
        state.overlay = self._name

    def thing(self, state: State) -> Thing:
        found = state.part(self._name, Part).thing
        return found if isinstance(found, type(self._none)) else self._none

    def place(self, state: State) -> Chooser:
        """Where one has scrolled to."""
        return state.part(self._name, Part).place

    def question(self, state: State) -> Question[object]:
        return self._ask(self.thing(state))

    def now(self, state: State) -> Answer | None:
        """What was answered last, if it is of this one."""
        asked, found = state.snapshot.over, state.snapshot.over_answer
        return found if asked == self.question(state) and isinstance(found, self._answers) else None
