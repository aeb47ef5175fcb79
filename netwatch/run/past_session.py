"""A session as it was: the table of flows at a moment that is over, for the same questions as the one that goes on."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from copy import copy
from typing import NamedTuple, TypeVar, cast

from netwatch._fast.engine import Engine
from netwatch._fast.flow.series import History
from netwatch._fast.view.addoncolumns import AddonColumns
from netwatch._fast.view.engineview import EngineView, screen_record
from netwatch._fast.view.minute import Minutes
from netwatch._fast.view.reel import Reel, give_dns, give_surroundings
from netwatch.addons.groups import narrowed
from netwatch.addons.processes import ProcessesAddon
from netwatch.addons.sparklines import Sparklines
from netwatch.addons.standpoint import seen
from netwatch.addons.throughput import Throughput
from netwatch.filter import fields
from netwatch.history.tape import Kept, parted, unpacked
from netwatch.model import contract
from netwatch.model.contract import Addon, Dated, Kind, Question, Values, Where
from netwatch.model.group import Within
from netwatch.model.record import Record
from netwatch.model.session import Gone, Moment, Page
from netwatch.names.addon import Names
from netwatch.owners.addon import FlowOwners, age_s

ON_SCREEN = 15  # seconds a closed TCP flow stays among the live ones
NAMES = ("name.host", "name.via")  # fields of what addons tell that filters know by columns of the past's own
Answer = TypeVar("Answer")
Said = tuple[Record, Mapping[str, tuple[tuple[object, ...], int]]]  # keys of the record, and values by teller


def on_screen(settings: Values) -> dict[str, int]:
    """Idle timeouts of a live session (s)."""
    return {"tcp_closed": ON_SCREEN} | settings.timeouts


class Restored(NamedTuple):
    """The engine of a moment; row, key and number of the text of each flow; what addons told, by that number."""

    engine: Engine
    flows: list[tuple[int, int, int]]
    told: dict[int, Said]


def restored(kept: Kept, timeouts: dict[str, int], back: Reel | None = None, live: bool = True) -> Restored:
    """What there was at a moment, `live`: of an interface; `back`: what its pieces led to. Raises Gone, ValueError."""
    if back is None:
        back = Reel()
        for piece in kept.pieces:
            back.apply(unpacked(piece), piece.alone, 1 << 26)
    told: dict[int, Said] = {}
    facts: dict[int, bytes] = {}
    known: dict[bytes, object] = {}  # of many flows the same is told
    flows = back.texts()
    for _, _, number in flows:
        if number not in told:
            text = kept.texts(number)
            if text is None:
                raise Gone("that moment has just made room for newer ones")
            facts[number], said = parted(text)
            told[number] = cast(Said, known[said] if said in known else known.setdefault(said, _sound(
                json.loads(said), kept.moment.at_ns)))
    engine = Engine(max_flows=max(back.high, 1), timeouts=timeouts, live=live)
    give_surroundings(engine, kept.around)
    back.put(engine, facts, kept.pieces[-1].counts)
    return Restored(engine, flows, told)


def _is_told(value: object) -> bool:
    """Values, and since when, ns."""
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], list) and (
        value[1] is None or (type(value[1]) is int and 0 <= value[1] < 1 << 63))


def _sound(said: object, at_ns: int) -> Said:
    """What addons told, with how old it was then that a process was known. ValueError for what they do not tell."""
    record, values = said if isinstance(said, list) and len(said) == 2 else (None, None)
    if not isinstance(record, dict) or not isinstance(values, dict) or \
            not all(isinstance(record.get(key, {}), dict) for key in ("name", "process")) or \
            not all(_is_told(each) for each in values.values()):
        raise ValueError("not what addons tell of flows")
    since = values.get(FlowOwners.name, ((), None))[1]
    if since and "pid" in record.get("process", ()):
        record["process"]["age_s"] = age_s(since, at_ns)
    return record, {name: (_hashable(each), when) for name, (each, when) in values.items()}


def records_of(kept: Kept, timeouts: dict[str, int]) -> Iterator[Record]:
    """Of a moment of a run that is known by what it left, the flows there were. Raises Gone, ValueError."""
    engine, flows, told = restored(kept, timeouts)
    for row, _, number in flows:
        record: Record = screen_record(engine, row, list(kept.interfaces or ()))
        yield record | told[number][0]


class Past:
    """Of one moment. A model.Session to questions, which are told nothing that came later; what is not kept by the
    second (addons, the machine) is as it is now. Raises Gone, ValueError."""

    def __init__(self, session: contract.Session, kept: Kept, timeouts: dict[str, int],
                 back: Reel | None = None) -> None:
        """`timeouts` are those of the session's engine; `back`: what its pieces led to."""
        self._session = session
        self.moment: Moment = kept.moment._replace(earlier=kept.interfaces is not None)
        self.lock, self._one = threading.Lock(), threading.Lock()
        self.engine, flows, told = restored(kept, timeouts, back, session.live)
        self._interfaces = session.source.interfaces if kept.interfaces is None else list(kept.interfaces)
        self._ours = kept.interfaces is None  # of the run that goes on
        with session.lock:
            give_dns(self.engine, session.engine)
        self._minutes: Minutes | None = None
        self._frames = kept.pieces[-1].counts[2]
        self._said = {row: told[number][0] for row, _, number in flows}
        self.view = EngineView(self.engine, self._interfaces, session.get(Names), self._tellers(flows, told),
                               fields.tell, session.get(Throughput).history if self._ours else History())

    def _tellers(self, flows: Sequence[tuple[int, int, int]], told: Mapping[int, Said]) -> list[_Teller]:
        """What addons told, as columns of this engine."""
        found = [_Teller(addon.name, column.age_field, AddonColumns(self.engine, column.fields, column.age_field))
                 for addon in self._session.addons
                 if (column := addon.column(self._session.engine)) is not None]
        by_name = {teller.name: teller.told for teller in found}
        names = AddonColumns(self.engine, NAMES)
        for row, key, number in flows:
            record, values = told[number]
            for name, (each, when) in values.items():
                if name in by_name:
                    by_name[name].put(row, key, each, when)
            name = record.get("name", {})
            if name:
                names.put(row, key, (name.get("host"), name.get("via")), None)
        return [*found, _Teller("names", None, names)]

    # ------------------------------------------------------------------------------------------ a Session's questions

    @property
    def label(self) -> str:
        return self._session.label

    @property
    def live(self) -> bool:
        return self._session.live

    @property
    def _asked(self) -> contract.Session:
        """What questions are given: what is not here is found by __getattr__."""
        return cast(contract.Session, self)

    def __getattr__(self, name: str) -> object:
        """All else is the session's own."""
        return getattr(self._session, name)

    def get(self, kind: type[Kind]) -> Kind:
        """The addon of that class; what came by the second is what had come then."""
        found = self._session.get(kind)
        if isinstance(found, Throughput):
            if not self._ours:
                cut = copy(found)
                cut.history = History()
                return cast(Kind, cut)
            with self._session.lock:
                self._session.engine.tell()
                then: Throughput = found.as_of(self.moment.at_ns)
                if then.history.totals()["packets"] > self._frames:  # the moment is within that second, and too old
                    then.history = found.history.until(self.moment.at_ns // 1_000_000_000)
            return cast(Kind, then)
        if not self._ours:
            return cast(Kind, found.unknown()) if isinstance(found, ProcessesAddon) else found
        with self._session.lock:
            return found.as_of(self.moment.at_ns)

    def record(self, row: int) -> Record:
        """The record of a row, with what addons told of it then."""
        record: Record = screen_record(self.engine, row, self._interfaces)
        said = self._said.get(row, {})       # what another machine says is no other kind of thing than what is counted
        return record | {key: value for key, value in said.items() if isinstance(value, type(record.get(key, value)))}

    def records(self, numbers: list[int]) -> list[Record]:
        """For a screen, with the minute before the moment of flows that were on one."""
        if self._ours and self._minutes is None:
            with self._session.lock:
                self._minutes = self._session.get(Sparklines).minutes_of(self.engine, self.moment.at_ns)
        return [seen(self.record(number), self._minutes.of(self.engine, number) if self._minutes is not None else None,
                     self.view.turned(number)) for number in numbers]

    def recorded(self, numbers: list[int]) -> Generator[bool, None, list[Record]]:
        """The same for look()."""
        yield False
        return self.records(numbers)

    def look(self, work: Generator[bool, None, Answer]) -> Answer:
        """Nothing moves here: the work is done at once. Its answer."""
        with self._one:
            while True:
                try:
                    next(work)
                except StopIteration as done:
                    answer: Answer = done.value
                    return answer

    def query(self, where: Where | None, sort: str, descending: bool, offset: int, limit: int, history: bool,
              within: Within | None = None) -> Page:
        """See model.Watch."""
        rows, total = self.look(self._page(where, sort, descending, offset, limit, history or not self.live, within))
        return Page(rows, total, self.engine.clock)

    def _page(self, where: Where | None, sort: str, descending: bool, offset: int, limit: int, history: bool,
              within: Within | None) -> Generator[bool, None, tuple[list[Record], int]]:
        found = yield from self.view.select(where, sort, descending, history,
                                            within.looked_at if within is not None else ())
        if within is not None:
            yield from narrowed(self._asked, found, within)
            yield from found.ordered(sort, descending)
        return self.records(found.page(offset, limit)), found.matched

    def flow(self, id: int) -> Record | None:
        """See model.Session."""
        number = self.look(self.view.find(id))
        return self.records([number])[0] if number else None

    def ask(self, question: Question[Answer]) -> Answer:
        """See model.Watch."""
        if isinstance(question, Dated) and self._ours:
            then = cast(Dated[Answer], question).until(self.moment.at_ns, self._frames)
            return then.answer(self._session)
        return question.answer(self._asked)


class _Teller(Addon):
    """Stands for an addon that fills columns."""

    def __init__(self, name: str, age_field: str | None, told: AddonColumns) -> None:
        self.name, self.age_field, self.told = name, age_field, told

    def column(self, engine: Engine) -> AddonColumns:
        return self.told


def _hashable(value: list[object]) -> tuple[object, ...]:
    """As it was before JSON made lists of tuples. ValueError for what cannot be in one."""
    if any(isinstance(each, dict) for each in value):
        raise ValueError("not what addons tell of flows")
    return tuple(_hashable(each) if isinstance(each, list) else each for each in value)
