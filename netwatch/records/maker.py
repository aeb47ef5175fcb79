"""From a pipeline's steps to the records of CONTRACT section 3: what events and ended flows say, in one place."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from netwatch._fast.dpi import having
from netwatch._fast.out.record import interface_text, iso
from netwatch._fast.proto.dns import text as dnstext
from netwatch._fast.proto.http import text as httptext
from netwatch._fast.proto.tls.text import handshakes
from netwatch.model.event import Event, Step
from netwatch.records.values import Record
from netwatch.run.pipeline import Pipeline

SEALED = having("opaque")
CLEAR_DNS = ("udp", "tcp")
STREAM_LIMIT = 65536
MAX_STREAMS = 4096  # of one flow: HTTP/2 and QUIC have many
RECORDED = {"dns", "http", "packets"}  # kinds of event that become records one by one


class _Place(NamedTuple):
    """Which bytes of a flow: as they were sent or decrypted, of which of its streams (-1: it has but one), whose."""

    opened: bool
    number: int
    side: int


class Stream:
    """One direction of a TCP stream so far: how long, its hash, its beginning as bytes."""

    def __init__(self) -> None:
        self.size = 0
        self.missing = 0
        self.hash = hashlib.sha256()
        self.head = bytearray()

    def add(self, data: bytes, missing: int, limit: int) -> None:
        self.size += len(data)
        self.missing += missing
        self.hash.update(data)
        if len(self.head) < limit:
            self.head += data[: limit - len(self.head)]


class RecordMaker:
    """Makes the asked kinds of record. Stream text is held for live flows only."""

    def __init__(self, pipeline: Pipeline, kinds: set[str], show_secrets: bool = False,
                 stream_limit: int = STREAM_LIMIT) -> None:
        self.pipeline = pipeline
        self.kinds = kinds
        self.show_secrets = show_secrets
        self.stream_limit = stream_limit
        self._streams: dict[tuple[int, int], dict[_Place, Stream]] = {}
        self._of_addons = kinds & {kind for addon in pipeline.addons for kind in addon.kinds}

    def records(self, step: Step) -> Iterator[tuple[Record, Record | None, Event | None]]:
        """(record, its flow's record, its event) of all that a step gave, in order."""
        for event in step.events:
            if event.kind == "streams" and "streams" in self.kinds:
                self._take_bytes(event)
            if event.kind in self._of_addons:
                flow = self.pipeline.record(event.engine, event.row, self.show_secrets) if event.flow else {}
                yield self._of_addon(event, flow), flow, event
            if event.kind not in RECORDED or (event.kind != "packets" and event.kind not in self.kinds):
                continue
            flow = self.pipeline.record(event.engine, event.row, self.show_secrets) if event.flow else {}
            yield self._of_event(event, flow), flow, event
        for engine, row in step.ended:
            flow = self.pipeline.record(engine, row, self.show_secrets)
            yield from self._of_flow(engine, row, flow)

    def asked(self, record: Record) -> bool:
        """Is the record of a kind to be shown? Packets may be wanted for --write alone."""
        return record["schema"] != "netwatch.packet/1" or "packets" in self.kinds

    def _of_event(self, event: Event, flow: Record) -> Record:
        if event.kind == "packets":
            return self._packet(event, flow)
        if event.kind == "dns":
            body = event.payload if isinstance(event.payload, dict) else dnstext.record(event.payload)
            if event.inner and body.get("transport") in CLEAR_DNS:
                body["transport"] = "tls" if flow.get("proto") == "tcp" else "quic"
            ends = _ends(flow, event)
            if body.get("qr") == "response":
                ends.reverse()
            where = {"client": ends[0], "server": ends[1]}
            return {"schema": "netwatch.dns/1", "time": iso(event.time_ns), "flow": flow.get("id"), **where, **body}
        if isinstance(event.payload, dict):
            began, body = event.time_ns, event.payload
        else:
            body = httptext.record(event.payload, self.show_secrets)
            began = httptext.started(event.payload) or event.time_ns
        record = {"schema": "netwatch.http/1", "time": iso(began), "flow": flow.get("id"), **body}
        if event.inner:
            record["decrypted"] = True
        return record

    def _of_addon(self, event: Event, flow: Record) -> Record:
        """A record of an addon's own kind, which has given all that is in it but where it belongs."""
        about: Record = {"schema": f"netwatch.{event.kind}/1", "time": iso(event.time_ns)}
        record: Record = about | ({"flow": flow["id"]} if flow else {}) | event.payload
        return record

    def _packet(self, event: Event, flow: Record) -> Record:
        record: Record = {"schema": "netwatch.packet/1", **event.payload}
        if flow:
            record["flow"] = flow["id"]
            if "app" in flow:
                record["app"] = flow["app"]
        name = interface_text(self.pipeline.source.interfaces, event.interface, record.pop("ifindex", 0))
        if name:
            record["interface"] = name
        return record

    def _of_flow(self, engine: Any, row: int, flow: Record) -> Iterator[tuple[Record, Record | None, Event | None]]:
        if "flows" in self.kinds:
            yield flow, flow, None
        if "tls" in self.kinds and "tls" in flow:
            about: Record = {"schema": "netwatch.tls/1", "flow": flow["id"]}
            if "first" in flow:
                about["time"] = flow["first"]
            ends: Record = {key: flow[key] for key in ("src", "sport", "dst", "dport") if key in flow}
            for handshake in handshakes(flow["tls"]):
                yield {**about, **ends, "tls": handshake}, flow, None
        if "streams" in self.kinds:
            streams = self._streams.pop((id(engine), row), {})
            several = any(place.number >= 0 for place in streams)
            for place, stream in sorted(streams.items()):
                whole = not several and (place.opened or SEALED.isdisjoint(flow.get("app_stack", ())))
                if stream.size and (whole or place.number >= 0):
                    yield self._stream(flow, engine, row, place, stream), flow, None

    def _take_bytes(self, event: Event) -> None:
        place = _Place(event.inner, event.stream, event.side)
        streams = self._streams.setdefault((id(event.engine), event.row), {})
        if place not in streams:
            if len(streams) >= MAX_STREAMS:
                return
            streams[place] = Stream()
        streams[place].add(event.payload, event.extra, self.stream_limit)

    def _stream(self, flow: Record, engine: Any, row: int, place: _Place, stream: Stream) -> Record:
        text = printable(stream.head.decode("utf-8", "replace"))
        outward = place.side == engine.initiator_side(row)
        record = {"schema": "netwatch.stream/1", "flow": flow["id"], "dir": "out" if outward else "in",
                  "source": "decrypted" if place.opened else "clear", "protocol": flow.get("app") or flow["proto"],
                  "bytes": stream.size, "sha256": stream.hash.hexdigest(), "text": text}
        if place.number >= 0:
            record["stream"] = place.number
        if stream.missing:
            record["missing_bytes"] = stream.missing
        return record


def _ends(flow: Record, event: Event) -> list[str]:
    """The addresses of who sent the event's message, and to whom."""
    ends = [str(flow.get("src", "")), str(flow.get("dst", ""))]
    if flow and event.side != event.engine.initiator_side(event.row):
        ends.reverse()
    return ends


def printable(text: str) -> str:
    """Text from the wire without control characters; line ends and tabs stay."""
    return "".join(c if c.isprintable() or c in "\n\r\t" else "\ufffd" for c in text)
