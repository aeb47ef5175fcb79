"""One reading of a source, whoever asked for it: which addons it takes, whether the files are read once before, and
its steps until nothing more will be shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from netwatch._fast.input.pcapng import Pcapng
from netwatch.model.contract import Addon, Purpose, Values
from netwatch.model.event import Step
from netwatch.model.host import Host
from netwatch.records.first_pass import Scout
from netwatch.records.maker import RecordMaker
from netwatch.records.selection import Selection, singular
from netwatch.records.streams import STREAM_LIMIT
from netwatch.run import addons
from netwatch.run.pipeline import Pipeline

if TYPE_CHECKING:
    from netwatch._fast.input.source import Source
    from netwatch.filter import Filter

KINDS = ("flows", "packets", "dns", "http", "tls", "streams", "summary")  # of record that no addon makes
EVENT_KINDS = {"packets", "dns", "http", "streams"}
JUDGED = {"packets", "dns", "http"}  # kinds whose records are made before their flow is over


NO_LISTS: Mapping[str, tuple[str, ...]] = {}
NO_HOST = Host()


def _nothing(kind: str) -> frozenset[str]:
    return frozenset()


class Order(NamedTuple):
    """What is asked for. `kinds` as --what names them. `lists`: those that filters may name. `shown`: the keys of flow
    records that records of a kind are shown with; `apps`: packets are shown with their flow's application; `saved`:
    packets go into a file, with what is known of their flows.
    `again` opens the same input once more, None where that cannot be; `copied`: each worker may read it by itself."""

    kinds: frozenset[str]
    settings: Values
    lists: Mapping[str, tuple[str, ...]] = NO_LISTS
    live: bool = False
    label: str = ""
    keylogs: tuple[str, ...] = ()
    show_secrets: bool = False
    stream_limit: int = STREAM_LIMIT
    workers: int = 1
    dpi: bool = True
    max_frames: int | None = None
    host: Host = NO_HOST
    say: Callable[[str, str], None] | None = None
    shown: Callable[[str], frozenset[str]] = _nothing
    apps: bool = True
    saved: bool = False
    again: Callable[[], Source] | None = None
    copied: Callable[[], Source] | None = None


class Reading:
    """Made, it has read nothing, but all is open: the process may shut itself in. Raises AddonError."""

    def __init__(self, order: Order, source: Source, selection: Selection) -> None:
        self.order, self.source, self.selection = order, source, selection
        self.scout: Scout | None = None
        kinds, where = order.kinds, selection.where
        wanted = (kinds & EVENT_KINDS) | ({"packets"} if order.saved else set())
        ended = "alert" in kinds and (order.workers > 1 or (order.live and bool(order.settings.of("egress.quotas"))))
        hold = not kinds <= {"summary", "alert"} or ended or bool(wanted) or where is not None
        self._shown = frozenset[str]().union(*(self._flow_keys(kind) for kind in wanted & JUDGED & kinds))
        self._whole = order.saved and order.again is not None  # what is saved waits for the end
        early = {singular(kind) for kind in wanted & JUDGED & (kinds if self._whole else wanted)}
        self._judged = bool(early) and (bool(self._shown) or speaks_of_flows(where, early))
        self.pipeline = self._pipeline(wanted, hold, each=self._judged and order.again is None)
        apps = order.apps or (where is not None and "app" in where.fields)  # what its flow turns out to be
        ahead = order.again is not None and (self._judged or ("packets" in kinds and apps))
        self._scouting = self._pipeline(frozenset(), True, order.again()) if ahead and order.again else None

    def look_ahead(self, stop: Callable[[], bool] = lambda: False) -> None:
        """Learn what the flows of the files turn out to be, where that matters (first_pass.py)."""
        pipeline, self._scouting = self._scouting, None
        if pipeline is None:
            return
        self.scout = Scout(self.selection.where if self._judged else None, self._shown, self.order.show_secrets)
        try:
            self.scout.look(pipeline, stop)
        finally:
            pipeline.close()
            pipeline.source.close()
        if self._judged and self.selection.where is not None:
            self.selection.scout = self.scout

    def maker(self, described: frozenset[str] | None = None) -> RecordMaker:
        """Of its records. `described`: the keys of flow records that are shown, None all."""
        order = self.order
        return RecordMaker(self.pipeline, set(order.kinds), order.show_secrets, order.stream_limit, described,
                           self.scout)

    def steps(self, stop: Callable[[], bool] = lambda: False) -> Iterator[Step]:
        """All of them, until there is nothing more to be shown or saved; `stop()` ends it after a step, with what is
        known."""
        while not stop() and not self._satisfied():
            count = self.pipeline.read()
            if count < 0 and self.order.live:
                self.pipeline.advance()
            step = self.pipeline.process(count)
            if step is None:
                break
            if self.scout is not None and step.packets is not None:
                step.packets.know(self.scout.apps)
            yield step
        if not self._satisfied():
            yield self.pipeline.finish()

    def _satisfied(self) -> bool:
        return not self._whole and self.selection.satisfied(self.order.kinds)

    def close(self) -> None:
        """The source is its opener's to close."""
        if self._scouting is not None:
            self._scouting.close()
            self._scouting.source.close()
        self.pipeline.close()

    def _flow_keys(self, kind: str) -> frozenset[str]:
        """The keys of flow records that records of a kind are shown with, or sorted by."""
        return self.order.shown(singular(kind)) | self.selection.sort_keys(singular(kind))

    def _pipeline(self, wanted: frozenset[str] | set[str], hold: bool, source: Source | None = None, *,
                  each: bool = False) -> Pipeline:
        """`source`: not that of the records; what there is to say of it has been said."""
        order, settings = self.order, self.order.settings
        purpose = Purpose(live=order.live, label=order.label, kinds=order.kinds, keylogs=order.keylogs,
                          show_secrets=order.show_secrets, final=True)
        copies = order.copied is not None and source is None
        alone = each or (order.live and order.saved)  # frames that wait are of one engine
        return Pipeline(source or self.source, addons=self._addons(), purpose=purpose, settings=settings,
                        host=order.host, say=order.say if source is None else None,
                        copies=self._copies if copies else None, workers=1 if alone else order.workers, want=wanted,
                        hold=hold, dpi=order.dpi, facts=hold or "alert" in order.kinds, max_frames=order.max_frames,
                        max_flows=settings.of("flows.max"), timeouts=settings.timeouts, each=each)

    def _copies(self) -> Sequence[Source]:
        assert self.order.copied is not None
        return [self.order.copied() for _ in range(self.order.workers - 1)]

    def _addons(self) -> list[Addon]:
        """Those that records need: of flows, of their own kinds, or to filter by."""
        kinds = self.order.kinds
        flows = ("flows" in kinds or not kinds <= {*KINDS, "alert"} or self.selection.where is not None
                 or any(map(self._flow_keys, kinds)) or self.order.saved)
        told = type(self.source) is Pcapng or self.order.live  # who owns flows may be
        owned = ("owners",) if "alert" in kinds and told else ()
        return addons.load(addons.CONTENT if self.order.dpi else (), addons.RECORDS if flows else owned,
                           addons.ALERTS if "alert" in kinds else (),
                           addons.FINDINGS if "finding" in kinds else (), addons.users())


def speaks_of_flows(where: Filter | None, kinds: Iterable[str]) -> bool:
    """May the flow of a record of these kinds (`packet`) decide whether that passes?"""
    from netwatch.schema import BY_NAME

    fields = [BY_NAME[name] for name in where.fields] if where is not None else []
    return any("flow" in field.kinds and kind not in field.kinds for field in fields for kind in kinds)
