"""The contract of an addon: somebody who watches a run, remembers, adds to records, makes some, and can be asked.

A Run is what an addon is begun with; a Session is the same as questions and commands see it, which addons answer.
netwatch/run/addons.py lists the addons, one line each. Options, commands of the palette, records of their own kind and
the page docs/addons.md follow from the class.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self, TypeVar, runtime_checkable

from netwatch.model.event import Event, FlowRef, Step
from netwatch.model.group import Within
from netwatch.model.option import Option
from netwatch.model.record import Record

if TYPE_CHECKING:
    from netwatch._fast.engine import Engine
    from netwatch._fast.input.source import Source
    from netwatch._fast.view.addoncolumns import AddonColumns
    from netwatch._fast.view.engineview import EngineView
    from netwatch._fast.view.program import Program
    from netwatch._fast.view.query import FlowView
    from netwatch.model.host import Host
    from netwatch.model.session import Health, Moment, Page, Player, Sign

INFO, WARNING, ERROR = "info", "warning", "error"
Answer = TypeVar("Answer")
Answered = TypeVar("Answered", covariant=True)
Kind = TypeVar("Kind", bound="Addon")


class Purpose(NamedTuple):
    """What a run is for, as far as addons care."""

    live: bool = False
    label: str = ""  # of the source, as a title has it
    kinds: frozenset[str] = frozenset()  # of record that are made
    keylogs: tuple[str, ...] = ()  # files of TLS keys that were named
    show_secrets: bool = False  # passwords and the like are not masked
    final: bool = False  # records are made once and for all: an answer that comes soon is worth waiting for


class Values(Protocol):
    """Settings in force."""

    def of(self, key: str) -> Any:     # Any: of its option's type, which no key tells
        """The value of a dotted key."""

    @property
    def lists(self) -> Mapping[str, tuple[str, ...]]:
        """Those of the configuration, by name."""

    @property
    def timeouts(self) -> dict[str, int]:
        """Seconds by the engine's names of them, where they are not its own."""


class Run(Protocol):
    """What begin() is given, and may be kept."""

    @property
    def purpose(self) -> Purpose: ...
    @property
    def settings(self) -> Values: ...
    @property
    def host(self) -> Host: ...
    @property
    def source(self) -> Source: ...
    @property
    def engines(self) -> Sequence[Engine]: ...
    @property
    def addons(self) -> Sequence[Addon]: ...

    def find(self, kind: type[Kind]) -> Kind | None:
        """The addon of that class; None when this run has none."""

    def get(self, kind: type[Kind]) -> Kind:
        """The same, where there must be one. Raises LookupError."""

    def flow_record(self, engine: Engine, row: int, keys: frozenset[str] | None) -> Record:
        """The flow record of a row, as far as those keys go (None: whole), with what addons add; {} of a free row."""

    def say(self, text: str, severity: str = WARNING) -> None:
        """One line for the user: on standard error, or among the events of the Timeline."""


class AddonError(Exception):
    """An addon cannot do what was asked for; one line for the user. `exit_code` is of CONTRACT section 2."""

    def __init__(self, message: str, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class Offer(NamedTuple):
    """A command that the palette lists: what it does in a few words. `live`: only there (True), or only in a file's
    replay (False)."""

    text: str
    command: Command
    live: bool | None = None


class Store(NamedTuple):
    """Something kept in memory: `used` of at most `limit` (None: bounded elsewhere) entries; `size` in bytes, None
    where it is not measured; `lost`: how many had to make room, or found none, since the start; `room`: bytes that it
    may take, where those are the bound."""

    name: str
    used: int
    limit: int | None
    size: int | None
    lost: int
    room: int | None = None

    @property
    def full(self) -> float | None:
        """How much of its bound is used, None without one."""
        return self.used / self.limit if self.limit else (self.size or 0) / self.room if self.room else None


class Addon:
    """Every part has a default: an addon says what it is for. All but commands and questions is called in the thread of
    the engines, between chunks of frames, while they hold still: be quick, and bound what is kept."""

    name: str = ""  # also its table in the configuration file
    options: Sequence[Option] = ()
    wants: frozenset[str] = frozenset()  # kinds of event that take() is given; begin() may choose them
    early: bool = False  # before() must be called, so that chunks are worked on one by one
    adds: frozenset[str] = frozenset()  # fields and objects that adorn() adds to flow records
    needs: frozenset[str] | None = None  # keys that adorn() looks at, of what protocols say; None: any of the record
    kinds: Mapping[str, str] = {}  # kinds of record it makes, with one sentence each: events whose payload is a dict
    questions: Sequence[type[Question[object]]] = ()
    commands: Sequence[Offer] = ()

    def begin(self, run: Run) -> None:
        """The engines are there and no frame has come. Raises AddonError."""

    def before(self, secrets: Sequence[tuple[int, bytes]]) -> None:
        """A chunk was read, and the engines are about to see it. `secrets` came beside its frames: (pcapng secrets
        type, bytes). Only where `early`: what such an addon wants is handed out once it has told the engines to
        listen()."""

    def take(self, step: Step) -> Sequence[Event]:
        """Look at what a chunk brought; the further events that come of it go round again, in order of frames. Called
        once after each chunk, and again (`step.again`) while there is more that it wants. It may give things back to
        the engines (_fast.out.inner): what they make of it is handed out as well."""
        return ()

    def adorn(self, record: Record, flow: FlowRef) -> None:
        """Add what it knows to a flow record that is about to be shown."""

    def column(self, engine: Engine) -> AddonColumns | None:
        """The columns of an engine's flows that it fills (_fast.view), by which filters and orders know its fields;
        None where it fills none."""
        return None

    def missing(self, fields: Iterable[str]) -> Sequence[str]:
        """Why none of these fields can have a value here, and what to do about it; one line each."""
        return ()

    def credits(self) -> Sequence[str]:
        """What the licences of data that it shows ask to be said; one line each."""
        return ()

    def stores(self) -> Sequence[Store]:
        """What it keeps in memory."""
        return ()

    def put_down(self, ns: int) -> None:
        """The table of flows is kept as it is at this moment (packet time): keep, within bounds, what of you as_of() is
        to show beside it."""

    def as_of(self, ns: int) -> Self:
        """The addon as it was at a moment that was put down; itself where that makes no difference, or is not kept. The
        engines hold still."""
        return self

    def signs(self) -> Sequence[Sign]:
        """What the status line of every screen shows of it. Asked for often, while the engines hold still: have it
        ready."""
        return ()

    def close(self) -> None:
        """The input is over, or no longer wanted."""


class Reading(Protocol):
    """Frames that are read once more, see Session.read_again()."""

    def record(self, engine: Engine, row: int) -> Record: ...


class Session(Run, Protocol):
    """A run as questions and commands see it, in the poller's thread. What looks at the engine takes the lock first,
    for as short as it can; what is said to hold it is called with it."""

    label: str

    @property
    def live(self) -> bool: ...
    @property
    def lock(self) -> AbstractContextManager[object]: ...
    @property
    def engine(self) -> Engine: ...
    @property
    def view(self) -> EngineView: ...

    @property
    def player(self) -> Player | None:
        """Of a file."""

    def new_file(self, name: str) -> int:
        """A descriptor of a new file in the working folder, for what is saved. Raises OSError."""

    def record(self, row: int) -> Record:
        """The record of a row. The lock is held."""

    def records(self, numbers: list[int]) -> list[Record]:
        """The records of rows for a screen. The lock is held."""

    def recorded(self, numbers: list[int]) -> Generator[bool, None, list[Record]]:
        """The same for look(), a few at a time."""

    def flow(self, id: int) -> Record | None:
        """The record of one flow, None when it is gone. The lock is not held."""

    def look(self, work: Generator[bool, None, Answer]) -> Answer:
        """Do work that looks at the engine, piece by piece: what the generator yields says whether its next piece needs
        the engine to hold still, the first does. The engine goes on between the pieces. Its answer. The lock is not
        held."""

    def read_again(self, source: Source) -> Iterator[tuple[Reading, Sequence[Event]]]:
        """Read kept frames through an engine of their own, for what their streams say. The lock is not needed."""

    def use_settings(self, settings: Values) -> None:
        """Other settings from now on, as far as a running engine can. The lock is not held."""


class Question(Protocol[Answered]):
    """What a screen wants to know. Equal questions have equal answers at one moment; they are in netwatch/addons/."""

    def answer(self, session: Session) -> Answered: ...


@runtime_checkable
class Dated(Question[Answered], Protocol[Answered]):
    """A question about what has its own times, and is not kept by the second: a session as it was asks the one that
    goes on, as of that moment."""

    def until(self, ns: int, frames: int) -> Question[Answered]:
        """The same of what there was at that time, when so many frames had been seen."""


class Command(Protocol):
    """What a key wants done: netwatch/addons/. Returns one line for the user, "" for nothing to say."""

    def run(self, session: Session) -> str: ...


class Where(Protocol):
    """Which flows and records are meant; netwatch.filter.Filter is one."""

    text: str

    @property
    def fields(self) -> frozenset[str]: ...
    def matches(self, record: Record, flow: Record | None = None) -> bool: ...
    def program(self, view: FlowView) -> Program: ...


class Looked(Protocol):
    """A source as it was at a moment, see Watch."""

    @property
    def moment(self) -> Moment: ...
    def query(self, where: Where | None, sort: str, descending: bool, offset: int, limit: int,
              history: bool, within: Within | None = None) -> Page: ...
    def flow(self, id: int) -> Record | None: ...
    def ask(self, question: Question[Answer]) -> Answer: ...


class Watch(Protocol):
    """A source being watched, as the terminal sees it. query(), flow() and ask() may take 100 ms."""

    label: str

    @property
    def live(self) -> bool: ...
    @property
    def offers(self) -> Sequence[Offer]: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def query(self, where: Where | None, sort: str, descending: bool, offset: int, limit: int,
              history: bool, within: Within | None = None, early: Callable[[Page], None] | None = None) -> Page:
        """`early` is given the first matches when all of them take long."""
    def prepare(self, seconds: float) -> bool:
        """While nobody asks: work out for so long what filters will need. True when there is nothing left to do."""
    def flow(self, id: int) -> Record | None: ...
    def ask(self, question: Question[Answer]) -> Answer: ...
    def at(self, ns: int) -> Looked:
        """The same as it was: at the newest moment at or before that, or the oldest there is. Raises Gone."""
    def do(self, command: Command) -> str: ...
    def health(self) -> Health: ...
