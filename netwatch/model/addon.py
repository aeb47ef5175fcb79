"""The contract of an addon: somebody who watches a run, remembers, adds to records, makes some, and can be asked.

netwatch/run/addons.py lists them, one line each. Options, commands of the palette, records of its own kind and the page
docs/addons.md follow from the class.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from netwatch.model.event import Event, FlowRef, Record, Step
from netwatch.model.option import Option

if TYPE_CHECKING:
    from netwatch._fast.engine import Engine
    from netwatch.model.run import Run
    from netwatch.model.session import Command, Question

INFO, WARNING, ERROR = "info", "warning", "error"


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
    where it is not measured; `lost`: how many had to make room, or found none, since the start."""

    name: str
    used: int
    limit: int | None
    size: int | None
    lost: int


class Addon:
    """Every part has a default: an addon says what it is for. All but commands and questions is called in the thread of
    the engines, between chunks of frames, while they hold still: be quick, and bound what is kept."""

    name: str = ""  # also its table in the configuration file
    options: Sequence[Option] = ()
    wants: frozenset[str] = frozenset()  # kinds of event that take() is given; begin() may choose them
    early: bool = False  # before() must be called, so that chunks are worked on one by one
    adds: frozenset[str] = frozenset()  # fields and objects that adorn() adds to flow records
    kinds: Mapping[str, str] = {}  # kinds of record it makes, with one sentence each: events whose payload is a dict
    questions: Sequence[type[Question]] = ()
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

    def column(self, engine: Engine) -> Any:
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

    def close(self) -> None:
        """The input is over, or no longer wanted."""
