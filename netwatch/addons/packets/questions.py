"""Questions about the frames that are kept: a page of them, one of them decoded, the odd ones; and to save them."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from netwatch._fast.input.pcapngwriter import CaptureWriter
from netwatch._fast.input.switch import Switch
from netwatch._fast.out.masking import masked, secrets_of
from netwatch._fast.out.record import iso
from netwatch._fast.view.engineview import counts
from netwatch.addons.packets.further import values_of
from netwatch.addons.packets.kept import KeptFrames, Scan, excerpt, records
from netwatch.addons.packets.opening import MOST_FRAMES, inside, outside, starred
from netwatch.dissect import Frame, Opened, dissect, summary
from netwatch.dissect import Node as Node
from netwatch.model.record import Record, whose

if TYPE_CHECKING:
    from netwatch._fast.input.source import Source
    from netwatch._fast.view.framering import FrameRing
    from netwatch.filter import Filter
    from netwatch.model.contract import Session
    from netwatch.schema import Field

BUDGET = 0.15  # seconds a question looks for frames that pass, before it answers with what it has
MOST_LOOKED = 0.9  # ... and with less than this share of them looked at it does not rest
NEWEST = -2  # as the frame that is selected
SAVE_SECONDS = 60.0
AT_ONCE = 64  # lines made while the engine waits
NOTES = 500  # odd frames that are listed
TRIES = 1000  # names tried for a file
NUMBERS = re.compile(r"\bseq (\d+) ack (\d+)")


class Line(NamedTuple):
    """One frame in a list. `severity`: 0 nothing, 1 a note, 2 a warning, 3 an error."""

    k: int
    number: int
    ns: int
    source: str
    destination: str
    proto: str
    length: int
    info: str
    severity: int
    notes: tuple[str, ...]
    flow: int
    ink: str = ""  # of kept.INKS
    process: str = ""  # the program of the flow
    more: tuple[object, ...] = ()  # what it has for each of KeptFrames.columns, None nothing


@dataclass(frozen=True)
class Chosen:
    """The frame that is looked at. `masked`: its bytes with a * for each that is secret, whose tree is `tree`; `plain`
    is the tree of all its bytes."""

    line: Line
    data: bytes
    tree: list[Node]
    masked: bytes
    plain: list[Node]


@dataclass(frozen=True)
class Capture:
    """How a live capture is set."""

    names: tuple[str, ...]
    filter: str
    stopped: bool


@dataclass(frozen=True)
class Kept:
    """What there is, and what was let go: frames and bytes. `oldest` and `newest` are frame numbers."""

    frames: int = 0
    bytes: int = 0
    lost: int = 0
    lost_bytes: int = 0
    oldest: int = 0
    newest: int = 0
    first_ns: int = 0  # of the session's first frame, kept or not
    indexed: bool = False  # all of a file is at hand


@dataclass(frozen=True)
class Seen:
    """The answer. `start` is the place of the first line among all `total` that pass; `looked` the share of the frames
    kept that has been looked at; `found` the ordinal of the frame that was asked for by number."""

    lines: list[Line]
    start: int
    total: int
    looked: float
    kept: Kept
    chosen: Chosen | None = None
    found: int | None = None
    notes: list[Line] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    capture: Capture | None = None
    stale: bool = False  # of a file: flows know more than when they were asked
    columns: tuple[Field, ...] = ()  # that each line tells `more` of

    @property
    def unfinished(self) -> bool:
        """There is more to look at, though nothing new came."""
        return self.looked < 1 or self.stale

    @property
    def hurried(self) -> bool:
        """Somebody waits for most of it."""
        return self.looked < MOST_LOOKED


@dataclass(frozen=True)
class Packets:
    """`before` lines before the frame with the ordinal `anchor` (-1: the end) and `after` from it on, of those that
    pass `where` (a Filter) and are of `flow` (0: any). `selected`: a frame to decode, NEWEST the last of the lines;
    `number`: one to find. `marked`: frames that stand where the notes would. `seen`: of the first so many frames of
    the session, 0: of all."""

    where: Filter | None = None
    flow: int = 0
    anchor: int = -1
    before: int = 0
    after: int = 60
    selected: int = -1
    number: int = 0
    notes: bool = False
    marked: tuple[int, ...] = ()
    seen: int = 0

    def until(self, ns: int, frames: int) -> Packets:
        """See model.contract.Dated."""
        return replace(self, seen=frames)

    def answer(self, session: Session) -> Seen:
        keeper = session.get(KeptFrames)
        scan: Scan = keeper.scan(self.where, self.flow)
        scan.go_on(session, BUDGET)
        ring = keeper.ring
        with session.lock:
            end = ring.numbered(self.seen + 1) if self.seen else ring.next
            places, start, total = scan.span(self.anchor, self.before, self.after, end)
            kept = replace(_kept(ring, end), first_ns=counts(session.engine)["first_ns"], indexed=ring.indexed)
            span = ring.next - ring.first
            looked = 1.0 if scan.all or not span else min(1.0, max(0, scan.upto - ring.first) / span)
            found = _found(scan, ring.numbered(self.number)) if self.number else None
            odd = [k for k in self.marked if k < end][-NOTES:] or (ring.remarkable(NOTES, end) if self.notes else [])
            noted = ring.counts() if self.notes else {}
            stale = not session.purpose.live and scan.stale(session)
        selected = places[-1] if self.selected == NEWEST and places else self.selected
        return Seen(_lines(session, places), start, total, looked, kept, _chosen(session, selected), found,
                    _lines(session, odd), noted, _capture(session.source), stale, keeper.columns)


def _capture(source: Source) -> Capture | None:
    """None for a file."""
    if not isinstance(source, Switch):
        return None
    return Capture(tuple(source.names), source.filter, source.stopped)


def _kept(ring: FrameRing, end: int) -> Kept:
    """Of the frames before an ordinal."""
    if end <= ring.first:
        return Kept(lost=ring.first, lost_bytes=ring.lost_bytes)
    return Kept(end - ring.first, ring.bytes_until(end), ring.first, ring.lost_bytes, ring.record(ring.first)["n"],
                ring.record(end - 1)["n"])


def _found(scan: Scan, k: int) -> int:
    """The frame, or the nearest one after it that passes; the last one where none follows."""
    lines, _, total = scan.span(k, 1, 1)
    return next((each for each in lines if each >= k), lines[-1] if lines else k) if total else k


def _lines(session: Session, places: list[int]) -> list[Line]:
    """The frames as lines. A frame that was let go meanwhile is left out."""
    lines = []
    secrets: dict[int, tuple[bytes, ...]] = {}
    for at in range(0, len(places), AT_ONCE):
        with session.lock:
            raw = [each for k in places[at : at + AT_ONCE] if (each := _look(session, k)) is not None]
        for record, about, data in raw:
            flow = record.get("flow", 0)
            if flow not in secrets:
                secrets[flow] = tuple(secrets_of_flow(session, about["k"]))
            frame = _frame(record, about, masked_frame(data, about, secrets[flow]))
            frame = frame._replace(opened=starred(_opened(session, record, about), secrets[flow]))
            lines.append(_line(record, about, dissect(frame)))
    return lines


def _look(session: Session, k: int) -> tuple[Record, Record, bytes] | None:
    """(record, what else is known, bytes); the lock is held."""
    keeper = session.get(KeptFrames)
    ring = keeper.ring
    if not ring.first <= k < ring.next:
        return None
    origins = ring.origins(session.engine, k) if keeper.relative else None
    record, flow = records(session, k)
    whole = records(session, k, keeper.asked) if keeper.asked else (record, flow)
    more = {"origins": origins, "inside": inside(flow), "outside": outside(flow), "next": ring.next,
            "ink": keeper.ink_of(*whole), "process": (flow or {}).get("process", {}),
            "more": values_of(keeper.columns, *whole)}
    return record, ring.about(k) | more, ring.frame(k)


def _opened(session: Session, record: Record, about: Record) -> tuple[Opened, ...]:
    if not about["inside"]:
        return ()
    flow = record["flow"]
    known = session.get(KeptFrames).openings.of(session, flow, about["next"], about["inside"],
                                                lambda: excerpt(session, flow, MOST_FRAMES))
    return tuple(known.get(record["n"], ()))


def _line(record: Record, about: Record, tree: list[Node]) -> Line:
    says = summary(tree)
    notes = [*record.get("notes", ()), *(["reset"] if about["reset"] else [])]
    proto = says.partition(":")[0].partition(" ")[0] or record.get("proto") or (record["layers"] or [""])[-1]
    told = says.removeprefix(f"{proto}: ") if says != proto else ""
    return Line(
        about["k"], record["n"], about["ns"], _end(record, "src", "sport"), _end(record, "dst", "dport"),
        proto if says else proto.upper(), record["len"],
        told or relative(record.get("info", ""), about["origins"]),
        about["severity"], tuple(notes), record.get("flow", 0), about["ink"], str(about["process"].get("name", "")),
        about["more"])


def relative(text: str, origins: tuple[int, int] | None) -> str:
    """Words about a segment with its numbers counted from where each side began, as far as that was seen."""
    found = NUMBERS.search(text) if origins is not None else None
    if found is None or origins is None:
        return text
    sender, peer = origins
    seq = (int(found[1]) - sender) & 0xFFFFFFFF if sender >= 0 else found[1]
    ack = (int(found[2]) - peer) & 0xFFFFFFFF if peer >= 0 and "ACK" in text[:found.start()] else found[2]
    return f"{text[:found.start()]}seq {seq} ack {ack}{text[found.end():]}"


def _end(record: Record, address: str, port: str) -> str:
    host = record.get(address, "")
    if port not in record:
        return str(host)
    return f"[{host}]:{record[port]}" if ":" in host else f"{host}:{record[port]}"


def _frame(record: Record, about: Record, data: bytes) -> Frame:
    return Frame(data, about["link"], record["len"], record["n"], iso(about["ns"]) if "time" in record else "",
                 record.get("interface", ""), about["outside"] or record.get("app", ""))


def _chosen(session: Session, k: int) -> Chosen | None:
    if k < 0:
        return None
    with session.lock:
        raw = _look(session, k)
    if raw is None:
        return None
    record, about, data = raw
    secrets = tuple(secrets_of_flow(session, k))
    shown = masked_frame(data, about, secrets)
    frame, opened = _frame(record, about, shown), _opened(session, record, about)
    tree = dissect(frame._replace(opened=starred(opened, secrets)))
    plain = dissect(frame._replace(data=data, secrets=True, opened=opened))
    line, owner = _line(record, about, tree), whose(about["process"])
    for each in (tree, plain):
        for node in each:
            node.text = relative(node.text, about["origins"])
        each[0].children += [Node("", f"Note: {note}", 0, 0) for note in line.notes]
        each[0].children += [Node("", f"Of {owner}", 0, 0)] if owner else []
    return Chosen(line, data, tree, shown, plain)


def secrets_of_flow(session: Session, k: int) -> set[bytes]:
    """What is masked in the record of a frame's flow, as far as the flow is still known."""
    with session.lock:
        ring = session.get(KeptFrames).ring
        row = ring.row(session.engine, k) if ring.first <= k < ring.next else 0
        return set(secrets_of(session.engine, row)) if row else set()


def masked_frame(data: bytes, about: Record, secrets: tuple[bytes, ...]) -> bytes:
    """A frame with a * for each byte of its payload that is secret. `about`: of FrameRing.about()."""
    start = max(0, about["payload_at"])
    return data[:start] + masked(data[start:], secrets, same_length=True)


@dataclass(frozen=True)
class SavePackets:
    """Write the frames that pass to a new pcapng file in the working folder; an existing one is never touched."""

    where: Filter | None = None
    flow: int = 0

    def run(self, session: Session) -> str:
        keeper = session.get(KeptFrames)
        scan = keeper.scan(self.where, self.flow)
        scan.go_on(session, SAVE_SECONDS)
        with session.lock:
            places, _, total = scan.span(-1, 1 << 62, 0)
            at = keeper.ring.about(places[-1])["ns"] if places else 0
        if not places:
            return "There is no frame to save"
        try:
            stem = time.strftime("netwatch-%Y%m%d-%H%M%S", time.gmtime(at // 10**9)) if at else "netwatch-no-time"
            path, writer = _new_file(session, stem)
            with writer:
                written = _write(session, keeper.ring, writer, places)
        except OSError as error:
            return f"Not saved: {error.strerror or error}: {error.filename or ''}"
        lost = f"; {total - written:,} were let go meanwhile" if written < total else ""
        ring = keeper.ring
        if ring.first:
            lost += f"; of the newest {ring.next - ring.first:,}: {ring.first:,} were let go before"
        return f"{written:,} frames written to {path}{lost}"


def _new_file(session: Session, stem: str) -> tuple[str, CaptureWriter]:
    for turn in range(1, TRIES):
        name = f"{stem}{f'-{turn}' if turn > 1 else ''}.pcapng"
        try:
            return os.path.abspath(name), CaptureWriter(name, fd=session.new_file(name))
        except FileExistsError:
            continue
    raise FileExistsError(17, f"{TRIES} files of that name are there", f"{stem}.pcapng")


def _write(session: Session, ring: FrameRing, writer: CaptureWriter, places: list[int]) -> int:
    """Those of the frames that are still kept in that ring, though the file may be begun again meanwhile."""
    written = 0
    for at in range(0, len(places), 1024):
        with session.lock:
            writer.follow(session.source.interfaces)
            for k in places[at : at + 1024]:
                if ring.first <= k < ring.next:
                    ring.write(writer, k)
                    written += 1
    return written
