"""Privacy mode: a Watch whose answers have tokens in place of what is private, and that takes tokens in questions."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar, cast

from netwatch.model.session import Gone
from netwatch.privacy.hiding import Hiding

if TYPE_CHECKING:
    from netwatch.model.contract import Command, Looked, Offer, Question, Session, Watch, Where
    from netwatch.model.group import Within
    from netwatch.model.record import Record
    from netwatch.model.session import Health, Moment, Page

Answer = TypeVar("Answer")
WRITES_RECORDS = "netwatch.addons.exporting.ExportFlows"
KEEPS_FILTERS = "netwatch.addons.preferences.Remember"  # with the true values: a later run has other tokens
WRITES_FRAMES = ("netwatch.addons.packets.questions.SavePackets",)
REFUSED = "Not saved: frames cannot be redacted, and privacy mode is on; ui.privacy in the settings switches it off"


class PrivateError(Exception):
    """What went wrong, with tokens."""


@dataclass(frozen=True)
class UsePrivacy:
    """Switch privacy mode on or off. All that was asked is asked again."""

    on: bool
    anew = True

    def run(self, session: Session) -> str:
        return "Privacy mode is on: addresses, names and MACs are tokens" if self.on else "Privacy mode is off"


class _Private:
    """What both a source that goes on and one as it was can be asked."""

    def __init__(self, seen: Watch | Looked, hiding: Hiding) -> None:
        self._seen, self.hiding = seen, hiding

    @property
    def _hides(self) -> bool:
        raise NotImplementedError

    @contextmanager
    def _told(self) -> Generator[None, None, None]:
        """What goes wrong is told with tokens, too."""
        try:
            yield
        except Gone as e:
            raise (Gone(self.hiding.words(str(e))) if self._hides else e) from None
        except Exception as e:
            if not self._hides:
                raise
            text = f"{type(e).__name__}: {self.hiding.words(str(e))}"
            raise PrivateError(text).with_traceback(e.__traceback__) from None

    def flow(self, id: int) -> Record | None:
        with self._told():
            found = self._seen.flow(id)
            return self.hiding.record(found) if self._hides and found is not None else found

    def ask(self, question: Question[Answer]) -> Answer:
        with self._told():
            if not self._hides:
                return self._seen.ask(question)
            return self.hiding.answer(self._seen.ask(self.hiding.restored(question)))


class PrivateLooked(_Private):
    """See model.contract.Looked."""

    def __init__(self, seen: Looked, watch: PrivateWatch) -> None:
        super().__init__(seen, watch.hiding)
        self._of = watch

    @property
    def _hides(self) -> bool:
        return self._of.on

    @property
    def moment(self) -> Moment:
        return cast("Looked", self._seen).moment

    def query(self, where: Where | None, sort: str, descending: bool, offset: int, limit: int, history: bool,
              within: Within | None = None) -> Page:
        with self._told():
            if not self._hides:
                return self._seen.query(where, sort, descending, offset, limit, history, within)
            return self.hiding.answer(self._seen.query(where, sort, descending, offset, limit, history,
                                                       self.hiding.restored(within)))


class PrivateWatch(_Private):
    """See model.contract.Watch. `on`: whether anything is hidden. Filters have true values: whoever parses them asks
    `hiding.filter`."""

    def __init__(self, watch: Watch, on: bool = False) -> None:
        super().__init__(watch, Hiding(watch.label))
        self._watch, self.on = watch, on

    def __getattr__(self, name: str) -> object:
        return getattr(self._watch, name)

    @property
    def _hides(self) -> bool:
        return self.on

    @property
    def label(self) -> str:
        return self._watch.label

    @label.setter
    def label(self, label: str) -> None:
        self._watch.label = label

    @property
    def live(self) -> bool:
        return self._watch.live

    @property
    def offers(self) -> Sequence[Offer]:
        return self._watch.offers

    def start(self) -> None:
        self._watch.start()

    def stop(self) -> None:
        self._watch.stop()

    def query(self, where: Where | None, sort: str, descending: bool, offset: int, limit: int, history: bool,
              within: Within | None = None, early: Callable[[Page], None] | None = None) -> Page:
        with self._told():
            if not self._hides:
                return self._watch.query(where, sort, descending, offset, limit, history, within, early)
            hidden = (lambda page: early(self.hiding.answer(page))) if early is not None else None
            return self.hiding.answer(self._watch.query(where, sort, descending, offset, limit, history,
                                                        self.hiding.restored(within), hidden))

    def prepare(self, seconds: float) -> bool:
        with self._told():
            return self._watch.prepare(seconds)

    def at(self, ns: int) -> Looked:
        with self._told():
            return PrivateLooked(self._watch.at(ns), self)

    def do(self, command: Command) -> str:
        if isinstance(command, UsePrivacy):
            self.on = command.on
            return command.run(cast("Session", self))
        kind = f"{type(command).__module__}.{type(command).__name__}"
        if self._hides and kind in WRITES_FRAMES:
            return REFUSED
        with self._told():
            if not self._hides:
                return self._watch.do(command)
            if kind == WRITES_RECORDS:
                return command.run(cast("Session", self))  # of what this has: the line says where the file is
            if kind == KEEPS_FILTERS:
                told = {"text": self.hiding.filter(str(vars(command)["text"]))}
                command = replace(command, **told)  # type: ignore[type-var]
            return self.hiding.words(self._watch.do(self.hiding.restored(command)))

    def health(self) -> Health:
        with self._told():
            return self.hiding.answer(self._watch.health()) if self._hides else self._watch.health()
