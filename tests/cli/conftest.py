"""A small capture file for the tests of the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_captures import small


@pytest.fixture
def pcap(tmp_path: Path) -> Path:
    """One HTTP exchange over TCP and one DNS exchange: 11 frames, 2 flows."""
    path = tmp_path / "small.pcap"
    path.write_bytes(small())
    return path
