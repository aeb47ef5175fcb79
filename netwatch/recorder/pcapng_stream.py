"""Frames with their owners as one pcapng stream, for whoever reads the other end of a pipe meanwhile.

With each flush go the statistics of the interfaces: the reader learns what was lost so far, and that we are still here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from netwatch._fast.input.pcapngwriter import CaptureWriter

if TYPE_CHECKING:
    from netwatch._fast.input.source import Source

TLS_KEY_LOG = 0x544C534B  # ng 4.7.1


class Outgoing:
    """Owns the descriptor. The reader knows at once what is captured on. Every call may raise OSError: nobody reads."""

    folders: Sequence[str] = ()  # it writes to none
    lost = 0  # packets that were taken, and then not kept

    def __init__(self, descriptor: int, source: Source) -> None:
        self._source, self._written = source, 0
        self._writer = CaptureWriter("standard output", fd=descriptor)
        self.flush()

    def put(self, write: Callable[[CaptureWriter], int], first_ns: int, last_ns: int) -> int:
        """See line.Output."""
        self._writer.follow(self._source.interfaces)
        count = write(self._writer)
        self._written += count
        return count

    def add_secrets(self, lines: bytes) -> None:
        """Keys for what follows."""
        if lines:
            self._writer.add_secrets(TLS_KEY_LOG, lines)

    def flush(self) -> None:
        """Hand over what was written so far."""
        self._writer.follow(self._source.interfaces)
        found = self._source.stats().get("interfaces", {})
        for number, interface in enumerate(self._source.interfaces):
            self._writer.add_statistics(number, found.get(interface["name"]))
        self._writer.flush()

    def finish(self, names: Sequence[tuple[str, str]] = ()) -> None:
        """Names and statistics, and the end."""
        if names:
            self._writer.add_names(list(names))
        self.flush()
        self._writer.close()

    def told(self, received: int) -> str:
        """What went out of so many packets, for people."""
        return f"{self._written:,} of {received:,} packets went out"
