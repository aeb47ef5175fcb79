"""The jail that netwatch shuts itself into before it looks at the first byte of a stranger's.

It is entered once, by the process as a whole, after everything is open and before the first thread; nobody comes out
again. What it takes away and what remains is told by `Jailed`, and tried by `netwatch doctor --sandbox`.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import NamedTuple

MODES = ("off", "on", "strict")


class JailError(Exception):
    """`strict` was asked for and something of it cannot be had; the text says what."""


class User(NamedTuple):
    """Whom to become."""

    uid: int
    gid: int
    home: str


@dataclass
class Grants:
    """What is still needed inside. Paths need not exist."""

    readable: list[str] = field(default_factory=list)
    writable: list[str] = field(default_factory=list)  # folders: files in them can be made, changed and removed
    datagrams: bool = False  # UDP, for the system's resolver
    user: User | None = None


class Part(NamedTuple):
    """One of the jail's walls."""

    name: str
    stands: bool
    why: str = ""  # it does not, or not wholly


class Jailed(NamedTuple):
    """The jail that was entered: its walls, and the threads that were running already ("" none)."""

    parts: tuple[Part, ...] = ()

    @property
    def missing(self) -> str:
        """What does not stand, in words; "" when all does."""
        return "; ".join(f"{part.name}: {part.why or 'not available'}" for part in self.parts if not part.stands)


def enter(mode: str, grants: Grants) -> Jailed:
    """Give everything else up. `off`: nothing happens. Raises JailError in `strict`, when a wall does not stand; the
    others stand then all the same."""
    if mode == "off":
        return Jailed()
    if sys.platform == "linux":
        from netwatch.platform.linux.jail import shut_in

        jailed = Jailed(shut_in(grants))
    else:
        jailed = Jailed((Part("jail", False, f"netwatch has none on {sys.platform}"),))
    if mode == "strict" and jailed.missing:
        raise JailError(f"the sandbox is not whole: {jailed.missing}")
    return jailed
