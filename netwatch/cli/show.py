"""`netwatch show`: frames of a capture taken apart, layer by layer and field by field, with their bytes."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence

from netwatch._fast.input.pcapng import Pcapng
from netwatch._fast.input.source import Source
from netwatch._fast.out.masking import secrets_of
from netwatch._fast.out.record import iso
from netwatch._fast.view.framering import FrameRing
from netwatch.addons.packets.opening import inside, outside, pieces_of, starred
from netwatch.addons.packets.questions import masked_frame
from netwatch.addons.packets.readable import SAID
from netwatch.cli import hexdump, read
from netwatch.cli.arg_types import natural
from netwatch.cli.errors import EXIT_MISSING, EXIT_UNAVAILABLE, CommandError, say
from netwatch.cli.parser import Parser
from netwatch.cli.selection import check_where, has_plugins, parse_where
from netwatch.cli.sources import open_source
from netwatch.dissect import Frame, Node, dissect
from netwatch.filter import Filter
from netwatch.model.event import Event, Step
from netwatch.model.record import Record
from netwatch.records.items import Packets
from netwatch.records.maker import RecordMaker
from netwatch.records.reading import Reading
from netwatch.records.selection import Selection
from netwatch.records.streams import printable
from netwatch.records.writers import Writer

ROOM = 64 << 20  # bytes of the newest frames, among which those asked for are looked for after every chunk
LONGEST = 18  # digits of a number of a frame or flow
MOST_OPENED = 16_777_216  # bytes that came out of them
MOST = 10_000  # frames of one command
Span = tuple[int, int]  # of frame numbers, both ends count
EPILOG = """examples:
  netwatch show day.pcapng --frame 42 -x
  netwatch show day.pcapng --frame 1..3,17
  netwatch show day.pcapng --flow 6 --limit 5 --format ndjson
  netwatch show day.pcapng --where 'tcp.flags.reset == 1' --limit 10
"""


def build_parser() -> Parser:
    p = Parser(prog="netwatch show", description="Take frames of a capture apart, layer by layer.", epilog=EPILOG,
               formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("files", nargs="*", metavar="FILE", help="pcap, pcapng or snoop (or .gz, .zst); - is standard input")
    p.add_argument("-r", "--read", action="append", default=[], metavar="FILE", help="the same; repeatable")
    p.add_argument("--frame", metavar="N[,M..O]", help="these frames, by number from 1")
    p.add_argument("--flow", type=natural, metavar="ID", help="the frames of this flow")
    p.add_argument("-Y", "--where", metavar="EXPR", help="the frames, or those of them, that pass this filter")
    p.add_argument("-x", "--bytes", action="store_true", help="with the bytes of each frame")
    p.add_argument("--keylog", action="append", default=[], metavar="FILE",
                   help="TLS keys in NSS format: what frames carry is opened; repeatable; default $SSLKEYLOGFILE")
    p.add_argument("--show-secrets", action="store_true", help="do not mask passwords and the like")
    p.add_argument("--limit", type=natural, default=100, metavar="N", help="frames at most; default 100")
    p.add_argument("--format", choices=("text", "ndjson"), default="text", help="default text")
    p.add_argument("--config", metavar="FILE", help="not the usual ~/.config/netwatch/netwatch.toml")
    p.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one: timeouts.udp=30")
    return p


def main(arguments: list[str]) -> int:
    p = build_parser()
    options = p.read(arguments)
    options.files += options.read
    if not options.files:
        p.error("a FILE is needed: a capture")
    if options.frame is not None and options.flow is not None:
        raise CommandError("--frame N or --flow ID, one of them")
    if options.frame is None and options.flow is None and options.where is None:
        raise CommandError("show needs --frame N, --flow ID or --where EXPR")
    spans = _spans(options.frame) if options.frame is not None else []
    flow = None if options.flow is None else min(options.flow, 10**LONGEST)
    words = [*(["--config", options.config] if options.config else []),
             *(word for each in options.set for word in ("--set", each)),
             *(word for each in options.keylog for word in ("--keylog", each)),
             *["--show-secrets"] * options.show_secrets, "--", *options.files]
    prepared = read.prepared(words)
    where = parse_where(options.where, ["packets"])
    check_where(where, ["packets"])
    try:
        source = open_source(prepared)
        try:
            showing = Showing(prepared, source, spans, flow, where, min(options.limit, MOST))
            code = showing.go()
        finally:
            source.close()
    finally:
        prepared.host.close()
    if not showing.found and not showing.left_out:
        raise CommandError(_none(options, showing), EXIT_MISSING)
    write(showing, options.format == "ndjson", options.bytes)
    return code


def _none(options: argparse.Namespace, showing: Showing) -> str:
    """Why there is nothing to show."""
    asked = " ".join(f"--{name} {value}" for name in ("frame", "flow", "where")
                     if (value := getattr(options, name)) is not None)
    if options.where is not None and showing.asked:
        return f"{asked}: none of {showing.asked:,} frames passes the filter"
    return f"{asked}: there is no such {'flow' if options.flow is not None else 'frame'}"


def _spans(text: str) -> list[Span]:
    """Raises CommandError."""
    spans = []
    for word in text.split(","):
        low, dots, high = word.partition("..")
        if not low.isdecimal() or (dots and not high.isdecimal()) or _number(low) < 1:
            raise CommandError(f"--frame {text}: numbers from 1, such as 42 or 1..3,17")
        spans.append((_number(low), _number(high if dots else low)))
    return spans


def _number(digits: str) -> int:
    """Of a frame; one that no frame has where it is longer than theirs."""
    return int(digits) if len(digits) <= LONGEST else 10**LONGEST


class Showing(read.Reading):
    """A reading that keeps the frames that are asked for, and learns what their flows turn out to be."""

    def __init__(self, options: argparse.Namespace, source: Source, spans: Sequence[Span], flow: int | None,
                 where: Filter | None, most: int) -> None:
        keys = options.keylog or os.environ.get("SSLKEYLOGFILE") or type(source) is Pcapng
        kinds = {"flows", *(SAID if keys else ()), *(("packets",) if where is not None else ())}
        super().__init__(options, kinds, source, Selection(where, None, None, more=has_plugins()),
                         Writer("ndjson", sys.stdout.buffer, ["id"], source.interfaces))
        self.spans, self.flow, self.most = spans, flow, most
        self.found: list[tuple[Record, Record, bytes]] = []  # record, what else is known, bytes
        self.apps: dict[int, str] = {}
        self.inside: dict[int, str] = {}  # what is sealed in flows that were opened
        self.opened: dict[int, list[Event]] = {}  # by frame
        self.room = MOST_OPENED
        self.secrets: dict[int, tuple[bytes, ...]] = {}
        self.asked = 0  # frames of those numbers, or of that flow
        self.left_out = 0

    def came_to(self) -> int:
        """That nothing passed is said by who shows it."""
        return 0

    def _loop(self, reading: Reading) -> None:
        pipeline = reading.pipeline
        ring = FrameRing(ROOM)
        ring.attach(pipeline.engines[0])
        maker = reading.maker()
        wanted, seen = set[int](), 0
        for step in self._steps(reading):
            if ring.first > seen:
                raise CommandError("more frames came at once than can be looked at", EXIT_UNAVAILABLE)
            passing = self._passing(maker, step)
            for k in self._asked(ring, seen):
                self.asked += 1
                if passing is not None and ring.record(k)["n"] not in passing:
                    continue
                if len(self.found) >= self.most:
                    self.left_out += 1
                    continue
                record = ring.record(k, self.source.interfaces)
                self.found.append((record, ring.about(k), ring.frame(k)))
                wanted.add(record.get("flow", 0))
            seen = ring.next
            self._open(step)
            for engine, row in step.ended:
                flow = pipeline.record(engine, row)
                if flow.get("id") in wanted and "app" in flow:
                    self.apps[flow["id"]] = outside(flow)
                    self.inside[flow["id"]] = inside(flow)
                    self.secrets[flow["id"]] = secrets_of(engine, row)
        if self.left_out:
            say(f"{self.left_out:,} frames more: --limit shows them")

    def _passing(self, maker: RecordMaker, step: Step) -> set[int] | None:
        """The numbers of the frames of a step that pass the filter; None where there is none."""
        if self.selection.where is None:
            return None
        return {item.rows.frame(place) for item in maker.runs(step) if isinstance(item, Packets)
                for place in self.selection.passing(item)}

    def _open(self, step: Step) -> None:
        """Keep what came out of the frames that are asked for."""
        for event in step.events:
            if event.kind in SAID and self.room > 0 and (
                    event.flow == self.flow or (self.flow is None and not self.spans)
                    or any(low <= event.frame <= high for low, high in self.spans)):
                self.room -= len(event.payload)
                self.opened.setdefault(event.frame, []).append(event)

    def _asked(self, ring: FrameRing, start: int) -> list[int]:
        """The ordinals of those that are new."""
        if self.flow is not None:
            return ring.of_flow(self.flow, start, ring.next) if ring.next > start else []
        if not self.spans:
            return list(range(max(start, ring.first), ring.next))
        found = set[int]()
        for low, high in self.spans:
            for k in range(max(start, ring.numbered(low)), ring.next):
                if ring.record(k)["n"] > high:
                    break
                found.add(k)
        return sorted(found)

    def trees(self) -> Iterator[tuple[Record, bytes, list[Node]]]:
        """Records of frames, their bytes as they are shown, their layers."""
        for record, about, data in self.found:
            flow = record.get("flow", 0)
            when = iso(about["ns"]) if "time" in record else ""
            plain = self.options.show_secrets
            shown = data if plain else masked_frame(data, about, self.secrets.get(flow, ()))
            app = self.inside.get(flow, "")
            opened = pieces_of(self.opened.get(record["n"], ()), app) if app else ()
            opened = opened if plain else starred(opened, self.secrets.get(flow, ()))
            yield record, shown, dissect(Frame(shown, about["link"], record["len"], record["n"], when,
                                               record.get("interface", ""), self.apps.get(flow, ""), plain, opened))


def write(showing: Showing, as_json: bool, with_bytes: bool) -> None:
    """To standard output."""
    apart = ""
    for record, data, tree in showing.trees():
        if as_json:
            body = {"schema": "netwatch.tree/1", "n": record["n"], "flow": record.get("flow") or None,
                    "layers": [_as_json(node) for node in tree], "bytes": data.hex() if with_bytes else None}
            print(json.dumps({key: value for key, value in body.items() if value is not None}, ensure_ascii=False))
            continue
        print(apart, end="")
        apart = "\n"
        for node in tree:
            for line in _lines(node, 0):
                print(line)
        if with_bytes:
            print(*hexdump.lines(data), sep="\n")


def _clean(text: str) -> str:
    return printable(text).replace("\n", "\ufffd").replace("\r", "\ufffd").replace("\t", "\ufffd")


def _lines(node: Node, depth: int) -> Iterator[str]:
    yield "    " * depth + _clean(node.text)
    for child in node.children:
        yield from _lines(child, depth + 1)


def _as_json(node: Node) -> Record:
    """`at` and `size`: the bytes of the frame it stands for."""
    body: Record = {"name": node.name, "text": _clean(node.text)}
    if node.size:
        body |= {"at": node.at, "size": node.size}
    if isinstance(node.value, int | float | str):
        body["value"] = _clean(node.value) if isinstance(node.value, str) else node.value
    if node.children:
        body["fields"] = [_as_json(child) for child in node.children]
    return body
