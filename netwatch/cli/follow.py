"""`read --follow`: what one flow says, both sides in order of time, as it was sent or, where there are keys, opened."""

from __future__ import annotations

from typing import IO

from netwatch._fast.out.masking import masked_pieces, secrets_of
from netwatch.addons.packets.readable import SAID, Showing
from netwatch.cli import hexdump
from netwatch.cli.errors import EXIT_MISSING, CommandError
from netwatch.model.event import Event, Step
from netwatch.model.record import Record
from netwatch.records.maker import time_of
from netwatch.records.streams import printable
from netwatch.records.writers import write_all
from netwatch.run.pipeline import Pipeline

SEALED = frozenset({"quic", "dtls"})  # applications over UDP of which a key shows what is said
HELD_MOST = 1 << 14  # bytes that wait for the end of their line, beyond which they are shown as they are known

Turn = tuple[int, int]  # who speaks, in which of the flow's streams


class Conversation:
    """Writes turns as they come. `style`: "text" without control characters, "hex" with offsets, "raw" bytes. `stream`:
    of the flow's streams this one alone."""

    def __init__(self, pipeline: Pipeline, ident: int, style: str, out: IO[bytes],
                 show_secrets: bool = False, stream: int | None = None) -> None:
        self._pipeline = pipeline
        self._ident = ident
        self._style = style
        self._out = out
        self._show_secrets = show_secrets
        self._secrets: tuple[bytes, ...] = ()
        self._turn: Turn | None = None
        self._offsets: dict[Turn, int] = {}
        self._held: list[Event] = []  # what may be the beginning of a secret, and what came after it
        self._seen: Record = {}
        self._showing = Showing()
        self._stream = stream

    def take(self, step: Step) -> None:
        """What the step brought of the flow."""
        said = [event for event in step.events if event.flow == self._ident and event.kind in SAID]
        if said:
            self._seen = self._pipeline.record(said[0].engine, said[0].row) or self._seen
            self._secrets = secrets_of(said[0].engine, said[0].row)
        for event in said:
            if self._showing.shows(event, self._seen) and self._stream in (None, event.stream):
                self._held.append(event)
        self._release(idle=step.idle)
        for engine, row in step.ended:
            record = self._pipeline.record(engine, row)
            if record.get("id") == self._ident:
                self._seen = record
        self._out.flush()

    def finish(self) -> None:
        """The input is over. Raises CommandError where there was nothing to show."""
        self._release(over=True)
        if not self._seen:
            raise CommandError(f"--follow {self._ident}: there is no such flow", EXIT_MISSING)
        if self._turn is None:
            raise CommandError(f"--follow {self._ident}: nothing of the flow can be shown: {self._why_nothing()}",
                               EXIT_MISSING)
        self._out.flush()

    def _why_nothing(self) -> str:
        """Of a flow that was seen."""
        proto, stack = self._seen.get("proto"), self._seen.get("app_stack", ())
        if self._showing.sealed or not SEALED.isdisjoint(stack):
            return str(self._seen.get("decrypt", {}).get("reason", "no key log was given"))
        if proto == "tcp":
            return "it carried no bytes"
        return f"it is {proto}; what is followed is TCP, and with keys QUIC and DTLS (--what packets shows its packets)"

    def _release(self, *, over: bool = False, idle: bool = False) -> None:
        """Show what is known to be no part of a secret: lines as a whole, for a segment may end within one. `over`: all
        of it; `idle`: nothing more came, so what is no text need not wait either."""
        if not self._held:
            return
        if self._show_secrets or sum(len(event.payload) for event in self._held) > HELD_MOST:
            over = True
        ready = self._split({} if over else self._whole_lines(idle))
        pieces: dict[Turn, list[bytes]] = {}
        for event in self._held[:ready]:
            pieces.setdefault(_turn_of(event), []).append(event.payload)
        shown = {turn: iter(self._masked(said)) for turn, said in pieces.items()}
        for event in self._held[:ready]:
            self._show(event, next(shown[_turn_of(event)]))
        del self._held[:ready]

    def _whole_lines(self, idle: bool) -> dict[Turn, int]:
        """How many of the held bytes of each turn are whole lines."""
        said: dict[Turn, bytes] = {}
        for event in self._held:
            said[_turn_of(event)] = said.get(_turn_of(event), b"") + event.payload
        return {turn: len(data) if idle and not data.isascii() else data.rfind(b"\n") + 1
                for turn, data in said.items()}

    def _split(self, lines: dict[Turn, int]) -> int:
        """How many of the held pieces, of the first of them, are shown now: those of so many bytes of each turn, of a
        turn that is not named all. A piece of which but a part is becomes two."""
        for place, event in enumerate(self._held):
            turn, size = _turn_of(event), len(event.payload)
            left = lines.get(turn, size)
            if left < size:
                if left:
                    self._held[place:place + 1] = [event._replace(payload=event.payload[:left]),
                                                   event._replace(payload=event.payload[left:], extra=0)]
                return place + bool(left)
            if turn in lines:
                lines[turn] = left - size
        return len(self._held)

    def _masked(self, pieces: list[bytes]) -> list[bytes]:
        return pieces if self._show_secrets else masked_pieces(pieces, self._secrets, self._style != "text")

    def _show(self, event: Event, data: bytes) -> None:
        if not data and not event.extra:
            return
        turn = _turn_of(event)
        if self._style == "raw":
            write_all(self._out, data)
        else:
            if turn != self._turn:
                write_all(self._out, self._heading(event).encode())
            if event.extra:
                write_all(self._out, f"[{event.extra} bytes missing]\n".encode())
            write_all(self._out, self._hex(turn, data) if self._style == "hex" else self._text(data))
        self._turn = turn

    def _heading(self, event: Event) -> str:
        """Who speaks, and when the turn began."""
        ends = [f"{self._seen[a]}:{self._seen[p]}" for a, p in (("src", "sport"), ("dst", "dport"))]
        if event.side != event.engine.initiator_side(event.row):
            ends.reverse()
        about = f", stream {event.stream}" if event.stream >= 0 else ""
        about += ", decrypted" if event.inner else ""
        apart = "" if self._turn is None else "\n"
        when = time_of(event.engine, event.time_ns).get("time")
        return f"{apart}--- {ends[0]} > {ends[1]}{f', {when}' if when else ''}{about}\n"

    @staticmethod
    def _text(data: bytes) -> bytes:
        return printable(data.decode("utf-8", "replace")).encode()

    def _hex(self, turn: tuple[int, int], data: bytes) -> bytes:
        """Lines with their offset in the stream."""
        start = self._offsets.get(turn, 0)
        self._offsets[turn] = start + len(data)
        return "".join(f"{line}\n" for line in hexdump.lines(data, start, 8)).encode()


def _turn_of(event: Event) -> Turn:
    return event.side, event.stream
