"""The addon that hands out records as they are due: flows that are over, messages of DNS and HTTP, TLS handshakes,
alerts, findings, and that flows began or were identified."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from netwatch._fast.out.encoder import Encoder
from netwatch._fast.out.rawflow import RawFlow
from netwatch.model.contract import Addon
from netwatch.model.event import Event, Step
from netwatch.model.machine import Owner
from netwatch.records.items import DictItem, FlowItem, Item, Packets
from netwatch.records.maker import RecordMaker
from netwatch.records.values import keys_of

if TYPE_CHECKING:
    from netwatch.filter import Filter
    from netwatch.model.contract import Run
    from netwatch.model.record import Record
    from netwatch.run.pipeline import Pipeline

MESSAGES = frozenset({"dns", "http", "event", "finding"})
OF_NO_FLOW = frozenset({"alert", "finding"})  # pass every filter: they are not of one flow
AT_ONCE = 250  # records handed out together at most: in the end all flows that are open are over
OWNED = frozenset({"process"})


class Own(NamedTuple):
    """The agent's own connections: the ends that it sends to (packed address, port), and the process that does."""

    ends: frozenset[tuple[bytes, int]] = frozenset()
    pid: int = 0


NOBODY = Own()


class Tells(Protocol):
    """Reads the packets of exporters."""

    def told(self, event: Event) -> list[Record]:
        """The flows that a packet tells of."""

    def finish(self) -> list[Record]:
        """Nothing more comes: flows that are left."""


class Journal(Addon):
    """`tell(lines, count)` is given NDJSON in the thread of the engines: it must not wait. `kinds`: of CONTRACT's
    records. `where` picks flows, and what belongs to them."""

    name = "journal"

    def __init__(self, kinds: frozenset[str], where: Filter | None, tell: Callable[[bytes, int], None],
                 exporters: Tells | None = None, own: Own = NOBODY) -> None:
        """`exporters`: the flows that export packets tell of are handed out too. What is `own` is not: it would tell of
        itself for ever."""
        self._own = own
        self.alerts: Counter[str] = Counter()
        self._kinds = kinds
        self._where = where
        self._tell = tell
        self._exporters = exporters
        self.wants = (kinds & MESSAGES) | {"alert"} | ({"exports"} if exporters is not None else set())
        self._looked_at = keys_of(where.fields) if where is not None else frozenset()
        self._maker: RecordMaker | None = None

    def begin(self, run: Run) -> None:
        self._pipeline = cast("Pipeline", run)
        self._encoder = Encoder("ndjson", lambda kind: None, run.source.interfaces)

    def take(self, step: Step) -> Sequence[Event]:
        self.alerts.update(str(event.payload["kind"]) for event in step.events if event.kind == "alert")
        if self._exporters is not None:
            self._hand_out([record for event in step.events if event.kind == "exports"
                            for record in self._exporters.told(event)])
        if not (step.events or (step.ended and not step.again)) or not self._kinds:
            return ()
        if self._maker is None:
            self._maker = RecordMaker(self._pipeline, set(self._kinds))
        bare = Step(step.events, () if step.again else step.ended, before=[0] * len(step.events))
        count = 0
        for item in self._maker.items(bare):
            if isinstance(item, Packets) or self._is_own(item):
                continue
            if self._where is None or item.kind in OF_NO_FLOW or self._where.matches(
                    item.record(self._looked_at), item.flow(self._looked_at)):
                item.write(self._encoder, frozenset())
                count += 1
                if count == AT_ONCE:
                    self._tell(self._encoder.take(), count)
                    count = 0
        if count:
            self._tell(self._encoder.take(), count)
        return ()

    def _is_own(self, item: Item) -> bool:
        """Is it of a connection of the agent's own, as far as that can be known?"""
        if not self._own.ends or not isinstance(item, FlowItem | DictItem) or not item.row:
            return False
        flow = RawFlow(item.engine, item.row)
        if not {(flow.src, flow.sport or 0), (flow.dst, flow.dport or 0)} & self._own.ends:
            return False
        pid = self._pipeline.record(item.engine, item.row, wanted=OWNED).get("process", {}).get("pid")
        owners = self._pipeline.host.owners
        if pid is None and owners is not None and owners.ready:  # it may not have been asked about yet
            owner = owners.of_flow(flow.proto, flow.src, flow.sport or 0, flow.dst, flow.dport or 0, flow.first)
            pid = owner.process.pid if isinstance(owner, Owner) else None
        return pid in (None, self._own.pid)

    def close(self) -> None:
        if self._exporters is not None:
            self._hand_out(self._exporters.finish())

    def _hand_out(self, records: list[Record]) -> None:
        passing = [record for record in records if self._where is None or self._where.matches(record, None)]
        for record in passing:
            self._encoder.record("flow", record)
        if passing:
            self._tell(self._encoder.take(), len(passing))
