"""Which alerts were acknowledged, and which are muted, as the state folder remembers it. The palette changes it
(addons/alerts.py), records and screens show it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from netwatch.store import files, folders

ACK, MUTE = "ack", "mute"
Kept = dict[str, dict[str, None]]


def path() -> Path:
    """One a line: ack ID, or mute KIND SRC DST ("-" for an end that the alert does not have)."""
    return folders.state_folder() / "alerts"


def load() -> Kept:
    """What is kept, by ACK and MUTE, the newest last; nothing when it cannot be read."""
    kept: Kept = {ACK: {}, MUTE: {}}
    try:
        lines = files.read_text(path()).split("\n")
    except (OSError, UnicodeDecodeError):
        return kept
    for line in lines:
        word, _, what = line.partition(" ")
        if word in kept and what and what.isprintable():
            kept[word][what] = None
    return kept


def about(kind: str, ends: Mapping[str, object]) -> str:
    """What is muted with an alert: its kind, between the same ends."""
    return f"{kind} {ends.get('src', '-')} {ends.get('dst', '-')}"
