"""The lists of the configuration, which filters may name: `dst in @office`.

    [lists]
    office = ["192.0.2.0/24", "2001:db8::/32"]
    bad = ["evil.example", "~/indicators.txt"]       # a path is a file with one on each line, # begins a comment
"""
from __future__ import annotations

import re
from pathlib import Path

from netwatch.store import files

MOST = 10_000          # of one list
MOST_BYTES = 1 << 20   # of one file
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
FILE = ("/", "./", "../", "~/")  # how a file's path begins


class ListError(ValueError):
    """A list that cannot be had; one line."""


def read(name: str, given: object, folder: Path) -> tuple[str, ...]:
    """The items that a value of the configuration means; files lie in `folder` unless their path says otherwise. Raises
    ListError."""
    if not NAME.fullmatch(name):
        raise ListError(f"lists.{name}: a name of letters, digits, _ and -")
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        raise ListError(f"lists.{name} is a list of texts: addresses, networks, names, fingerprints, paths of files")
    items: dict[str, None] = {}
    for item in given:
        items.update(dict.fromkeys(_lines(name, folder / Path(item).expanduser()) if item.startswith(FILE) else [item]))
        if len(items) > MOST:
            raise ListError(f"lists.{name}: more than {MOST:,} items")
    return tuple(items)


def _lines(name: str, path: Path) -> list[str]:
    try:
        data = files.read_bytes(path, MOST_BYTES)
    except OSError as e:
        raise ListError(f"lists.{name}: {path}: {e.strerror}") from None
    lines = (line.partition("#")[0].strip() for line in data.decode("utf-8", "replace").splitlines())
    return [line for line in lines if line]
