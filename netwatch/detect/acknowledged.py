"""Which alerts were acknowledged, and which alerts and findings are muted, as the state folder remembers it. Timeline,
Insights and the palette change it (addons/alerts.py), records and screens show it."""

from __future__ import annotations

from collections.abc import Container, Mapping
from pathlib import Path

from netwatch.store import files, folders

ACK, MUTE, FINDING = "ack", "mute", "finding"
Kept = dict[str, dict[str, None]]


def path() -> Path:
    """One a line: ack ID; mute KIND SRC DST; finding KIND SRC DST DPORT, of earlier versions without the port, which
    stands for all. "-" is for what there is not."""
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
    """What is muted with an alert: its kind, between the same ends; of one about a program, that program's."""
    return f"{kind} {ends.get('src', ends.get('program', '-'))} {ends.get('dst', '-')}"


def about_finding(kind: str, ends: Mapping[str, object]) -> str:
    """What is muted with a finding: its kind, between the same ends and of the same port there."""
    return f"{about(kind, ends)} {ends.get('dport', '-')}"


def is_quiet(kind: str, ends: Mapping[str, object], quiet: Container[str]) -> bool:
    """Is the finding among those that are muted?"""
    return about_finding(kind, ends) in quiet or about(kind, ends) in quiet
