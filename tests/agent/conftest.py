"""A namespace for each test (agentspace.py)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parent))

from agentspace import Space


@pytest.fixture
def space(tmp_path: Path) -> Iterator[Space]:
    tmp_path.chmod(0o755)
    with Space(tmp_path) as made:
        yield made
