"""What the jails of all systems are told and tell: what is still needed inside, and which walls stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class User(NamedTuple):
    """Whom to become."""

    uid: int
    gid: int
    home: str


class Grants(NamedTuple):
    """What is still needed inside. Paths need not exist."""

    readable: Sequence[str] = ()
    writable: Sequence[str] = ()  # folders: files in them can be made, changed and removed
    datagrams: bool = False  # UDP, for the system's resolver
    network: bool = False  # any use of it
    capturing: bool = False  # live, so that owners are asked for; on Linux it is the helper who asks
    user: User | None = None


class Part(NamedTuple):
    """One of the jail's walls."""

    name: str
    stands: bool
    why: str = ""  # it does not, or not wholly
