"""From a source to records' raw material: chunks through one or several engines, results in the same order always.

One engine runs in the caller's thread. Several run in threads of their own, without the GIL, each on the frames of its
shard, while the next chunk is being read. What they hand out is merged by frame number, so that the number of workers
changes nothing but the time it takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from netwatch._fast.engine import Engine
from netwatch._fast.input.box import Box
from netwatch._fast.out.events import drain, ended_rows, lost_events, number_fresh, release
from netwatch._fast.out.names import link_name
from netwatch._fast.out.record import flow_record, summary
from netwatch.model.addon import WARNING, Addon
from netwatch.model.event import Event, FlowRef, Record, Step
from netwatch.model.host import Host
from netwatch.model.run import Kind, Purpose, Values
from netwatch.store.settings import Settings

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

ROUNDS = 6  # of giving things back to the engines after one chunk: decrypted, then unpacked, then read
CHUNKS_APART = 64  # read by each worker between two looks at progress and signals


class Pipeline:
    """Reads a source to its end, or until it is no longer asked to. It is a model.Run to its addons."""

    def __init__(self, source: Any, *, workers: int = 1, want: Iterable[str] = (), hold: bool = False,
                 dpi: bool = True, facts: bool = True, history: int = 0, max_flows: int = 2_000_000,
                 timeouts: dict[str, int] | None = None, max_frames: int | None = None,
                 copies: Callable[[], Sequence[Any]] | None = None, box: Any = None, addons: Sequence[Addon] = (),
                 purpose: Purpose | None = None, settings: Values | None = None, host: Host | None = None,
                 say: Callable[[str, str], None] | None = None, identity: Mapping[str, str] | None = None) -> None:
        """`want`: kinds of event to hand out; `hold`: hand out ended flows; `history`: ended flows kept otherwise;
        `facts`: keep what classifiers learn, for flow records; `max_frames`: stop after so many;
        `copies` opens as many further readers of the same input as there are further workers. Each worker then reads
        all of it and takes its share, which is fastest, and done when nothing is to be handed out in order; `box`:
        another kind of box for the one worker; `addons` are asked in their order, `purpose` to `say` are what they see
        of the run (see model.Run); `identity`: which packets are copies and which flows are one, as Settings.identity
        has it. Raises AddonError."""
        self.source = source
        self.purpose, self.settings, self.host = purpose or Purpose(), settings or Settings({}), host or Host()
        self._say = say
        self.engines = [
            Engine(max_flows=max_flows // workers, history=history // workers, want=tuple(want), hold=hold, dpi=dpi,
                   facts=facts, shard=i, shards=workers, timeouts=timeouts or {}, **(identity or {}))
            for i in range(workers)
        ]
        self.addons = list(addons)
        for addon in self.addons:
            addon.begin(self)
        self._early = [addon for addon in self.addons if addon.early]
        self._adding = [addon for addon in self.addons if addon.adds]
        heard = set(want).union(*(addon.wants for addon in self.addons if not addon.early))
        for engine in self.engines:
            for kind in heard:
                engine.listen(kind)
        self.hold = hold
        self.done = False
        self._ids = 0
        self._left = max_frames
        self._listening = bool(heard or self._early)
        self._secrets: dict[int, int] = {}  # box: how many the source had found when it was filled
        self._secrets_told = 0
        apart = workers > 1 and copies is not None and not (hold or self._early)
        self._copies = list(copies()) if apart and copies else []
        self._boxes = [box] if box is not None else [Box() for _ in range(workers if self._copies else min(workers, 2))]
        self._pool = _threads(workers + 1) if workers > 1 else None
        self._ahead: Any = None
        self._to_release = False

    def step(self) -> Step | None:
        """Process the next chunk; None when the input is over (finish() then ends the flows still open)."""
        return self.process(self.read())

    def read(self) -> int:
        """Read the next chunk without touching the engines, and with several of them let them work on it too. Frames
        read; 0 at the end, -1 when a live source had none."""
        if self._copies:
            return self._step_apart()
        if self._pool:
            self._release()
            return self._step_parallel()
        return self._fill(self._boxes[0])

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
    def box(self) -> Any:
        """The frames that the last process() worked on; its events' frames are in it until the next."""
        return self._boxes[-1]

    def end(self) -> None:
        """Tell the addons that the input is over, while flows stay open: somebody looks at them still."""
        self._rounds(Step((), over=True))

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

    def advance(self, now_ns: int) -> None:
        """Tell all engines what time it is, where no frame does: a live source that is quiet."""
        for engine in self.engines:
            engine.advance(now_ns)

    def record(self, engine: Engine, row: int, show_secrets: bool = False) -> Record:
        """The flow record of a row of an engine."""
        found: Record = flow_record(engine, row, self.source.interfaces, show_secrets)
        self.adorn(found, engine, row)
        return found

    def adorn(self, record: Record, engine: Engine, row: int) -> None:
        """Let every addon add what it knows to the record of a row."""
        flow = FlowRef(engine, row, engine.key(row))
        for addon in self._adding:
            addon.adorn(record, flow)

    def summary(self) -> dict[str, Any]:
        """The summary record of all that was read so far, without its files."""
        links = sorted({link_name(i["link"]) for i in self.source.interfaces})
        found = dict(summary(self.engines, links))
        lost = sum(lost_events(e) for e in self.engines)
        if lost:
            found["drops"]["events"] = lost
        return found

    def _step_parallel(self) -> int:
        """Work on one box with all engines while the other is being filled."""
        assert self._pool is not None
        if self._ahead is None:
            self._ahead = self._pool.submit(self._fill, self._boxes[0])
        count: int = self._ahead.result()
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

    def _read_apart(self, engine: Any, source: Any, box: Any) -> int:
        """Take one worker's share of the next frames; how many there were."""
        count = 0
        for _ in range(CHUNKS_APART):
            if box.fill(source) <= 0:
                break
            box.share(len(self.engines))
            engine.process(box)
            count += box.n
        return count

    def _fill(self, box: Any) -> int:
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

    def _forewarn(self, box: Any | None) -> None:
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
        ended: list[tuple[Any, int]] = []
        if self.hold:
            if len(self.engines) > 1:
                self._ids = number_fresh(self.engines, self._ids)
            rows = sorted(((ident, i, row) for i, e in enumerate(self.engines) for ident, row in ended_rows(e)))
            ended = [(self.engines[i], row) for _, i, row in rows]
            self._to_release = bool(ended)
        step = step._replace(ended=ended)
        return step._replace(events=self._rounds(step))

    def _rounds(self, step: Step) -> list[Event]:
        """What the engines saw, and what the addons made of it, until nothing new comes of it."""
        fresh = self._drained() if self._listening else []
        found = fresh
        for again in range(ROUNDS):
            made: list[Event] = []
            bare = step._replace(again=bool(again))
            for addon in self.addons:
                mine = [event for event in fresh if event.kind in addon.wants] if addon.wants else ()
                if mine or not again:
                    made += addon.take(bare._replace(events=mine) if mine else bare)
            fresh = sorted(made + self._drained(), key=_place) if self._listening or made else []
            if not fresh:
                break
            found = sorted(found + fresh, key=_place)
        return found

    def _drained(self) -> list[Event]:
        return sorted((Event(frame, flow, kind, ns, engine, *rest) for engine in self.engines
                       for frame, flow, kind, ns, *rest in drain(engine)), key=_place)


def _threads(n: int) -> ThreadPoolExecutor:
    """A pool; imported here because one worker needs none, and the import takes a tenth of a short run."""
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(n)


def _place(event: Event) -> tuple[int, int]:
    """By frame; what ends between frames, by flow. The order within a flow is as it came."""
    return event.frame, event.flow
