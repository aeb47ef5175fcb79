"""What the settings screen has done: a timeout given to the engine, changes written to the file."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netwatch.store import config
from netwatch.store.settings import SettingError, Settings, Value


@dataclass(frozen=True)
class UseTimeouts:
    """Let the engine have these idle timeouts from now on."""

    settings: Settings

    def run(self, session: Any) -> str:
        session.use_settings(self.settings)
        return ""


@dataclass(frozen=True)
class Save:
    """Write changes to the file; `saved` is called with them when that is done."""

    path: str
    changes: tuple[tuple[str, Value], ...]
    saved: Callable[[dict[str, Value]], None]

    def run(self, session: Any) -> str:
        changes = dict(self.changes)
        try:
            config.save(Path(self.path), changes)
        except OSError as e:
            return f"Not saved: {self.path}: {e.strerror}"
        except SettingError as e:
            return f"Not saved: {e}"
        self.saved(changes)
        return f"Saved {len(changes)} setting{'s' if len(changes) > 1 else ''} in {self.path}"
