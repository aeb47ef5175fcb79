"""From a source to records' raw material: chunks through one or several engines, results in the same order always.

One engine runs in the caller's thread. Several run in threads of their own, without the GIL, each on the frames of its
shard, while the next chunk is being read. What they hand out is merged by frame number, so that the number of workers
changes nothing but the time it takes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, cast

from netwatch._fast.engine import Engine
from netwatch._fast.input.box import Box
from netwatch._fast.input.pacing import PacedBox
from netwatch._fast.out.endedrows import EndedRows
from netwatch._fast.out.events import drain, lost_events, number_fresh, release
from netwatch._fast.out.flowfields import IN_ROWS, FlowFields
from netwatch._fast.out.names import link_name, unread_links
from netwatch._fast.out.packetrows import Clock, PacketRows
from netwatch._fast.out.record import Describer, record_of
from netwatch._fast.out.summary import summary
from netwatch.model.contract import WARNING, Addon, Kind, Purpose, Values
from netwatch.model.event import Event, FlowRef, Step
from netwatch.model.host import Host
from netwatch.model.record import Record
from netwatch.store.settings import Settings

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

    from netwatch._fast.input.source import Source

SETTLE_NS = 300_000_000  # the clock of a live source that is quiet is so far behind the wall's
ROUNDS = 6  # of giving things back to the engines after one chunk: decrypted, then unpacked, then read
FOR_EVER = (1 << 64) - 1  # ns
CHUNKS_APART = 64  # read by each worker between two looks at progress and signals


class Pipeline:
    """Reads a source to its end, or until it is no longer asked to. It is a model.Run to its addons."""

    def __init__(self, source: Source, *, workers: int = 1, want: Iterable[str] = (), hold: bool = False,
                 dpi: bool = True, facts: bool = True, history: int = 0, max_flows: int = 2_000_000,
                 timeouts: dict[str, int] | None = None, max_frames: int | None = None,
                 copies: Callable[[], Sequence[Source]] | None = None, box: Box | None = None,
                 addons: Sequence[Addon] = (), purpose: Purpose | None = None,
                 settings: Values | None = None, host: Host | None = None,
                 say: Callable[[str, str], None] | None = None, each: bool = False) -> None:
        """`want`: kinds of event to hand out; `hold`: hand out ended flows; `history`: ended flows kept otherwise;
        `facts`: keep what classifiers learn, for flow records; `max_frames`: stop after so many;
        `copies` opens as many further readers of the same input as there are further workers. Each worker then reads
        all of it and takes its share, which is fastest, and done when nothing is to be handed out in order; `box`:
        another kind of box for the one worker; `addons` are asked in their order, `purpose` to `say` are what they see
        of the run (see model.Run); `each`: a step for each frame, of the one worker, so that what is known of a flow
        at a frame does not depend on how many were read with it. Raises AddonError."""
        self.source = source
        self.purpose, self.settings, self.host = purpose or Purpose(), settings or Settings({}), host or Host()
        self._say = say
        self.engines = [
            Engine(max_flows=max_flows // workers, history=history // workers, want=tuple(want), hold=hold, dpi=dpi,
                   facts=facts, shard=i, shards=workers, timeouts=timeouts or {},
                   copies=str(self.settings.of("flows.copies")), vlan=str(self.settings.of("flows.vlan")),
                   live=self.purpose.live) for i in range(workers)]
        self.addons = list(addons)
        for addon in self.addons:
            addon.begin(self)
        self.host.allow_no_more()
        self._early = [addon for addon in self.addons if addon.early]
        self._adding = [addon for addon in self.addons if addon.adds]
        heard = set(want).union(*(addon.wants for addon in self.addons if not addon.early))
        for engine in self.engines:
            for kind in heard:
                engine.listen(kind)
        self.hold = hold or (bool(self._early) and not history)  # what they open is of a flow that is still there
        if self.hold and not hold:
            for engine in self.engines:
                engine.keep_ended()
        self.done = False
        self._clock = Clock()
        self._ids = 0
        self._left = max_frames
        self._listening = bool(heard or self._early)
        self._secrets: dict[int, int] = {}  # box: how many the source had found when it was filled
        self._secrets_told = 0
        apart = workers > 1 and copies is not None and not (hold or self._early)
        self._copies = list(copies()) if apart and copies else []
        self._fields = FlowFields(source.interfaces)
        self._asked: dict[frozenset[str] | None, _Asked] = {}
        self._describers: dict[tuple[bool, frozenset[str] | None], Describer] = {}
        self._each = each
        box = PacedBox() if each else box
        self._boxes = [box] if box is not None else [Box() for _ in range(workers if self._copies else min(workers, 2))]
        self._pool = _threads(workers + 1) if workers > 1 else None
        self._ahead: Future[int] | None = None
        self._to_release = False

    def step(self) -> Step | None:
        """Process the next chunk; None when the input is over (finish() then ends the flows still open)."""
        return self.process(self.read())

    def read(self) -> int:
        """Read the next chunk without touching the engines, and with several of them let them work on it too. Frames
        read; 0 at the end, -1 when a live source had none."""
        if self._copies:
            return self._step_apart()
        if self._each:
            return self._next_frame()
        if self._pool:
            self._release()
            return self._step_parallel()
        return self._fill(self._boxes[0])

    def steps(self) -> Iterator[Step]:
        """All steps but that of finish()."""
        while (step := self.step()) is not None:
            yield step

    def process(self, count: int) -> Step | None:
        """Let the engine work on what read() brought, and collect what came of it."""
        if count == 0:
            self.done = True
            return None
        if not self._pool:
            self._release()
            self._forewarn(self._boxes[0])
            if count > 0:
                self.engines[0].process(self._boxes[0])
        return self._collect(Step((), idle=count < 0, box=None if self._pool else self._boxes[0]))

    @property
    def box(self) -> Box:
        """The frames that the last process() worked on; its events' frames are in it until the next."""
        return self._boxes[-1]

    def end(self) -> None:
        """Tell the addons that the input is over, while flows stay open: somebody looks at them still."""
        self._rounds(Step((), over=True), PacketRows())

    def run_quietly(self) -> None:
        """To the end, when nobody wants events or flows: only totals are kept."""
        while self.step() is not None:
            pass

    def finish(self) -> Step:
        """End the flows that are still open; their records are the last."""
        self._release()
        self._forewarn(None)
        if self._pool:
            for job in [self._pool.submit(engine.finish) for engine in self.engines]:
                job.result()
        else:
            self.engines[0].finish()
        return self._collect(Step((), over=True))

    def close(self) -> None:
        """Stop the threads. The engines can still be asked."""
        if self._pool:
            if self._ahead is not None:
                self._ahead.exception()
            self._pool.shutdown()
            self._pool = None
        for copy in self._copies:
            copy.close()
        for addon in self.addons:
            addon.close()

    def find(self, kind: type[Kind]) -> Kind | None:
        """See model.Run."""
        return next((addon for addon in self.addons if isinstance(addon, kind)), None)

    def get(self, kind: type[Kind]) -> Kind:
        """See model.Run."""
        found = self.find(kind)
        if found is None:
            raise LookupError(f"this run has no addon {kind.name or kind.__name__}")
        return found

    def say(self, text: str, severity: str = WARNING) -> None:
        """See model.Run."""
        if self._say is not None:
            self._say(text, severity)

    def advance(self, now_ns: int | None = None) -> None:
        """Tell all engines what time it is, where no frame does: a live source that is quiet. None: the wall's time,
        less what its frames may be late by."""
        for engine in self.engines:
            engine.advance(time.time_ns() - SETTLE_NS if now_ns is None else now_ns)

    def record(self, engine: Engine, row: int, show_secrets: bool = False,
               wanted: frozenset[str] | None = None) -> Record:
        """The flow record of a row of an engine; {} when the row is not in use. `wanted`: these of its keys will do."""
        asked = self._asked_of(wanted)
        found: Record = record_of(self._fields, engine, row, show_secrets, asked.keys)
        if found:
            _adorn(asked.addons, found, engine, row)
        return found

    def flow_record(self, engine: Engine, row: int, keys: frozenset[str] | None) -> Record:
        """See model.Run."""
        return self.record(engine, row, wanted=keys)

    def described(self, engine: Engine, row: int, show_secrets: bool = False,
                  wanted: frozenset[str] | None = None) -> Record:
        """What of the flow record is in no row: what protocols and addons say."""
        return next(self.described_each(((engine, row),), show_secrets, wanted))

    def described_each(self, rows: Iterable[tuple[Engine, int]], show_secrets: bool = False,
                       wanted: frozenset[str] | None = None) -> Iterator[Record]:
        """The same of each of some rows."""
        asked = self._asked_of(wanted)
        if (show_secrets, asked.keys) not in self._describers:
            self._describers[show_secrets, asked.keys] = Describer(show_secrets, asked.keys)
        describe, addons = self._describers[show_secrets, asked.keys].of, asked.addons
        for engine, row in rows:
            if asked.whole:
                record = self.record(engine, row, show_secrets, wanted)
                yield {key: value for key, value in record.items() if key not in IN_ROWS}
                continue
            found: Record = describe(engine, row)
            if addons:
                _adorn(addons, found, engine, row)
            yield found

    def flow_of(self, packets: PacketRows, place: int) -> tuple[Engine, int]:
        """(engine, row) of a packet's flow; row 0 when it has none, or the flow is gone."""
        shard, row = packets.flow(place)
        return self.engines[shard], row

    def adorn(self, record: Record, engine: Engine, row: int) -> None:
        """Let every addon add what it knows to the record of a row."""
        _adorn(self._adding, record, engine, row)

    def _asked_of(self, wanted: frozenset[str] | None) -> _Asked:
        """Which addons have something of that to say, and what must be there for them."""
        if wanted not in self._asked:
            addons = [addon for addon in self._adding if wanted is None or not wanted.isdisjoint(
                name.partition(".")[0] for name in addon.adds)]
            whole = any(addon.needs is None for addon in addons)
            keys = None if wanted is None or whole else wanted.union(*(addon.needs or () for addon in addons))
            self._asked[wanted] = _Asked(addons, keys, whole)
        return self._asked[wanted]

    def summary(self) -> Record:
        """The summary record of all that was read so far, without its files."""
        links = sorted({link_name(i["link"]) for i in self.source.interfaces})
        found = dict(summary(self.engines, links))
        lost = sum(lost_events(e) for e in self.engines)
        if lost:
            found["drops"]["events"] = lost
        unread = unread_links(self.source.interfaces)
        if unread:
            found["unread_link_types"] = unread
        return found

    def _step_parallel(self) -> int:
        """Work on one box with all engines while the other is being filled."""
        assert self._pool is not None
        if self._ahead is None:
            self._ahead = self._pool.submit(self._fill, self._boxes[0])
        count = self._ahead.result()
        if count <= 0:
            self._ahead = None
            return count
        box = self._boxes[0]
        self._boxes.reverse()
        self._ahead = self._pool.submit(self._fill, self._boxes[0])
        self._forewarn(box)
        jobs = [self._pool.submit(engine.process, box) for engine in self.engines]
        for job in jobs:
            job.result()
        self.advance(max(engine.clock for engine in self.engines))
        return count

    def _step_apart(self) -> int:
        """Let every worker read on by itself for a while; 0 when all have come to the end."""
        assert self._pool is not None
        jobs = [self._pool.submit(self._read_apart, *each)
                for each in zip(self.engines, [self.source, *self._copies], self._boxes, strict=True)]
        return max(job.result() for job in jobs)

    def _read_apart(self, engine: Engine, source: Source, box: Box) -> int:
        """Take one worker's share of the next frames; how many there were."""
        count = 0
        for _ in range(CHUNKS_APART):
            if box.fill(source) <= 0:
                break
            box.share(len(self.engines))
            engine.process(box)
            count += box.n
        return count

    def _next_frame(self) -> int:
        """Show the engine the next frame alone."""
        box = self._boxes[0]
        assert isinstance(box, PacedBox)
        if not box.left:
            count = self._fill(box)
            if count <= 0:
                return count
        return int(box.show(FOR_EVER, 1))

    def _fill(self, box: Box) -> int:
        count = int(box.fill(self.source)) if self._left != 0 else 0
        if count > 0 and self._left is not None:
            count = min(count, self._left)
            box.trim(count)
            self._left -= count
        if count > 0 and self._pool:
            box.share(len(self.engines))
        if self._early:
            self._secrets[id(box)] = len(self.source.secrets)
        return count

    def _forewarn(self, box: Box | None) -> None:
        """Let addons know what the source found up to the end of the box, or of the input."""
        if self._early:
            known = len(self.source.secrets) if box is None else self._secrets.get(id(box), 0)
            fresh = self.source.secrets[self._secrets_told : known]
            self._secrets_told = max(known, self._secrets_told)
            for addon in self._early:
                addon.before(fresh)

    def _release(self) -> None:
        """The rows handed out by the last step are no longer needed."""
        if self._to_release:
            for engine in self.engines:
                release(engine)
            self._to_release = False

    def _collect(self, step: Step) -> Step:
        """What came of a chunk, once the addons have had their say."""
        ended: Sequence[tuple[Engine, int]] = ()
        if self.hold:
            if len(self.engines) > 1:
                self._ids = number_fresh(self.engines, self._ids)
            ended = cast("Sequence[tuple[Engine, int]]", EndedRows(self.engines))
            self._to_release = len(ended) > 0
        if ended:
            step = step._replace(ended=ended)
        packets = PacketRows()
        events, before = self._rounds(step, packets)
        packets.follow(self._clock)
        return step._replace(events=events, packets=packets, before=before)

    def _rounds(self, step: Step, packets: PacketRows) -> tuple[list[Event], list[int]]:
        """What the engines saw, and what the addons made of it, until nothing new comes of it; and how many of the
        packets come before each. What an engine saw at a packet comes before it, what others made of that after."""
        fresh = self._drained(packets) if self._listening else []
        if len(self.engines) > 1:
            packets.sort()
        found = [(event, False) for event in fresh]
        for again in range(ROUNDS):
            made: list[Event] = []
            bare = step._replace(again=True) if again else step
            for addon in self.addons:
                mine = [event for event in fresh if event.kind in addon.wants] if addon.wants else ()
                if mine or not again:
                    made += addon.take(bare._replace(events=mine) if mine else bare)
            fresh = sorted(made + self._drained(packets), key=_place) if self._listening or made else []
            if not fresh:
                break
            found = sorted(found + [(event, True) for event in fresh], key=lambda each: _place(each[0]))
        return ([event for event, _ in found],
                [packets.before(event.frame, event.flow, later) if packets else 0 for event, later in found])

    def _drained(self, packets: PacketRows) -> list[Event]:
        return sorted((Event(frame, flow, kind, ns, engine, row, key, side, inner, payload, extra, app)
                       for engine in self.engines
                       for frame, flow, kind, ns, row, key, side, inner, payload, extra, app in drain(engine, packets)),
                      key=_place)


class _Asked(NamedTuple):
    """What some keys of a flow record take: addons, keys that are described for them too (None: all), `whole`: one of
    them may look at any key."""

    addons: list[Addon]
    keys: frozenset[str] | None
    whole: bool


def _adorn(addons: list[Addon], record: Record, engine: Engine, row: int) -> None:
    if addons:
        flow = FlowRef(engine, row, engine.key(row))
        for addon in addons:
            addon.adorn(record, flow)


def _threads(n: int) -> ThreadPoolExecutor:
    """A pool; imported here because one worker needs none, and the import takes a tenth of a short run."""
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(n)


def _place(event: Event) -> tuple[int, int]:
    """By frame; what ends between frames, by flow. The order within a flow is as it came."""
    return event.frame, event.flow
