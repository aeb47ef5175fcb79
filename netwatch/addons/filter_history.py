"""Filters that were used, kept from one run to the next: one a line, the newest last, readable by the user alone."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netwatch.store import files, folders

LONGEST = 400


def path() -> Path:
    return folders.state_folder() / "filters"


def load(limit: int) -> list[str]:
    """The newest of them; none when they cannot be read."""
    try:
        text = files.read_text(path())
    except (OSError, UnicodeDecodeError):
        return []
    return merged([], text.split("\n"), limit)


def merged(older: Iterable[str], newer: Iterable[str], limit: int) -> list[str]:
    """Each once, where it came last; at most `limit`."""
    kept = dict.fromkeys(reversed([text for text in (*older, *newer)
                                   if text.strip() and text.isprintable() and len(text) <= LONGEST]))
    return list(reversed(list(kept)[:limit])) if limit else []


@dataclass(frozen=True)
class Remember:
    """Add a filter to those kept; what another netwatch has added meanwhile stays."""

    text: str
    limit: int

    def run(self, session: Any) -> str:
        try:
            if self.limit:
                files.write_text(path(), "\n".join(merged(load(self.limit), [self.text], self.limit)) + "\n")
        except OSError as e:
            return f"Filters cannot be kept: {path()}: {e.strerror}"
        return ""
