"""A flow as a screen shows it: from this machine where it is an end of the flow, from whoever began it where it is not.

A record says what the initiator sent and received. On the machine that answers, that is the wrong way round.
"""

from __future__ import annotations

from netwatch.model.record import Record

Minute = tuple[bytes, bytes] | None  # from the initiator, to it; see _fast/view/minute.pyx
SEEN = (("rate", ""), ("bytes", "_bytes"))  # of a record, and what is put behind "down" and "up"


def seen(record: Record, minute: Minute, turned: bool) -> Record:
    """The record with `turned`: this machine answers, `local` and `remote` with their ports, `down` and `up` (bytes/s),
    `down_bytes`, `up_bytes`, and `minute`: (up, down)."""
    up, down = ("in", "out") if turned else ("out", "in")
    near, far = ("dst", "src") if turned else ("src", "dst")
    found: Record = {"turned": turned, "minute": minute[::-1] if minute and turned else minute}
    for name, ending in SEEN:
        for way, side in (("up", up), ("down", down)):
            if f"{name}_{side}" in record:
                found[way + ending] = record[f"{name}_{side}"]
    for name, end in (("local", near), ("remote", far)):
        if end in record:
            found[name] = record[end]
            found[f"{name}_port"] = record.get(f"{end[0]}port")
    return record | found
