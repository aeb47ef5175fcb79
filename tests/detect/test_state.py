"""What detectors remember is bounded, whatever a capture is made of."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import hostile
import pytest
from netwatch_command import COMMAND, ENVIRONMENT

from netwatch.detect.episodes import Crowded, Room

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
    """The least of three runs each: what the allocator keeps differs from one to the next."""
    path = tmp_path / "hostile.pcap"
    hostile.write(path)
    on, off = (min(peak(path, "--set", f"detect.on={word}")[0] for _ in range(3)) for word in ("true", "false"))
    assert 16 << 20 < on - off < MOST
    assert "2000 alerts are kept" in peak(path)[1]


class Counted:
    """A crowd of so many."""

    def __init__(self, number: int) -> None:
        self.first = self.last = number
        self.count, self.flows, self.frames = 3, [number], [number]


def test_room_for_crowds_comes_back() -> None:
    """Who fills it first does not keep it: the newest episodes are counted whole."""
    room = Room(20)
    early = [Crowded(room) for _ in range(4)]
    for i, episode in enumerate(early):
        for k in range(11):
            episode.add(Counted(100 * i + k))  # type: ignore[arg-type]
    late, crowds = Crowded(room), [Counted(1000 + k) for k in range(4)]
    for crowd in crowds:
        late.add(crowd)  # type: ignore[arg-type]
    for crowd in crowds:
        crowd.count = 5
    assert late.count == 20, "counted as they go on"
    assert [(episode.count, episode.first) for episode in early] == [(33, n) for n in (0, 100, 200, 300)]
    assert early[0].last == 10 and early[0].flows == list(range(8))
    assert sum(len(episode._crowds) - 1 for episode in (*early, late)) <= 20
    early[0].add(Counted(7777))  # type: ignore[arg-type]
    assert early[0].last == 7777 and early[0].count == 36
