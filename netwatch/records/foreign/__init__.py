"""Records in the words of other programs: Zeek's logs and Suricata's EVE, as JSON lines (docs/foreign-formats.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO

from netwatch._fast.out.encoder import Encoder
from netwatch.model.record import Record
from netwatch.records.clock import Clock
from netwatch.records.foreign import eve, zeek
from netwatch.records.items import FlowRun, Item, Packets, Piece
from netwatch.records.writers import FLUSH, write_all

Line = Callable[[str, Record, Record], Record | None]  # of a kind's record and its flow's
FORMATS: dict[str, Line] = {"zeek": zeek.line, "eve": eve.line}
KINDS = frozenset({"flows", "dns", "http", "tls", "alert"})  # that they have words for
ENDS = frozenset({"id", "first", "proto", "src", "sport", "dst", "dport", "interface", "vlan", "app", "icmp"})


class ForeignWriter:
    """Stands in for records.writers.Writer. A record that the other program would not log is left out."""

    clock: Clock | None = None
    left_out: tuple[str, ...] = ()

    def __init__(self, style: str, out: IO[bytes]) -> None:
        self.style = style
        self._line = FORMATS[style]
        self._out = out
        self._bytes = _bytes_of()
        self._waiting = bytearray()

    def described(self) -> frozenset[str] | None:
        return None

    def flow_keys(self, kind: str) -> frozenset[str]:
        return frozenset() if kind in ("flow", "summary") else ENDS

    def shows(self, kind: str, name: str) -> bool:
        return False

    def write(self, item: Item) -> None:
        self.put(item.kind, self.piece(item))

    def flows(self, run: FlowRun) -> None:
        for item in run:
            self.write(item)

    def packets(self, run: Packets) -> None:
        """There are none: cli/read.py refuses."""

    def summary(self, record: Record) -> None:
        """Likewise."""

    def piece(self, item: Item) -> bytes:
        record = item.record()
        found = self._line(item.kind, record, record if item.kind == "flow" else item.flow(ENDS) or {})
        return self._bytes(found) if found is not None else b""

    def put(self, kind: str, piece: Piece) -> None:
        assert isinstance(piece, bytes)
        self._waiting += piece
        if len(self._waiting) > FLUSH:
            self._send()

    def flush(self) -> None:
        self._send()
        self._out.flush()

    def close(self) -> None:
        self._send()

    def _send(self) -> None:
        write_all(self._out, bytes(self._waiting))
        self._waiting.clear()


def _bytes_of() -> Callable[[Record], bytes]:
    """A line of NDJSON of any object."""
    encoder = Encoder("ndjson", lambda kind: None, [])

    def line(record: Record) -> bytes:
        encoder.record("", record)
        return encoder.take()
    return line
