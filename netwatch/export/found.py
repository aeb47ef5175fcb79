"""A file that came out of a connection."""

from __future__ import annotations

from typing import NamedTuple


class Found(NamedTuple):
    """What it is called on the wire, whether the initiator sent it, what its kind is said to be."""

    protocol: str
    name: str
    data: bytes
    sent: bool
    kind: str = ""
