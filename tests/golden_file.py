"""Golden files: what the program said when somebody last looked at it. NETWATCH_GOLDEN=1 writes them anew."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path


def same_as_golden(path: Path, text: str) -> None:
    """The text is the file's."""
    if os.environ.get("NETWATCH_GOLDEN") == "1":
        path.write_text(text, encoding="utf-8")
    assert text.splitlines() == path.read_text(encoding="utf-8").splitlines()


def same_records(capture: Path, read: Callable[..., str]) -> None:
    """What `read` gives of a capture lies beside it, and three workers give the same."""
    text = read(capture.name)
    same_as_golden(capture.with_suffix(".ndjson"), text)
    assert read(capture.name, "--workers", "3") == text
