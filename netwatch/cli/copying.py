"""`--write` of files: while they are read it is noted which frames pass; then these are copied, and nothing of them is
parsed again. Whether a frame passes is known when its flow has ended, and so is what is written beside it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from netwatch._fast.dpi import app_names
from netwatch._fast.out.addresses import text_of
from netwatch._fast.out.packetfields import PacketFields
from netwatch._fast.out.rawflow import RawFlow
from netwatch._fast.view.framemarks import FrameMarks
from netwatch._fast.view.packetverdicts import PacketVerdicts
from netwatch.export.evidence import KEYS, LOOKED_UP, Evidence
from netwatch.model.record import Record
from netwatch.records.values import keys_of

if TYPE_CHECKING:
    from netwatch._fast.engine import Engine
    from netwatch._fast.input.pcapngwriter import CaptureWriter
    from netwatch._fast.input.source import Source
    from netwatch._fast.out.packetrows import PacketRows
    from netwatch.filter import Filter
    from netwatch.filter.split import Rest, Says
    from netwatch.model.event import Step
    from netwatch.run.pipeline import Pipeline

APPS = app_names()
MOST = 1_000_000  # flows of which something is written
NAMES_MOST = 65_536
NO_NAME: Record = {"via": ""}
LATER = frozenset({"app"})  # of a packet: what its flow turns out to be


class Copying:
    """`source`: what is read, opened once more; ours from now on. `bare`: nothing is written beside the frames."""

    def __init__(self, source: Source, pipeline: Pipeline, where: Filter | None, bare: bool = False) -> None:
        self._source, self._pipeline, self._bare = source, pipeline, bare
        self._kinds = _Kinds(pipeline, where) if where is not None else None
        self._marks = FrameMarks(self._kinds.verdicts if self._kinds is not None else None)
        self._evidence = Evidence(pipeline.source.interfaces)
        self._names: dict[str, tuple[int, str]] = {}  # of addresses: since which group of frames, and the name
        self.seen = 0  # packets
        self.missed = 0  # flows beyond the bound

    @property
    def names(self) -> dict[str, str]:
        """Of the addresses of flows that are written."""
        return {address: name for address, (_, name) in self._names.items()}

    @property
    def beyond(self) -> int:
        """Packets that pass and are not written: there are too many before them."""
        return self._marks.beyond

    def step(self, step: Step) -> None:
        """The packets of a step, and its flows that are over."""
        packets = step.packets
        if packets is not None and len(packets):
            self.seen += len(packets)
            self._mark(packets)
        self._marks.settle(step.ended, self._passes, self._note)

    def copy(self, writer: CaptureWriter) -> int:
        """Write what passes; how many frames. Raises OSError."""
        kinds = self._kinds
        self._marks.finish(lambda kind: kinds is None or kinds.holds_alone(kind))
        return int(self._marks.copy(self._source, writer))

    def close(self) -> None:
        self._source.close()

    def _mark(self, packets: PacketRows) -> None:
        kinds = self._kinds
        if kinds is None:
            self._marks.take(packets, None, None, None)
        else:
            self._marks.take(packets, lambda place, name: kinds.value(packets, place, name),
                             lambda place: kinds.of(packets, place), lambda place: kinds.alone(packets, place))

    def _passes(self, engine: Engine, row: int, kinds: list[int]) -> list[bool]:
        assert self._kinds is not None
        flow = _Flow(self._kinds, engine, row)
        return [self._kinds.holds(kind, flow) for kind in kinds]

    def _note(self, engine: Engine, row: int, group: int) -> bytes:
        """What is written beside the frames of a flow, whose first are that group."""
        if self._bare:
            return b""
        if self._marks.noted >= MOST:
            self.missed += 1
            return b""
        described = self._pipeline.described(engine, row, wanted=KEYS)
        name = described.get("name", NO_NAME)
        if name["via"] in LOOKED_UP:
            self._learn(text_of(RawFlow(engine, row).dst), group, name["host"])
        return self._evidence.of(engine, row, described)

    def _learn(self, address: str, group: int, name: str) -> None:
        """The first flow that is written says what an address is called."""
        known = self._names.get(address)
        if len(self._names) < NAMES_MOST if known is None else group < known[0]:
            self._names[address] = group, name


class _Kinds:
    """Packets of which a filter knows the same: they have a number, and what their flow has to say yet."""

    def __init__(self, pipeline: Pipeline, where: Filter) -> None:
        from netwatch.filter.distinct import classes_of
        from netwatch.filter.split import Split

        classes = classes_of(where.node, "packet")
        self.pipeline = pipeline
        self.flow_keys = keys_of(where.fields)
        self.split = Split(where.node, LATER)
        self.verdicts = PacketVerdicts({name: of for name, of in classes.items() if name not in LATER})
        self._at_once = Split(where.node)
        self._keys = frozenset(classes)
        self._fields = PacketFields(pipeline.source.interfaces)
        self._numbers: dict[Rest, int] = {False: 0, True: 1}
        self._rests: list[Rest] = [False, True]

    def value(self, packets: PacketRows, place: int, name: str) -> object:
        """A field of a packet."""
        return packets.value(self._fields, place, name)

    def of(self, packets: PacketRows, place: int) -> int:
        """The kind of a packet of a flow that may go on."""
        return self._number(self.split.rest(packets.record(self._fields, place, self._keys - LATER)))

    def alone(self, packets: PacketRows, place: int) -> int:
        """The kind of a packet that no more will be learnt of."""
        return int(self._at_once.passes(packets.record(self._fields, place, self._keys), 0))

    def holds(self, kind: int, flow: Says) -> bool:
        """Do packets of a kind pass, of such a flow?"""
        rest = self._rests[kind]
        return rest if isinstance(rest, bool) else rest.holds(flow)

    def holds_alone(self, kind: int) -> bool:
        """Do they, of no flow?"""
        from netwatch.filter.split import Said

        return self.holds(kind, Said(0))

    def _number(self, rest: Rest) -> int:
        if rest not in self._numbers:
            self._numbers[rest] = len(self._rests)
            self._rests.append(rest)
        return self._numbers[rest]


class _Flow:
    """What a flow says that is over, worked out where it is asked."""

    def __init__(self, kinds: _Kinds, engine: Engine, row: int) -> None:
        self._kinds, self._engine, self._row = kinds, engine, row

    @cached_property
    def bits(self) -> int:
        kinds = self._kinds
        return kinds.split.bits(kinds.pipeline.record(self._engine, self._row, wanted=kinds.flow_keys))

    @cached_property
    def given(self) -> Record:
        number = RawFlow(self._engine, self._row).app
        return {"app": APPS[number]} if number else {}
