"""Becoming the user who called by sudo, on systems that are Unix."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from netwatch.platform.walls import User

FOLDERS = ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")
NAMES = ("USER", "LOGNAME")


def become(user: User) -> None:
    """The user for good, with no other's groups; what is said of folders is of theirs. Raises OSError."""
    os.setgroups([])
    if sys.platform == "darwin":  # has no setresuid(2); of root, setuid(2) sets all three
        os.setgid(user.gid)
        os.setuid(user.uid)
    else:
        os.setresgid(user.gid, user.gid, user.gid)
        os.setresuid(user.uid, user.uid, user.uid)
    own = Path(os.environ.get("HOME", "/root"))
    for name in FOLDERS:
        folder = Path(os.environ.get(name, "") or "/")
        if folder.is_relative_to(own):
            os.environ[name] = str(user.home / folder.relative_to(own))
    for name in NAMES:
        os.environ.pop(name, None)
