"""Counts and times as they are written on the command line."""

from __future__ import annotations

import argparse

from netwatch.cli.errors import CommandError

AGES = {"h": 3600, "d": 86_400, "w": 604_800}  # seconds
OLDEST_S = 100 * 366 * 86_400


def natural(text: str) -> int:
    """A count: a whole number, 0 or more."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text}: not a whole number, 0 or more")
    return int(text)


def age(text: str) -> int:
    """Seconds from `24h`, `7d`, `4w`."""
    if text[:-1].isascii() and text[:-1].isdecimal() and text[-1:] in AGES:
        seconds = int(text[:-1]) * AGES[text[-1]]
        if seconds <= OLDEST_S:
            return seconds
    raise argparse.ArgumentTypeError(f"{text}: an age such as 24h, 7d or 4w")


def parse_duration(text: str) -> float:
    """Seconds from `30s`, `500ms`, `5m`, `1h` or a bare number of seconds."""
    for suffix, scale in (("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("", 1.0)):
        head = text.removesuffix(suffix)
        if text.endswith(suffix) and head.isascii() and head.replace(".", "", 1).isdecimal():
            return float(head) * scale
    raise CommandError(f"--duration {text}: a time such as 30s, 5m or 500ms")
