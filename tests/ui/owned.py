"""Captures replayed as if their flows had owners: programs made up by row, some flows of none."""
from __future__ import annotations

from typing import Any

from netwatch.model.host import Host
from netwatch.owners.addon import FIELDS, PARENTS
from tests.ui.replayed import Replayed

CAPTURES = ("dns.pcap", "http.pcap", "ftp.pcap", "kafka.pcap", "mqtt.pcap", "kerberos.pcap")
PROGRAMS = (("firefox", 2101, "web"), ("sshd", 877, ""), ("evil\x1b[31m\u202e漢字", 31337, "web"),
            ("firefox", 2102, ""))
WHY = "its socket was closed before it was asked about"


class _Looking(Host):
    """Nobody is asked: what is known is put there by hand."""

    def __init__(self) -> None:
        self.owners: Any = self
        self.ready = False


class Owned(Replayed):
    """`program(row)`: index into PROGRAMS, None for a flow whose owner is unknown."""

    def __init__(self, *captures: str) -> None:
        first, *more = captures or CAPTURES
        super().__init__(first, *more, host=_Looking())
        told = self.owners.column(self.engine)
        for row in range(1, 200):
            key = told.key(row)
            if key is not None:
                told.put(row, key, _values(row), 0)


def program(row: int) -> int | None:
    return None if row % 6 == 5 else row % len(PROGRAMS)


def _values(row: int) -> tuple[Any, ...]:
    which = program(row)
    if which is None:
        found: dict[str, Any] = {"unknown": WHY}
    else:
        name, pid, container = PROGRAMS[which]
        found = {"name": name, "pid": pid, "container": container or None, "user": "alice", "method": "ebpf",
                 "quality": "exact"}
    return tuple(found.get(name) for name in FIELDS) + (None,) * len(PARENTS)
