"""The jail that netwatch shuts itself into before it looks at the first byte of a stranger's.

It is entered once, by the process as a whole, after everything is open and before the first thread; nobody comes out
again. What it takes away and what remains is told by `Jailed`, and tried by `netwatch doctor --sandbox`.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import NamedTuple

from netwatch.platform.walls import Grants, Part

MODES = ("off", "on", "strict")
PACKAGE = Path(__file__).parents[1]
SYSTEMS = {"linux": "linux", "darwin": "macos", "freebsd": "freebsd", "win32": "windows"}  # sys.platform: its folder


class JailError(Exception):
    """`strict` was asked for and something of it cannot be had, or nothing could work inside; the text says what."""


class Jailed(NamedTuple):
    """The jail that was entered: its walls, and the threads that were running already ("" none)."""

    parts: tuple[Part, ...] = ()

    @property
    def missing(self) -> str:
        """What does not stand, in words; "" when all does."""
        return "; ".join(f"{part.name}: {part.why or 'not available'}" for part in self.parts if not part.stands)


def enter(mode: str, grants: Grants) -> Jailed:
    """Give everything else up. `off`: nothing happens. Raises JailError in `strict`, when a wall does not stand (the
    others stand then all the same), and where the user that it becomes may not read netwatch's own modules."""
    if mode == "off":
        return Jailed()
    system = next((name for name in SYSTEMS if sys.platform.startswith(name)), None)
    if system is not None:
        jailed = Jailed(importlib.import_module(f"netwatch.platform.{SYSTEMS[system]}.jail").shut_in(grants))
        if grants.user is not None and not os.access(PACKAGE, os.R_OK | os.X_OK):
            raise JailError(f"under sudo it becomes user {grants.user.uid}, who may not read netwatch's own files in "
                            f"{PACKAGE}: keep them where that user can, or call netwatch as root without sudo")
    else:
        jailed = Jailed((Part("jail", False, f"netwatch has none on {sys.platform}"),))
    if mode == "strict" and jailed.missing:
        raise JailError(f"the sandbox is not whole: {jailed.missing}")
    return jailed
