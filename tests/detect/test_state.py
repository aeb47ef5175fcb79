"""What detectors remember is bounded, whatever a capture is made of."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import hostile
import pytest
from netwatch_command import COMMAND, ENVIRONMENT

MOST = 64 << 20  # bytes
APART = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""  # in a process of its own: one that is started has as its most what who started it has


def peak(path: Path, *words: str) -> tuple[int, str]:
    """Bytes of memory that reading it takes at most, and what was said besides."""
    command = [*COMMAND, "read", str(path), "--what", "alerts", "--format", "ndjson", *words]
    done = subprocess.run([sys.executable, "-c", APART, *command], capture_output=True, text=True, env=ENVIRONMENT,
                          check=True)
    code, most = map(int, done.stdout.split())
    assert code == 0, done.stderr
    return most << 10, done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="memory is counted in KiB by Linux")
def test_what_is_remembered_of_a_hostile_capture(tmp_path: Path) -> None:
    """The least of two runs each: what the allocator keeps differs from one to the next."""
    path = tmp_path / "hostile.pcap"
    hostile.write(path)
    on, off = (min(peak(path, "--set", f"detect.on={word}")[0] for _ in range(2)) for word in ("true", "false"))
    assert 16 << 20 < on - off < MOST
    assert "2000 alerts are kept" in peak(path)[1]
