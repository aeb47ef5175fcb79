"""Where a user's own files are: the folders of their system (XDG on Linux), under sudo those of the caller.

The one place that asks the environment for them. How files in them are read and written is in files.py.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import platformdirs

APP = "netwatch"


def caller() -> int:
    """The number of the user who runs this: under sudo, who called it. Windows has no numbers: 0."""
    if sys.platform == "win32":
        return 0
    number = os.environ.get("SUDO_UID", "")
    if os.geteuid() == 0 and number.isascii() and number.isdecimal() and account(int(number)) is not None:
        return int(number)
    return os.geteuid()


def account(uid: int) -> tuple[int, Path] | None:
    """(group, home) of a user; None where the system knows no such user."""
    if sys.platform == "win32":
        return None
    import pwd

    try:
        found = pwd.getpwuid(uid)
    except (KeyError, OverflowError):
        return None
    return found.pw_gid, Path(found.pw_dir)


def config_folder() -> Path:
    """$XDG_CONFIG_HOME/netwatch, by default ~/.config/netwatch."""
    return _of_caller(platformdirs.user_config_path(APP, appauthor=False))


def state_folder() -> Path:
    """$XDG_STATE_HOME/netwatch, by default ~/.local/state/netwatch."""
    return _of_caller(platformdirs.user_state_path(APP, appauthor=False))


def data_folder() -> Path:
    """$XDG_DATA_HOME/netwatch, by default ~/.local/share/netwatch."""
    return _of_caller(platformdirs.user_data_path(APP, appauthor=False))


def packs_folder() -> Path:
    """Where packs of data are installed, a folder for each kind."""
    return data_folder() / "packs"


def table_path(kind: str, name: str) -> Path | None:
    """An installed table; None when there is none. It was verified when it was installed (packs.py)."""
    path = packs_folder() / kind / name
    return path if os.path.isfile(path) else None  # also None where the home is somebody else's


def _of_caller(folder: Path) -> Path:
    """Under sudo, what lies below our own home is meant to lie below the caller's."""
    uid = caller()
    about = account(uid) if uid != os.geteuid() else None
    own = Path.home()
    return about[1] / folder.relative_to(own) if about is not None and folder.is_relative_to(own) else folder
