"""The question what a flow says: both sides in order of time, as sent or opened, from the frames that are kept."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from netwatch._fast.dpi import having
from netwatch._fast.out.masking import masked_pieces, secrets_of
from netwatch._fast.out.record import iso
from netwatch.addons.packets.kept import KeptFrames, excerpt
from netwatch.addons.packets.questions import secrets_of_flow
from netwatch.addons.packets.readable import SAID, Showing
from netwatch.model.record import Record

if TYPE_CHECKING:
    from netwatch.model.contract import Session

MOST_FRAMES = 33_554_432  # bytes of frames read again at a time
SEALED = having("opaque")
MOST_SHOWN = 1_048_576  # bytes of content handed out
HALF_LINE = re.compile(rb"(?<![\t\r -~])[\t\r -~]+\Z")


class Turn(NamedTuple):
    """What one side says until the other does. `stream` is -1 where the flow has but one; `missing` bytes are not
    there before the turn, or within it. `masked`: the data without secrets, `starred`: the same, a * for each of their
    bytes; of a line that is not whole yet, and may turn out to be one, neither has anything."""

    outward: bool
    ns: int
    data: bytes
    opened: bool
    stream: int
    missing: int
    masked: bytes
    starred: bytes


@dataclass(frozen=True)
class Said:
    """The turns, and what there is to know about them. `why`: what stands in the way where nothing can be shown;
    `whole`: the flow's first frame is still kept; `cut`: there is more than is shown."""

    turns: list[Turn]
    ends: tuple[str, str] = ("", "")
    app: str = ""
    out_bytes: int = 0
    in_bytes: int = 0
    rtt_us: int | None = None
    resent: tuple[int, int] | None = None
    cut: bool = False
    why: str = ""
    whole: bool = True


@dataclass(frozen=True)
class Stream:
    """Its frames are read again when more of them have come; the answer to the last question is kept."""

    flow: int

    def answer(self, session: Session) -> Said:
        keeper = session.get(KeptFrames)
        with session.lock:
            places = keeper.ring.of_flow(self.flow, 0, keeper.ring.next)
        place = (self.flow, len(places), places[-1:])
        last = keeper.said
        if last is not None and last[0] == place and isinstance(last[1], Said):
            return last[1]
        said = _read(session, self.flow, places) if places else Said([], why="none of its frames is kept any longer")
        keeper.said = (place, said)
        return said


def _read(session: Session, flow: int, places: list[int]) -> Said:
    source = excerpt(session, flow, MOST_FRAMES)
    showing, talk = Showing(), _Talk()
    record: Record = {}
    secrets = secrets_of_flow(session, places[-1])
    for reading, events in session.read_again(source):
        said = [event for event in events if event.kind in SAID]
        for event in said:
            record = reading.record(event.engine, event.row) or record
            if showing.shows(event, record):
                outward = event.side == event.engine.initiator_side(event.row)
                talk.add(outward, event.time_ns, event.payload, event.inner, event.stream, event.extra)
        if said:
            secrets |= set(secrets_of(said[-1].engine, said[-1].row))
    known = session.flow(flow) or record
    if not talk.turns and known.get("proto") not in (None, "tcp") and known.get("app") not in SEALED:
        _datagrams(session, known, places, talk)
    with session.lock:
        ring = session.get(KeptFrames).ring
        whole = places[0] >= ring.first and iso(ring.about(places[0])["ns"]) == known.get("first")
    why = "" if talk.turns else _why(known, record, showing.sealed)
    more = session.live or (session.player is not None and not session.player.done)
    return talk.result(known, why, whole, secrets, goes_on=more and "ended" not in known)


def _why(known: Record, record: Record, sealed: bool) -> str:
    if sealed or known.get("app") in SEALED:
        reason = (record or known).get("decrypt", {}).get("reason", "there is no key for it")
        return f"what it carries is encrypted: {reason}"
    return "it carries no bytes that can be followed"


def _datagrams(session: Session, known: Record, places: list[int], talk: _Talk) -> None:
    """The payload of each datagram, where no stream is put together."""
    ring = session.get(KeptFrames).ring
    for k in places:
        with session.lock:
            if k < ring.first:
                continue
            about, record, data = ring.about(k), ring.record(k), ring.frame(k)
        at = about["payload_at"]
        if at >= 0:
            outward = (record.get("src"), record.get("sport")) == (known.get("src"), known.get("sport"))
            talk.add(outward, about["ns"], data[at : at + about["payload"]], False, -1, 0)


@dataclass(slots=True)
class _Turn:
    """A Turn that still grows."""

    outward: bool
    ns: int
    data: bytearray
    opened: bool
    stream: int
    missing: int


class _Talk:
    """Collects turns up to a bound."""

    def __init__(self) -> None:
        self.turns: list[_Turn] = []
        self.bytes = {True: 0, False: 0}
        self.cut = False

    def add(self, outward: bool, ns: int, payload: bytes, opened: bool, stream: int, missing: int) -> None:
        room = MOST_SHOWN - self.bytes[True] - self.bytes[False]
        data = payload[: max(0, room)]
        self.cut = self.cut or len(data) < len(payload)
        if not data:
            return
        self.bytes[outward] += len(data)
        turn = self.turns[-1] if self.turns else None
        if turn is None or (turn.outward, turn.opened, turn.stream) != (outward, opened, stream):
            self.turns.append(_Turn(outward, ns, bytearray(data), opened, stream, missing))
        else:
            turn.data += data
            turn.missing += missing

    def result(self, known: Record, why: str, whole: bool, secrets: Collection[bytes], *, goes_on: bool) -> Said:
        shown = self._masked(secrets, self.cut or goes_on)
        turns = [Turn(turn.outward, turn.ns, bytes(turn.data), turn.opened, turn.stream, turn.missing, *shown[i])
                 for i, turn in enumerate(self.turns)]
        ends = [f"{known.get(a, '')}:{known[p]}" if p in known else str(known.get(a, ""))
                for a, p in (("src", "sport"), ("dst", "dport"))]
        resent = (known["retransmits_out"], known["retransmits_in"]) if "retransmits_out" in known else None
        return Said(turns, (ends[0], ends[1]), str(known.get("app", known.get("proto", ""))), self.bytes[True],
                    self.bytes[False], known.get("rtt_us"), resent, self.cut, why, whole)

    def _masked(self, secrets: Collection[bytes], goes_on: bool) -> list[tuple[bytes, bytes]]:
        """(masked, starred) of each turn. `goes_on`: what the initiator said last may be half a line."""
        shown = [(b"", b"")] * len(self.turns)
        for way in {(turn.outward, turn.stream) for turn in self.turns}:
            places = [i for i, turn in enumerate(self.turns) if (turn.outward, turn.stream) == way]
            pieces = [bytes(self.turns[i].data) for i in places]
            if goes_on and way[0] and places[-1] == len(self.turns) - 1:
                pieces[-1] = HALF_LINE.sub(b"", pieces[-1])
            both = (masked_pieces(pieces, tuple(secrets), same_length) for same_length in (False, True))
            for i, *each in zip(places, *both, strict=True):
                shown[i] = each[0], each[1]
        return shown
