"""What is kept in the user's own files: settings that were saved, and filters that were used, the newest last."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from netwatch.model.contract import Addon
from netwatch.model.option import Value
from netwatch.store import config, files, folders
from netwatch.store.settings import SettingError, Settings

if TYPE_CHECKING:
    from netwatch.model.contract import Session

LONGEST = 400  # characters of a filter that is kept
PROFILES, COLUMNS = 64, 64  # of columns that are kept, and columns of one


def path() -> Path:
    """Of the filters, one a line."""
    return folders.state_folder() / "filters"


def load_filters(limit: int) -> list[str]:
    """The newest filters; none when they cannot be read."""
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

    def run(self, session: Session) -> str:
        try:
            if self.limit:
                files.write_text(path(), "\n".join(merged(load_filters(self.limit), [self.text], self.limit)) + "\n")
        except OSError as e:
            return f"Filters cannot be kept: {path()}: {e.strerror}"
        return ""


def welcome_path() -> Path:
    """There as soon as somebody has been told how the terminal is used."""
    return folders.state_folder() / "welcomed"


@dataclass(frozen=True)
class Welcomed:
    """The card of the first start has been seen."""

    def run(self, session: Session) -> str:
        try:
            files.write_text(welcome_path(), "")
        except OSError as e:
            return f"The card will be shown again: {welcome_path()}: {e.strerror}"
        return ""


def columns_path() -> Path:
    """Of the profiles of columns, one a line: name=field field ..."""
    return folders.state_folder() / "columns"


def load_columns() -> dict[str, tuple[str, ...]]:
    """The profiles that were saved; none when they cannot be read."""
    try:
        lines = files.read_text(columns_path()).split("\n")
    except (OSError, UnicodeDecodeError):
        return {}
    pairs = (line.partition("=") for line in lines[:PROFILES] if line.isprintable())
    return {name: tuple(fields.split())[:COLUMNS] for name, _, fields in pairs if name and fields}


@dataclass(frozen=True)
class SaveColumns:
    """Keep a profile of columns under its name."""

    name: str
    fields: tuple[str, ...]

    def run(self, session: Session) -> str:
        kept = {**load_columns(), self.name: self.fields}
        lines = [f"{name}={' '.join(fields)}" for name, fields in list(kept.items())[-PROFILES:]]
        try:
            files.write_text(columns_path(), "\n".join(lines) + "\n")
        except OSError as e:
            return f"The columns cannot be kept: {columns_path()}: {e.strerror}"
        return f"Columns {self.name} are kept; ui.columns = \"{self.name}\" begins with them"


@dataclass(frozen=True)
class UseTimeouts:
    """Let the engine have these idle timeouts from now on."""

    settings: Settings

    def run(self, session: Session) -> str:
        session.use_settings(self.settings)
        return ""


@dataclass(frozen=True)
class Save:
    """Write changes to the file; `saved` is called with them when that is done."""

    path: str
    changes: tuple[tuple[str, Value], ...]
    saved: Callable[[dict[str, Value]], None]

    def run(self, session: Session) -> str:
        changes = dict(self.changes)
        try:
            config.save(Path(self.path), changes)
        except OSError as e:
            return f"Not saved: {self.path}: {e.strerror}"
        except SettingError as e:
            return f"Not saved: {e}"
        self.saved(changes)
        return f"Saved {len(changes)} setting{'s' if len(changes) > 1 else ''} in {self.path}"


class Preferences(Addon):
    """Saves settings and remembers filters."""

    name = "preferences"
