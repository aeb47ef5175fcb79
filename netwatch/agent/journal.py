"""The addon that hands out records as they are due: flows that are over, messages of DNS and HTTP, TLS handshakes,
alerts, and that flows began or were identified."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from netwatch._fast.out.encoder import Encoder
from netwatch.model.contract import Addon
from netwatch.model.event import Event, Step
from netwatch.records.items import Packets
from netwatch.records.maker import RecordMaker
from netwatch.records.values import keys_of

if TYPE_CHECKING:
    from netwatch.filter import Filter
    from netwatch.model.contract import Run
    from netwatch.run.pipeline import Pipeline

MESSAGES = frozenset({"dns", "http", "event"})


class Journal(Addon):
    """`tell(lines, count)` is given NDJSON in the thread of the engines: it must not wait. `kinds`: of CONTRACT's
    records. `where` picks flows, and what belongs to them."""

    name = "journal"

    def __init__(self, kinds: frozenset[str], where: Filter | None, tell: Callable[[bytes, int], None]) -> None:
        self.alerts: Counter[str] = Counter()
        self._kinds = kinds
        self._where = where
        self._tell = tell
        self.wants = (kinds & MESSAGES) | {"alert"}
        self._looked_at = keys_of(where.fields) if where is not None else frozenset()
        self._maker: RecordMaker | None = None

    def begin(self, run: Run) -> None:
        self._pipeline = cast("Pipeline", run)
        self._encoder = Encoder("ndjson", lambda kind: None, run.source.interfaces)

    def take(self, step: Step) -> Sequence[Event]:
        self.alerts.update(str(event.payload["kind"]) for event in step.events if event.kind == "alert")
        if not (step.events or (step.ended and not step.again)) or not self._kinds:
            return ()
        if self._maker is None:
            self._maker = RecordMaker(self._pipeline, set(self._kinds))
        bare = Step(step.events, () if step.again else step.ended, before=[0] * len(step.events))
        count = 0
        for item in self._maker.items(bare):
            if isinstance(item, Packets):
                continue
            if self._where is None or item.kind == "alert" or self._where.matches(
                    item.record(self._looked_at), item.flow(self._looked_at)):
                item.write(self._encoder, frozenset())
                count += 1
        if count:
            self._tell(self._encoder.take(), count)
        return ()
