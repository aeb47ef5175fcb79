"""A small capture file for the tests of the command line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from made_captures import small  # noqa: E402


@pytest.fixture
def pcap(tmp_path: Path) -> Path:
    """One HTTP exchange over TCP and one DNS exchange: 11 frames, 2 flows."""
    path = tmp_path / "small.pcap"
    path.write_bytes(small())
    return path
