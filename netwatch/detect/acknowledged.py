"""Which alerts were acknowledged, and which alerts and findings are muted, as the state folder remembers it. Timeline,
Insights and the palette change it (addons/alerts.py), records and screens show it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from netwatch.store import files, folders

ACK, MUTE, FINDING = "ack", "mute", "finding"
Kept = dict[str, dict[str, None]]


def path() -> Path:
    """One a line: ack ID; mute or, of findings, finding KIND SRC DST ("-" for an end that there is not)."""
    return folders.state_folder() / "alerts"


def load() -> Kept:
    """What is kept, by ACK, MUTE and FINDING, the newest last; nothing when it cannot be read."""
    kept: Kept = {ACK: {}, MUTE: {}, FINDING: {}}
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
    """What is muted with an alert or a finding: its kind, between the same ends."""
    return f"{kind} {ends.get('src', '-')} {ends.get('dst', '-')}"
