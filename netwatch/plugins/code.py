"""Users' own files of code: where they are, how one is read, and what of its answers goes into records."""

from __future__ import annotations

import math
import os
import re
import stat
from pathlib import Path

from netwatch._fast.base.text import clean
from netwatch.plugins.process import PluginError
from netwatch.store import files
from netwatch.store.folders import caller, config_folder

CODE_MOST = 1 << 20  # bytes of a file
FILES_MOST = 32  # of a folder: each is a process
DEPTH_MOST = 4  # objects and lists within each other
TEXT_MOST = 1024
NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")


def folder(what: str) -> Path:
    """Where "addons" or "classifiers" are."""
    return config_folder() / what


def paths(what: str) -> list[Path]:
    """The files in it, by name."""
    return files.listed(folder(what), "*.py")


def taken() -> set[str]:
    """Names of objects and fields that records have already."""
    from netwatch.schema import BY_NAME

    return {field.partition(".")[0] for field in BY_NAME} | {"schema"}


def read_code(path: Path) -> bytes:
    """What a file says, opened once and only then looked at. Raises OSError: PermissionError where others could change
    it."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
    with files.as_caller():
        above = os.open(path.parent, flags | os.O_DIRECTORY)
        try:
            with open(os.open(path.name, flags | os.O_NOFOLLOW, dir_fd=above), "rb") as file:
                _refuse_others(os.fstat(above), path.parent)
                _refuse_others(os.fstat(file.fileno()), path)
                code = file.read(CODE_MOST + 1)
        finally:
            os.close(above)
    if len(code) > CODE_MOST:
        raise PermissionError(f"{path} is larger than {CODE_MOST >> 20} MiB")
    return code


def _refuse_others(about: os.stat_result, path: Path) -> None:
    """Code that others can change is not run."""
    if about.st_uid not in (0, caller()):
        raise PermissionError(f"{path} belongs to another user")
    if about.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(f"others can write to {path}")
    if not (stat.S_ISREG(about.st_mode) or stat.S_ISDIR(about.st_mode)):
        raise PermissionError(f"{path} is no regular file")


def cleaned(value: object, deep: int) -> object:
    """As records have it: no control characters, no numbers that JSON has not, not too deep."""
    if isinstance(value, str):
        return clean(value.encode("utf-8", "replace"), TEXT_MOST)
    if isinstance(value, float) and not math.isfinite(value):
        raise PluginError("a field is no finite number")
    if isinstance(value, dict | list) and not deep:
        raise PluginError(f"the fields are more than {DEPTH_MOST} deep")
    if isinstance(value, dict):
        return {word(key): cleaned(each, deep - 1) for key, each in value.items() if each is not None}
    return [cleaned(each, deep - 1) for each in value if each is not None] if isinstance(value, list) else value


def word(key: str) -> str:
    shown: str = clean(key.encode("utf-8", "replace"), 64)
    return shown


def words(error: BaseException) -> str:
    text: str = clean(str(error).splitlines()[0].encode("utf-8", "replace") if str(error) else b"", TEXT_MOST)
    return text if isinstance(error, PluginError) else f"{type(error).__name__}: {text}"
