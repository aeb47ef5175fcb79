"""`read --follow`: what one flow says, both sides in order of time, as it was sent or, where there are keys, opened."""

from __future__ import annotations

from typing import IO

from netwatch._fast.out.record import iso
from netwatch.addons.packets.readable import Showing
from netwatch.cli import hexdump
from netwatch.cli.errors import EXIT_MISSING, CommandError
from netwatch.model.event import Event, Step
from netwatch.model.record import Record
from netwatch.records.masking import masked, secrets_of
from netwatch.records.streams import printable
from netwatch.records.writers import write_all
from netwatch.run.pipeline import Pipeline


class Conversation:
    """Writes turns as they come. `style`: "text" without control characters, "hex" with offsets, "raw" bytes."""

    def __init__(self, pipeline: Pipeline, ident: int, style: str, out: IO[bytes],
                 show_secrets: bool = False) -> None:
        self._pipeline = pipeline
        self._ident = ident
        self._style = style
        self._out = out
        self._show_secrets = show_secrets
        self._secrets: tuple[bytes, ...] = ()
        self._turn: tuple[int, int] | None = None
        self._offsets: dict[tuple[int, int], int] = {}
        self._seen: Record = {}
        self._showing = Showing()

    def take(self, step: Step) -> None:
        """What the step brought of the flow."""
        said = [event for event in step.events if event.flow == self._ident and event.kind == "streams"]
        if said:
            self._seen = self._pipeline.record(said[0].engine, said[0].row) or self._seen
            self._secrets = secrets_of(self._pipeline, said[0].engine, said[0].row)
        for event in said:
            if self._showing.shows(event, self._seen):
                self._show(event)
        for engine, row in step.ended:
            record = self._pipeline.record(engine, row)
            if record.get("id") == self._ident:
                self._seen = record
        self._out.flush()

    def finish(self) -> None:
        """The input is over. Raises CommandError where there was nothing to show."""
        if not self._seen:
            raise CommandError(f"--follow {self._ident}: there is no such flow", EXIT_MISSING)
        if self._turn is None:
            why = self._seen.get("decrypt", {}).get("reason", "no key log was given")
            if not self._showing.sealed and self._seen.get("proto") != "udp":
                why = "it carried no bytes"
            raise CommandError(f"--follow {self._ident}: nothing of the flow can be shown: {why}", EXIT_MISSING)
        self._out.flush()

    def _show(self, event: Event) -> None:
        turn = (event.side, event.stream)
        data = event.payload
        if not self._show_secrets:
            data = masked(data, self._secrets, self._style != "text")
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
        return f"{apart}--- {ends[0]} > {ends[1]}, {iso(event.time_ns)}{about}\n"

    @staticmethod
    def _text(data: bytes) -> bytes:
        return printable(data.decode("utf-8", "replace")).encode()

    def _hex(self, turn: tuple[int, int], data: bytes) -> bytes:
        """Lines with their offset in the stream."""
        start = self._offsets.get(turn, 0)
        self._offsets[turn] = start + len(data)
        return "".join(f"{line}\n" for line in hexdump.lines(data, start, 8)).encode()
