"""A file that came out of a connection, or why it did not."""

from __future__ import annotations

from typing import NamedTuple

HOLE = "bytes are missing in the capture"
LONG = "longer than what is kept"
CROWDED = "no room"
OPEN = "the end was not seen"
OTHER = "not as long as it was said to be"


class Found(NamedTuple):
    """What it is called on the wire, whether the initiator sent it, what its kind is said to be; `missing`: why there
    is no content."""

    protocol: str
    name: str
    data: bytes
    sent: bool
    kind: str = ""
    missing: str = ""
