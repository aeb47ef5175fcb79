"""`netwatch run`: the reader is jailed, the program is the caller's; neither it nor its keys outlive a killed run."""

from __future__ import annotations

import glob
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from netwatch_command import COMMAND, ENVIRONMENT, let_in

pytestmark = pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="captures, on Linux")
NOBODY = 65_534


@pytest.fixture
def running(tmp_path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A run by sudo of a program that goes on, and the program's number."""
    tmp_path.chmod(0o1777)
    let_in(tmp_path)
    script = f"echo $$ > {tmp_path}/number; echo CLIENT_RANDOM > $SSLKEYLOGFILE; exec sleep 60"
    process = subprocess.Popen([*COMMAND, "run", "-i", "lo", "--what", "flows", "--", "sh", "-c", script],
                               env={**ENVIRONMENT, "SUDO_UID": str(NOBODY), "TMPDIR": str(tmp_path)}, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    status, number = Path(f"/proc/{process.pid}/status"), tmp_path / "number"
    until = time.monotonic() + 60
    while (not number.exists() or not number.read_text() or "Seccomp:\t2" not in status.read_text()) and (
            time.monotonic() < until):
        time.sleep(0.05)
    program = int(number.read_text())
    yield process, program
    for pid in (process.pid, program):
        if Path(f"/proc/{pid}").exists():
            os.kill(pid, signal.SIGKILL)
    process.communicate()


def said_of(pid: int) -> dict[str, str]:
    return dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)


def gone(program: int, folder: Path) -> bool:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if not Path(f"/proc/{program}").exists() and not glob.glob(f"{folder}/netwatch-run-*"):
            return True
        time.sleep(0.05)
    return False


def test_the_reader_is_inside_and_the_program_is_the_callers(running, tmp_path):
    process, program = running
    for task in Path(f"/proc/{process.pid}/task").iterdir():
        said = said_of(int(task.name))
        assert int(said["CapPrm"], 16) == 0 and said["NoNewPrivs"] == "1" and said["Seccomp"] == "2"
        assert said["Uid"].split() == [str(NOBODY)] * 4
    said = said_of(program)
    assert said["Uid"].split() == [str(NOBODY)] * 4 and int(said["CapEff"], 16) == 0
    (folder,) = tmp_path.glob("netwatch-run-*")
    assert folder.stat().st_mode & 0o777 == 0o700 and folder.stat().st_uid == NOBODY
    os.kill(process.pid, signal.SIGINT)
    process.communicate(timeout=40)
    assert gone(program, tmp_path)


def test_a_run_that_is_killed_leaves_no_keys_and_no_program(running, tmp_path):
    process, program = running
    process.kill()
    process.wait(10)
    assert gone(program, tmp_path)
