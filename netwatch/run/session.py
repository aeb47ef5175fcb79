"""A source being watched: the engine in a thread of its own, and questions answered about it meanwhile.

The lock is held by whoever looks at the rows: the engine for one chunk, a question for a slice of its work (look()),
and it goes to who has waited longest. A live source waits in the kernel's ring meanwhile. Without the lock, only the
source is touched.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from netwatch._fast.input.pacing import PacedBox
from netwatch._fast.input.switch import Switch
from netwatch._fast.out.names import link_name
from netwatch._fast.view.engineview import EngineView, counts, screen_record
from netwatch.addons.groups import narrowed, ungrouped
from netwatch.addons.history import History
from netwatch.addons.sparklines import Sparklines
from netwatch.addons.standpoint import seen
from netwatch.addons.throughput import Throughput, pace_of
from netwatch.addons.timeline import TimelineAddon
from netwatch.filter import fields
from netwatch.model.contract import INFO, WARNING, Addon, Command, Kind, Offer, Purpose, Question, Values, Where
from netwatch.model.event import Event, Step
from netwatch.model.group import Within
from netwatch.model.host import Host
from netwatch.model.record import Record
from netwatch.model.session import Gone, Health, Page
from netwatch.names.addon import Names
from netwatch.owners.addon import FlowOwners
from netwatch.run import addons
from netwatch.run.ahead import AT_ONCE, Ahead, driven, first_matches, tell
from netwatch.run.cost import Meter, resident_bytes
from netwatch.run.fair_lock import Turns
from netwatch.run.past_session import Past, on_screen
from netwatch.run.pipeline import SETTLE_NS, Pipeline
from netwatch.run.replay import Player
from netwatch.store import files
from netwatch.store.settings import Settings

if TYPE_CHECKING:
    from netwatch._fast.engine import Engine
    from netwatch._fast.input.source import Source

PATIENCE_S = 5.0  # for the engine to come to the end of its chunk, when it is time to leave
Answer = TypeVar("Answer")


class Session:
    """What the terminal asks; a model.Session to questions and commands. `open_source` is called by start(), so that
    its errors are raised there, and again when a file is read from its start."""

    def __init__(self, purpose: Purpose, open_source: Callable[[], Source], *, dpi: bool = True,
                 settings: Settings | None = None, host: Host | None = None,
                 given: Callable[[], Sequence[Addon]] = tuple, opened: Callable[[], None] = lambda: None,
                 new_file: Callable[[str], int] = files.new_file, hold: bool = False,
                 screens: Iterable[str] = addons.SCREENS) -> None:
        """`given` makes addons that stand in for those of their names (see addons.load()); `opened` is called by
        start() when all is open and before the first thread; `new_file` gives a descriptor of a file for what is
        saved. `hold`: flows that are over are handed to addons and not kept; `screens`: of addons.SCREENS these."""
        self._hold, self._screens = hold, tuple(screens)
        self._new_file, self._opened = new_file, opened
        self.settings: Values = settings or Settings({})
        self.host = host or Host()
        self.purpose = purpose
        self.label = purpose.label
        speed = self.settings.of("replay.speed")
        self.player = None if purpose.live else Player(None if speed == "max" else float(speed))
        self._open_source = open_source
        self._dpi = dpi
        self._given = given
        self.lock = Turns()
        self._questions = Turns()  # one at a time is answered
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._done = False
        self._failure: str | None = None
        self._meter = Meter()
        self._past: Past | None = None  # the moment that was looked at last
        self.listener: Callable[[str, str], None] | None = None  # told the severity and the line of all that is said

    @property
    def live(self) -> bool:
        return self.purpose.live

    def start(self) -> None:
        """Open the source and begin to read it. Raises SourceError, AddonError."""
        self._begin(self._open_source())
        self._opened()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    def _begin(self, source: Source) -> None:
        """A fresh engine for a source, and all that goes with it."""
        self.source = source
        self._read_before = 0
        self._unsaid: list[tuple[str, str]] | None = []
        loaded = addons.load(addons.CONTENT if self._dpi else (), addons.RECORDS, addons.ALERTS, addons.FINDINGS,
                             self._screens, addons.users(), given=self._given())
        self.pipeline = Pipeline(source, addons=loaded, purpose=self.purpose, settings=self.settings, host=self.host,
                                 say=self._say, dpi=self._dpi, timeouts=self.timeouts,
                                 max_flows=self.settings.of("flows.max"), history=self.settings.of("flows.history"),
                                 hold=self._hold, box=PacedBox() if self.player else None)
        self.addons, self.engines = self.pipeline.addons, self.pipeline.engines
        self.engine = self.engines[0]
        self.owners = self.get(FlowOwners)
        self._sparklines = self.get(Sparklines)
        self._ahead = Ahead()
        self.view = EngineView(self.engine, source.interfaces, self.get(Names),
                               self._tellers(), fields.tell, self.get(Throughput).history)
        for text, severity in self._unsaid or ():  # the listener has heard it
            self.get(TimelineAddon).say(text, severity)
        self._unsaid = None
        for text in (line for addon in self.addons for line in addon.credits()):
            self.say(text, INFO)

    def _tellers(self) -> list[Addon]:
        """Addons whose fields filters and orders know by columns of their own."""
        return [addon for addon in self.addons if addon.column(self.engine) is not None
                and (addon is not self.owners or self.owners.looking)]

    def new_file(self, name: str) -> int:
        """See model.Session."""
        return self._new_file(name)

    def find(self, kind: type[Kind]) -> Kind | None:
        """See model.Run."""
        return self.pipeline.find(kind)

    def get(self, kind: type[Kind]) -> Kind:
        """See model.Run."""
        return self.pipeline.get(kind)

    def flow_record(self, engine: Engine, row: int, keys: frozenset[str] | None) -> Record:
        """See model.Run."""
        return self.pipeline.flow_record(engine, row, keys)

    def say(self, text: str, severity: str = WARNING) -> None:
        """See model.Run."""
        self.pipeline.say(text, severity)

    def _say(self, text: str, severity: str) -> None:
        """A line for the user is an event of the timeline; until there is one, it waits."""
        if self.listener is not None:
            self.listener(severity, text)
        if self._unsaid is not None:
            self._unsaid.append((text, severity))
        else:
            self.get(TimelineAddon).say(text, severity)

    @property
    def offers(self) -> Sequence[Offer]:
        """The commands that addons bring, as far as they are any use here."""
        return [offer for addon in self.addons for offer in addon.commands if offer.live in (None, self.live)]

    @property
    def timeouts(self) -> dict[str, int]:
        """Those of its engine, where they are not the engine's own."""
        return on_screen(self.settings) if self.live else self.settings.timeouts

    def use_settings(self, settings: Values) -> None:
        """Other settings from now on, as far as a running engine can: its idle timeouts."""
        self.settings = settings
        with self.lock:
            for engine in self.pipeline.engines:
                engine.set_timeouts(self.timeouts)

    def stop(self) -> None:
        """Stop reading and close the source; may be called again. What is still worked on after PATIENCE_S is not
        closed under whoever works on it: it goes with the process, or with the next call."""
        if self._thread is None:
            return
        self._stopping = True
        self.source.interrupt()
        self._thread.join(timeout=PATIENCE_S)
        if not self._thread.is_alive():
            self._thread = None
            self._let_go()

    def end(self) -> None:
        """Stop reading; flows that are open are over, and told of as such. The session may still be asked."""
        self._stopping = True
        self.source.interrupt()
        if self._thread is not None:
            self._thread.join(timeout=PATIENCE_S)
            if not self._thread.is_alive():
                with self.lock:
                    self.pipeline.finish()

    def _let_go(self) -> None:
        """Of everything that _begin() made."""
        self.pipeline.close()
        self.source.close()

    def query(self, where: Where | None, sort: str, descending: bool, offset: int, limit: int,
              history: bool, within: Within | None = None, early: Callable[[Page], None] | None = None) -> Page:
        """A page of the flows that pass `where`, of those that a row of a sum counted. Takes some 50 ms at a million
        flows; where texts have to be worked out first, `early` is given what was found until then."""
        ended = history or not self.live
        late = None if early is None or where is None or within is not None else partial(
            tell, early, first_matches(self, where, sort, descending, limit, ended), self.lock, self.view)
        rows, total, clock = self.look(self._page(where, sort, descending, offset, limit, ended, within), late)
        return Page(rows, total, clock)

    def _page(self, where: Where | None, sort: str, descending: bool, offset: int, limit: int,
              history: bool, within: Within | None) -> Generator[bool, None, tuple[list[Record], int, int]]:
        wanted = within.looked_at if within is not None else ()
        found = yield from self.view.select(where, sort, descending, history, wanted)
        if within is not None:
            yield from narrowed(self, found, within)
            yield from found.ordered(sort, descending)
        clock = self.engine.clock
        rows = yield from self.recorded(found.page(offset, limit))
        return rows, found.matched, clock

    def look(self, work: Generator[bool, None, Answer], late: Callable[[], None] | None = None) -> Answer:
        """Do work that looks at the engine, piece by piece: what the generator yields says whether its next piece needs
        the engine to hold still, the first does. The engine goes on between the pieces. Its answer. `late`: see
        driven()."""
        with self._questions:
            return driven(work, self.lock, self.view, late)

    def prepare(self, seconds: float) -> bool:
        """See model.Watch. Flows of a live source are looked at as they come, once a filter was asked for."""
        if self.live or self._ahead.done:
            return True
        with self._questions:
            return self._ahead.step(self.view, self.lock, seconds)

    def flow(self, id: int) -> Record | None:
        """The record of one flow, with the kernel's own view of it where there is one; None when it is gone."""
        record = self.look(self._flow(id))
        seen = self.owners.kernel_view(record) if record else None
        if record and seen:
            record["tcp_info"] = seen
        return record

    def _flow(self, id: int) -> Generator[bool, None, Record | None]:
        number = yield from self.view.find(id)
        return self.records([number])[0] if number else None

    def at(self, ns: int) -> Past:
        """This session as it was: the newest moment at or before that, or the oldest there is. Raises Gone."""
        history = self.get(History)
        with self.lock:
            kept = history.reel.at(ns) if history.reel is not None else None
        kept = history.at(ns, kept)
        if kept is None:
            raise Gone("nothing is kept by the second: history.memory_mb is 0" if history.reel is None else
                       "no second has passed yet")
        if self._past is None or self._past.moment.at_ns != kept.moment.at_ns:
            self._past = Past(self, kept, self.timeouts)
        self._past.moment = kept.moment
        return self._past

    def ask(self, question: Question[Answer]) -> Answer:
        """The answer to what a screen wants to know; the question takes the lock itself, for as short as it can."""
        return question.answer(self)

    def do(self, command: Command) -> str:
        """Do what a key asked for, and the line that tells of it."""
        return command.run(self)

    def records(self, numbers: list[int]) -> list[Record]:
        """The records of rows for a screen, as standpoint.seen() has them; the caller holds the lock."""
        minutes = self._sparklines.of(numbers)
        return [seen(self.record(number), minute, self.view.turned(number))
                for number, minute in zip(numbers, minutes, strict=True)]

    def recorded(self, numbers: list[int]) -> Generator[bool, None, list[Record]]:
        """The same, a few at a time; for look()."""
        made: list[Record] = []
        for at in range(0, len(numbers), AT_ONCE):
            yield True
            made += self.records(numbers[at:at + AT_ONCE])
        return made

    def record(self, row: int) -> Record:
        """The record of a row, with what the addons know of it, for those who hold the lock."""
        record: Record = screen_record(self.engine, row, self.source.interfaces)
        self.pipeline.adorn(record, self.engine, row)
        return record

    def read_again(self, source: Source) -> Iterator[tuple[Pipeline, Sequence[Event]]]:
        """Read frames that were kept through an engine of their own, for what their streams say, opened where there
        are keys. Needs no lock."""
        purpose = Purpose(label=self.label, kinds=frozenset({"streams", "heads"}), keylogs=self.purpose.keylogs)
        pipeline = Pipeline(source, addons=addons.load(addons.CONTENT) if self._dpi else (), dpi=self._dpi,
                            want=("streams",), purpose=purpose, settings=self.settings)
        try:
            while (step := pipeline.step()) is not None:
                yield pipeline, step.events
            yield pipeline, pipeline.finish().events
        finally:
            pipeline.close()

    def health(self) -> Health:
        with self.lock:
            seen, done, signs = counts(self.engine), self._done, [sign for each in self.addons for sign in each.signs()]
            pace = pace_of(self) if self.live else (0.0, 0.0)
        first = seen.pop("first_ns")
        drops = self.source.stats() if self.live else {}
        if not self.live:
            seconds = (seen["clock_ns"] - first) / 1e9
            pace = (seen["packets"] / seconds, seen["bytes"] / seconds) if done and seconds else (0.0, 0.0)
        size = self.source.size
        switch = self.source if isinstance(self.source, Switch) else None
        owners = self.owners.method()
        return Health(
            **seen, packets_per_s=pace[0], bytes_per_s=pace[1], cpu_percent=self._meter.read(),
            kernel_drops=drops.get("kernel_drops", 0), interface_drops=drops.get("interface_drops", 0),
            ring_drops=drops.get("ring_drops", 0), stopped=switch is not None and switch.stopped,
            lost=tuple(switch.lost()) if switch is not None else (),
            done=done, error=self._failure or self.source.error, damaged=not self._failure and self.source.damaged,
            position=None if self.live else 1.0 if done else self._position() if size else None,
            replay=self.player.state() if self.player else None,
            link_types=sorted({link_name(each["link"]) for each in self.source.interfaces}), rss_bytes=resident_bytes(),
            owners=owners.name, owners_why=owners.why, signs=tuple(signs), ungrouped=ungrouped(self),
        )

    def _position(self) -> float:
        """How much of the file has been processed, 0 to 1."""
        read, box = self.source.bytes_read, self.pipeline.box
        share = box.share if isinstance(box, PacedBox) else 1.0
        position: float = (self._read_before + (read - self._read_before) * share) / self.source.size
        return position

    def _run(self) -> None:
        try:
            if self.player:
                self._replay(self.player)
            else:
                self._watch()
        except Exception as error:  # the screen must say so; a thread's traceback nobody sees
            self._failure = f"the engine stopped: {type(error).__name__}: {error}"
        self._done = True

    def _watch(self) -> None:
        """A live source, until it ends or we are stopped."""
        while not self._stopping:
            count = self.pipeline.read()
            with self.lock:
                if self._take(count) is None:
                    return
                if count < 0:
                    self.pipeline.advance(self.idle_ns())

    def idle_ns(self) -> int:
        """What time it is, in packet time, while a live source is quiet."""
        return time.time_ns() - SETTLE_NS

    def _replay(self, player: Player) -> None:
        """A file, at the player's pace, as often as it asks for it again."""
        while not self._stopping:
            box = self.pipeline.box
            assert isinstance(box, PacedBox)
            if player.again:
                self._read_again(player)
            elif self._done:
                player.wait_at_end()
            elif box.left or self._read_on(player) > 0:
                shown = player.allow(box)
                with self.lock:
                    if shown:
                        self._take(shown)
                    elif player.speed and not player.paused:
                        self.pipeline.advance(player.clock)
                    player.reached(self.engine.clock)

    def _read_on(self, player: Player) -> int:
        """The next chunk of the file; 0 at its end."""
        self._read_before = self.source.bytes_read
        count: int = self.pipeline.read()
        if count == 0:
            with self.lock:
                self._take(0)
                self._done = True
                player.end(self.engine.clock)
        return count

    def _read_again(self, player: Player) -> None:
        """Begin the file once more, with an engine that knows nothing."""
        source = self._open_source()
        with self._questions, self.lock:
            self._let_go()
            self._begin(source)
            self._done = False
            player.begin()

    def _take(self, count: int) -> Step | None:
        """Process what was read. The lock is held."""
        step = self.pipeline.process(count)
        self.view.go_on()
        if step is None:
            self.pipeline.end()
        return step
