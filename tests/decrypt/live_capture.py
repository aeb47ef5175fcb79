"""A live capture in the lab, read with a key log that is still being written."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from namespaces import Lab

START_UP = 3.0  # seconds until the capture surely runs
WORDS = ("--what", "http,flows", "--format", "ndjson")
Records = list[dict[str, Any]]


def shown(lab: Lab, carrier: str, seconds: int, keys: Path, ask: Callable[[], None]) -> tuple[Records, Records]:
    """(http records, flows of `carrier`: "tls" or "quic") of a capture during which `ask` is called."""
    process = lab.netwatch("read", "-i", lab.near, "--duration", f"{seconds}s", "--keylog", str(keys), *WORDS)
    time.sleep(START_UP)
    ask()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    records = [json.loads(line) for line in out.splitlines()]
    return ([r for r in records if r["schema"] == "netwatch.http/1"],
            [r for r in records if r["schema"] == "netwatch.flow/1" and carrier in r])
