"""The output of `lsof -F`: a line a field, its first letter says which (lsof(8), OUTPUT FOR OTHER PROGRAMS).

p a process; f a file of it; P the protocol; n the ends; TST= the state of TCP.
"""

from __future__ import annotations

from collections.abc import Iterator

from netwatch.platform.base import TCP, UDP, Socket
from netwatch.platform.bsdtext import end_of

PROTOCOLS = {"TCP": TCP, "UDP": UDP}


def parse(text: str) -> Iterator[Socket]:
    """Every socket, once for each process that has it."""
    pid, fields = 0, dict[str, str]()
    for line in (*text.splitlines(), "f"):
        kind, value = line[:1], line[1:]
        if kind in ("p", "f"):
            yield from _socket(pid, fields)
            fields = {}
        if kind == "p":
            pid = int(value) if value.isdigit() else 0
        elif kind == "T":
            name, _, told = value.partition("=")
            fields["T" + name] = told
        else:
            fields[kind] = value


def _socket(pid: int, fields: dict[str, str]) -> Iterator[Socket]:
    proto = PROTOCOLS.get(fields.get("P", ""))
    local, _, remote = fields.get("n", "").partition("->")
    if not pid or proto is None or not local:
        return
    try:
        here, there = end_of(local), end_of(remote) if remote else (b"", 0)
    except ValueError:
        return
    yield Socket(proto, *here, *there, state=fields.get("TST", ""), pids=(pid,))
