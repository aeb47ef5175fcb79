"""From a pipeline's steps to the records of CONTRACT section 3: what events and ended flows say, in one place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netwatch._fast.input.source import file_of
from netwatch._fast.out.addresses import text_of
from netwatch._fast.out.packetfields import PacketFields
from netwatch._fast.out.rawflow import RawFlow
from netwatch._fast.out.record import iso
from netwatch._fast.proto.dns import text as dnstext
from netwatch._fast.proto.http import text as httptext
from netwatch._fast.proto.tls.text import handshakes
from netwatch.model.event import Event, Step
from netwatch.records.items import DictItem, FlowItem, FlowRun, Flows, Item, Packets
from netwatch.records.streams import ALL_MOST, STREAM_LIMIT, Streams
from netwatch.records.values import Record
from netwatch.run.pipeline import Pipeline

if TYPE_CHECKING:
    from netwatch._fast.engine import Engine
    from netwatch.records.first_pass import Scout

CLEAR_DNS = ("udp", "tcp")
ENDS = frozenset({"src", "sport", "dst", "dport"})
OF_END = ENDS | {"id", "file", "proto", "app", "last", "duration", "ended", "packets_out", "packets_in", "bytes_out",
                 "bytes_in"}
IP = (4, 16)  # octets of an address


class RecordMaker:
    """Makes the asked kinds of record. `wanted`: the keys of flow records that will be shown, None all of them."""

    def __init__(self, pipeline: Pipeline, kinds: set[str], show_secrets: bool = False,
                 stream_limit: int = STREAM_LIMIT, wanted: frozenset[str] | None = None,
                 scout: Scout | None = None) -> None:
        self.pipeline = pipeline
        self.kinds = kinds
        self.show_secrets = show_secrets
        self._wanted = wanted
        self._flows = Flows(pipeline, show_secrets, scout)
        self._made = ({"dns", "http"} | {kind for addon in pipeline.addons for kind in addon.kinds}) & kinds
        self._streams = Streams(stream_limit, show_secrets)
        self._said = False  # that there was no room for all of them
        self._packets = PacketFields(pipeline.source.interfaces)

    def items(self, step: Step) -> Iterator[Item | Packets]:
        """All that a step gave, in order; the pipeline stands still meanwhile."""
        for each in self.runs(step):
            if isinstance(each, FlowRun):
                yield from each
            else:
                yield each

    def runs(self, step: Step) -> Iterator[Item | Packets | FlowRun]:
        """The same, flows together where nothing comes between them."""
        at = 0
        for event, before in zip(step.events, step.before, strict=True):
            if event.kind == "streams" and "streams" in self.kinds:
                self._streams.take(event)
                if self._streams.short and not self._said:
                    self._said = True
                    self.pipeline.say(f"open streams say more than the {ALL_MOST >> 20} MiB kept: text is missing")
            elif event.kind in self._made:
                if before > at:
                    yield self._run(step, at, before)
                    at = before
                yield self._item(event.kind, self._of_event(event), event.engine, event.row if event.flow else 0)
        end = len(step.packets) if step.packets is not None else 0
        if end > at:
            yield self._run(step, at, end)
        if self.kinds.isdisjoint({"tls", "streams", "event"}):
            if "flows" in self.kinds and step.ended:
                yield FlowRun(self._flows, step.ended, self._wanted)
            return
        for engine, row in step.ended:
            yield from self._of_flow(engine, row)

    def records(self, step: Step) -> Iterator[Record]:
        """The same as dicts, whole."""
        for item in self.items(step):
            if isinstance(item, Packets):
                if "packets" in self.kinds:
                    yield from (packet.record() for packet in item)
            else:
                yield item.record()

    def _run(self, step: Step, first: int, last: int) -> Packets:
        assert step.packets is not None
        return Packets(step.packets, first, last, self._packets, self._flows)

    def _item(self, kind: str, body: Record, engine: Engine, row: int) -> DictItem:
        return DictItem(kind, body, self._flows, engine, row)

    def _of_event(self, event: Event) -> Record:
        flow = RawFlow(event.engine, event.row)
        about: Record = {"flow": event.flow} if event.flow else {}
        if event.frame and event.kind in ("dns", "http"):
            about["frame"] = event.frame
        about |= self._file(event.frame)
        if event.kind not in ("dns", "http"):
            return {"schema": f"netwatch.{event.kind}/1", **time_of(event.engine, event.time_ns), **about,
                    **event.payload}
        if event.kind == "dns":
            body = event.payload if isinstance(event.payload, dict) else dnstext.record(event.payload)
            if event.inner and body.get("transport") in CLEAR_DNS:
                body["transport"] = "tls" if flow.proto == "tcp" else "quic"
            if event.flow:
                about |= _who(flow, event.side, body.get("qr") == "response")
            return {"schema": "netwatch.dns/1", **time_of(event.engine, event.time_ns), **about, **body}
        if isinstance(event.payload, dict):
            began, body = event.time_ns, event.payload
        else:
            body = httptext.record(event.payload, self.show_secrets)
            began = httptext.started(event.payload) or event.time_ns
        record = {"schema": "netwatch.http/1", **time_of(event.engine, began), **about, **body}
        if event.inner:
            record["decrypted"] = True
        return record

    def _file(self, frame: int) -> Record:
        """Which file a frame is from, where there are several, or each says its own; of none, where it is the one."""
        file = file_of(self.pipeline.source.interfaces, frame)
        return {} if file is None else {"file": file}

    def _of_flow(self, engine: Engine, row: int) -> Iterator[Item]:
        if "flows" in self.kinds:
            yield FlowItem(self._flows, engine, row, self._wanted)
        if "event" in self.kinds and (over := self._end(engine, row)) is not None:
            yield self._item("event", over, engine, row)
        if "tls" in self.kinds:
            for record in self._handshakes(engine, row):
                yield self._item("tls", record, engine, row)
        if "streams" in self.kinds:
            for record in self._streams.ended(self.pipeline, engine, row):
                yield self._item("stream", record, engine, row)

    def _end(self, engine: Engine, row: int) -> Record | None:
        """That a flow between IP addresses is over, and how; None of one that was open when a live reading stopped."""
        flow = self.pipeline.record(engine, row, self.show_secrets, OF_END)
        if "ended" not in flow or flow.get("proto") == "arp" or len(RawFlow(engine, row).src) not in IP:
            return None
        time = {"time": flow.pop("last")} if "last" in flow else {}
        return {"schema": "netwatch.event/1", **time, "flow": flow.pop("id"), "kind": "end",
                **{key: value for key, value in flow.items() if key in OF_END}}

    def _handshakes(self, engine: Engine, row: int) -> Iterator[Record]:
        """The tls records of a flow."""
        said = self.pipeline.described(engine, row, self.show_secrets, frozenset({"tls"})).get("tls")
        if said is not None:
            flow = self.pipeline.record(engine, row, self.show_secrets, ENDS | {"id", "first", "file"})
            began = {"time": flow["first"]} if "first" in flow else {}
            about: Record = {"schema": "netwatch.tls/1", **began, "flow": flow["id"],
                             **({"file": flow["file"]} if "file" in flow else {})}
            ends: Record = {key: flow[key] for key in ("src", "sport", "dst", "dport") if key in flow}
            for handshake in handshakes(said):
                yield {**about, **ends, "tls": handshake}


def time_of(engine: Engine, ns: int) -> Record:
    """`time`, unless the capture does not say it of its frames."""
    return {} if ns == 0 and engine.timeless else {"time": iso(ns)}


def _who(flow: RawFlow, side: int, response: bool) -> Record:
    """The ends of a question and its answer: whoever sent a query is the client. What answers a whole group (mDNS, RFC
    6762 section 6) has none."""
    ends = [flow.src, flow.dst]
    if (side != flow.initiator_side) != response:
        ends.reverse()
    client, server = map(text_of, ends)
    return {"server": server} if response and _is_group(ends[0]) else {"client": client, "server": server}


def _is_group(address: bytes) -> bool:
    """Multicast, or broadcast: RFC 1112 section 4, RFC 919, RFC 4291 section 2.7."""
    return (address[:1] == b"\xff" and len(address) == 16) or (
        len(address) == 4 and (address[0] >> 4 == 14 or address == b"\xff" * 4))
