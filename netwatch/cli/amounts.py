"""Counts and times as they are written on the command line."""

from __future__ import annotations

import argparse

from netwatch.cli.errors import CommandError


def natural(text: str) -> int:
    """A count: a whole number, 0 or more."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text}: not a whole number, 0 or more")
    return int(text)


def parse_duration(text: str) -> float:
    """Seconds from `30s`, `500ms`, `5m`, `1h` or a bare number of seconds."""
    for suffix, scale in (("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("", 1.0)):
        head = text.removesuffix(suffix)
        if text.endswith(suffix) and head.isascii() and head.replace(".", "", 1).isdecimal():
            return float(head) * scale
    raise CommandError(f"--duration {text}: a time such as 30s, 5m or 500ms")
