"""What can be set, by dotted key, with its default, and how a text becomes a value.

Only numbers so far: idle timeouts in seconds, sizes of the flow table, of the history and of the capture ring. An
unknown key is an error that names the nearest.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from netwatch._fast.flowtext import APP_TIMEOUTS, TIMEOUTS

# key: (default, smallest, largest)
LIMITS: dict[str, tuple[int, int, int]] = {
    "flows.max": (2_000_000, 1_000, 100_000_000),
    "flows.history": (100_000, 0, 10_000_000),
    "names.resolve": (0, 0, 1),
    "owners.find": (1, 0, 1),
    "capture.ring_mb": (64, 1, 4_096),
    "capture.snaplen": (262_144, 64, 262_144),
    **{f"timeouts.{name}": (seconds, 1, 4_000_000) for name, seconds in (TIMEOUTS | APP_TIMEOUTS).items()},
}


class SettingError(ValueError):
    """A setting that does not exist, or a value it cannot have; one line."""


class Settings(NamedTuple):
    """Values of LIMITS' keys that differ from their defaults."""

    changed: dict[str, int]

    def of(self, key: str) -> int:
        return self.changed.get(key, LIMITS[key][0])

    @property
    def timeouts(self) -> dict[str, int]:
        """Changed idle timeouts in seconds, by the names the engine knows."""
        return {k.removeprefix("timeouts."): v for k, v in self.changed.items() if k.startswith("timeouts.")}


def parse_settings(texts: Iterable[str]) -> Settings:
    """Settings from texts such as `timeouts.udp=30`. Raises SettingError."""
    changed = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if key not in LIMITS:
            import difflib

            near = difflib.get_close_matches(key, LIMITS, 1, 0.4)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise SettingError(f"--set {text}: no setting is called {key!r}{hint}")
        _, low, high = LIMITS[key]
        if not equals or not value.isdecimal() or not low <= int(value) <= high:
            raise SettingError(f"--set {text}: {key} is a whole number from {low} to {high}")
        changed[key] = int(value)
    return Settings(changed)
