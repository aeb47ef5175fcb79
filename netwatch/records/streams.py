"""Stream records: what each direction of a flow said, as it was sent or decrypted. Held for live flows only."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from netwatch._fast.dpi import having
from netwatch.model.event import Event
from netwatch.records.values import Record
from netwatch.run.pipeline import Pipeline

if TYPE_CHECKING:
    from netwatch._fast.engine import Engine

SEALED = having("opaque")  # their bytes are not readable as they stand
STREAM_LIMIT = 65536  # bytes of text kept of each, where nobody asks for more or less
MAX_STREAMS = 4096  # streams of one flow: HTTP/2 and QUIC have many
ALL_MOST = 96 << 20  # bytes of text kept of all live streams: later ones have less, or none
MAX_ALL = 50_000  # streams of all live flows, some 700 bytes each without their text; later ones have no record
ABOUT = frozenset({"id", "proto", "app", "app_stack", "file"})  # keys of a flow record that say what carried a stream


class _Place(NamedTuple):
    """Which bytes of a flow: as they were sent or decrypted, of which of its streams (-1: it has but one), whose."""

    opened: bool
    number: int
    side: int


class Stream:
    """One direction of a stream so far: how long, its hash, its beginning as bytes."""

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


class Streams:
    """The streams of all live flows."""

    def __init__(self, limit: int, show_secrets: bool = False) -> None:
        """`limit`: bytes kept of each."""
        self._limit = limit
        self._show_secrets = show_secrets
        self._held = self._count = 0
        self.short = 0  # pieces of streams of which there was no room to keep as much as was asked for
        self._streams: dict[tuple[int, int], dict[_Place, Stream]] = {}

    def take(self, event: Event) -> None:
        """The next bytes of one."""
        place = _Place(event.inner, event.stream, event.side)
        streams = self._streams.setdefault((id(event.engine), event.row), {})
        stream = streams.get(place)
        if stream is None:
            if len(streams) >= MAX_STREAMS or self._count >= MAX_ALL:
                self.short += 1
                return
            stream = streams[place] = Stream()
            self._count += 1
        before = len(stream.head)
        room = before + max(0, ALL_MOST - self._held)
        self.short += room < min(self._limit, before + len(event.payload))
        stream.add(event.payload, event.extra, min(self._limit, room))
        self._held += len(stream.head) - before

    def ended(self, pipeline: Pipeline, engine: Engine, row: int) -> Iterator[Record]:
        """The records of a flow that is over."""
        streams = self._streams.pop((id(engine), row), None)
        if not streams:
            return
        self._held -= sum(len(stream.head) for stream in streams.values())
        self._count -= len(streams)
        flow = pipeline.record(engine, row, wanted=ABOUT)
        hide = None if self._show_secrets else _secrets_of(engine, row)
        several = any(place.number >= 0 for place in streams)
        for place, stream in sorted(streams.items()):
            whole = not several and (place.opened or SEALED.isdisjoint(flow.get("app_stack", ())))
            if stream.size and (whole or place.number >= 0):
                yield _record(flow, engine.initiator_side(row), place, stream, hide)


def _secrets_of(engine: Engine, row: int) -> tuple[bytes, ...]:
    from netwatch._fast.out.masking import secrets_of  # every start would pay for it otherwise

    return secrets_of(engine, row)


def _record(flow: Record, initiator: int, place: _Place, stream: Stream, hide: tuple[bytes, ...] | None) -> Record:
    """`hide`: what is secret in it, None nothing."""
    from netwatch._fast.out.masking import masked

    head = bytes(stream.head) if hide is None else masked(bytes(stream.head), hide)
    text = printable(head.decode("utf-8", "replace"))
    record = {"schema": "netwatch.stream/1", "flow": flow["id"], "dir": "out" if place.side == initiator else "in",
              "source": "decrypted" if place.opened else "clear", "protocol": flow.get("app") or flow["proto"],
              "bytes": stream.size, "sha256": stream.hash.hexdigest(), "text": text}
    if "file" in flow:
        record["file"] = flow["file"]
    if place.number >= 0:
        record["stream"] = place.number
    if stream.missing:
        record["missing_bytes"] = stream.missing
    return record


def printable(text: str) -> str:
    """Text from the wire without control characters; line ends and tabs stay."""
    return "".join(c if c.isprintable() or c in "\n\r\t" else "\ufffd" for c in text)
