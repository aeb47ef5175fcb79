"""Frames through the whole engine, as `netwatch read` runs it, without a file or a process: records come back."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any

from wire import Timed, pcap

from netwatch.capture.file import open_savefile
from netwatch.records.maker import RecordMaker
from netwatch.run.pipeline import Pipeline

ALL_KINDS = ("flows", "dns", "http", "tls", "packets", "streams")
EVENTS = {"packets", "dns", "http", "streams"}


class Result:
    """The records of a run by kind, in order, and its summary."""

    def __init__(self) -> None:
        self.by_kind: dict[str, list[dict[str, Any]]] = {kind: [] for kind in ALL_KINDS}
        self.in_order: list[dict[str, Any]] = []
        self.summary: dict[str, Any] = {}

    @property
    def flows(self) -> list[dict[str, Any]]:
        return sorted(self.by_kind["flows"], key=lambda flow: flow["id"])

    @property
    def flow(self) -> dict[str, Any]:
        """The only flow there is."""
        assert len(self.flows) == 1, [(f["src"], f["dst"], f["proto"]) for f in self.flows]
        return self.flows[0]

    @property
    def packets(self) -> list[dict[str, Any]]:
        return self.by_kind["packets"]

    def text(self) -> str:
        """All records but the summary, as NDJSON."""
        return "".join(json.dumps(record) + "\n" for record in self.in_order)


def open_bytes(data: bytes) -> Any:
    """A source over a capture file that is only in memory."""
    fd = os.memfd_create("capture")
    try:
        os.write(fd, data)
        return open_savefile(f"/proc/self/fd/{fd}")
    finally:
        os.close(fd)


def run_capture(data: bytes, kinds: Iterable[str] = ALL_KINDS, **options: Any) -> Result:
    """A capture file's bytes through a Pipeline made with `options`."""
    return run_source(open_bytes(data), kinds, **options)


def run_source(source: Any, kinds: Iterable[str] = ALL_KINDS, **options: Any) -> Result:
    kinds = set(kinds)
    result = Result()
    pipeline = Pipeline(source, want=kinds & EVENTS, hold=True, **options)
    maker = RecordMaker(pipeline, kinds)
    over = False
    while not over:
        step = pipeline.step()
        over = step is None
        for record in maker.records(pipeline.finish() if step is None else step):
            result.in_order.append(record)
            kind = record["schema"].removeprefix("netwatch.").split("/")[0]
            result.by_kind[kind if kind in ("dns", "http", "tls") else kind + "s"].append(record)
    result.summary = pipeline.summary()
    pipeline.close()
    source.close()
    return result


def run(
    frames: Iterable[Timed], link: int = 1, kinds: Iterable[str] = ("flows",), snaplen: int = 262144, **options: Any
) -> Result:
    return run_capture(pcap(frames, link, snaplen), kinds, **options)


def finished(work: Any) -> Any:
    """What a generator of Session.look returns."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            return done.value
