"""What the helper was told once, at the start, of what may be sent: for the next one, when another takes its place.

It lies in memory that guard and helpers share. Without it, who has taken over the process that reads could end the
helper and allow the next one anything.
"""

from __future__ import annotations

import json
import mmap

from netwatch.capture.capd.messages import Json, packed, unpacked

ROOM = 65_536  # bytes
PROMISED = frozenset({"allow_probes", "allow_traces", "allow_whois", "allow_no_more"})  # questions


class Promises:
    """Made before the first helper is."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, ROOM)

    def kept(self) -> list[tuple[str, list[Json]]]:
        """Those so far, in order."""
        text = self._memory[:].rstrip(b"\0")
        return [(name, unpacked(arguments)) for name, arguments in json.loads(text)] if text else []

    def keep(self, name: str, arguments: list[Json]) -> None:
        """Raises ValueError where there is no room."""
        told = json.dumps([[each, packed(of)] for each, of in (*self.kept(), (name, arguments))]).encode()
        if len(told) > ROOM:
            raise ValueError("too much is allowed")
        self._memory[:len(told)] = told
