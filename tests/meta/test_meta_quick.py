"""What `./test.sh` runs alone: the list of what it leaves out is true, and nothing as a whole is left out."""

from __future__ import annotations

import subprocess
import sys

from netwatch_command import ROOT

SLOW = {ROOT / line for line in (ROOT / "tests" / "slow.txt").read_text().split()}
ALWAYS_SLOW = {"live", "health"}  # their tests make namespaces and wait


def test_what_is_left_out_is_there() -> None:
    assert SLOW and all(path.is_file() for path in SLOW)
    lines = (ROOT / "tests" / "slow.txt").read_text().split()
    assert lines == sorted(set(lines))


def test_of_every_room_something_is_run() -> None:
    for folder in {path.parent for path in SLOW}:
        assert folder.name in ALWAYS_SLOW or set(folder.glob("test_*.py")) - SLOW, folder


def test_one_that_is_slow_is_left_out_and_that_is_said() -> None:
    one = min(path for path in SLOW if path.parent.name == "meta" or path.parent.name == "cli")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--collect-only", "-q", str(one.parent)]
    assert one.name in subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    done = subprocess.run([*command, "--quick"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert one.name not in done.stdout and f"{len(SLOW)} files that take longer" in done.stdout
