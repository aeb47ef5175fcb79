"""Where a user's own files are, and how they are written: XDG folders, those of the caller under sudo, mode 0600."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

MOST = 1 << 20  # bytes of a file of the user's that are read


def caller(environment: Mapping[str, str] = os.environ) -> int:
    """The number of the user who runs this: under sudo, who called it."""
    number = environment.get("SUDO_UID", "")
    return int(number) if os.geteuid() == 0 and number.isdecimal() else os.geteuid()


def _home(environment: Mapping[str, str]) -> Path:
    if caller(environment) != os.geteuid():
        import pwd

        try:
            return Path(pwd.getpwuid(caller(environment)).pw_dir)
        except (KeyError, OverflowError):
            pass
    return Path(environment.get("HOME") or "/root")


def _folder(variable: str, below_home: str, environment: Mapping[str, str]) -> Path:
    configured = environment.get(variable, "")
    base = Path(configured) if os.path.isabs(configured) else _home(environment) / below_home
    return base / "netwatch"


def config_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """$XDG_CONFIG_HOME/netwatch, by default ~/.config/netwatch."""
    return _folder("XDG_CONFIG_HOME", ".config", environment)


def state_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """$XDG_STATE_HOME/netwatch, by default ~/.local/state/netwatch."""
    return _folder("XDG_STATE_HOME", ".local/state", environment)


def read_own(path: Path) -> str:
    """The text of a file that belongs to the caller or to root. Raises OSError, PermissionError for one of others', and
    UnicodeDecodeError."""
    with open(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
        if os.fstat(file.fileno()).st_uid not in (caller(), 0):
            raise PermissionError(1, "it belongs neither to you nor to root", str(path))
        return file.read(MOST).decode()


def write_own(path: Path, text: str) -> None:
    """Put a text in place of a file at one stroke: mode 0600, the caller's. A link is followed. Raises OSError."""
    path = Path(os.path.realpath(path))
    for folder in reversed([each for each in (path.parent, *path.parent.parents) if not each.exists()]):
        folder.mkdir(mode=0o700)
        os.chown(folder, caller(), -1)
    number, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with open(number, "w", encoding="utf-8") as file:
            os.fchown(file.fileno(), caller(), -1)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
