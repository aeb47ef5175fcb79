"""What the history does when the disk takes nothing: it is said, what is in memory goes on, what was kept stays."""
from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from evidence_files import ROOT
from test_moments import long_capture

from netwatch.history import moments, store

WITHOUT_MOUNTS = os.geteuid() != 0 or shutil.which("unshare") is None
PROGRAM = """if True:
    import json, os, resource, sys, time
    from pathlib import Path
    from test_moments import Watched
    from netwatch.addons.history import History
    from netwatch.history import moments, store
    path, what, many = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    taken, said = [], []

    def seen(session, at):
        taken.append(at)
        writer = session.get(History)._moments
        ends = time.monotonic() + 20
        while writer is not None and writer.waiting and not writer.trouble and time.monotonic() < ends:
            time.sleep(0.002)
        if len(taken) != many:
            return
        print(at, flush=True)
        if what == "kill":
            os.kill(os.getpid(), 9)
        if what == "size":
            most = max(os.stat(f"{moments.path()}{name}").st_size for name in ("", "-wal"))
            resource.setrlimit(resource.RLIMIT_FSIZE, (most + 8192, resource.RLIM_INFINITY))
        if what == "removed":
            for each in moments.path().parent.iterdir():
                each.unlink()
            moments.path().parent.rmdir()

    session = Watched(path, seen, True, **{"history.on": True, "history.memory_mb": 64, "timeouts.udp": 5})
    session.listener = lambda severity, text: said.append(text)
    session.start()
    while not session.health().done:
        time.sleep(0.01)
    reel = session.get(History).reel
    held, missed = len(reel), session.get(History).missed
    session.at(taken[3])
    session.stop()
    print(json.dumps({"taken": taken, "held": held, "missed": missed, "said": said, "error": session.health().error}))
"""


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "long.pcap"
    path.write_bytes(long_capture(200, 300))
    return path


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    yield tmp_path / "state" / "netwatch"


def ran(capture: Path, what: str, many: int, mount: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM, str(capture), what, str(many)]
    if mount:
        command = ["unshare", "-m", "sh", "-c", f"{mount} && exec \"$@\"", "sh", *command]
    paths = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "keep")]
    return subprocess.run(command, capture_output=True, text=True, timeout=120,
                          env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)})


def of(done: subprocess.CompletedProcess[str]) -> dict:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_who_is_killed_has_lost_nothing_that_was_put_down(capture: Path) -> None:
    """The last second at most: the moment that was being put down."""
    done = ran(capture, "kill", 130)
    assert done.returncode == -signal.SIGKILL
    found = moments.Reader().at(1 << 62)
    assert found is not None and found.moment.at_ns == int(done.stdout) and len(found.pieces) > 5
    span = moments.span()
    assert span is not None and span.moments == 130


def test_a_file_that_may_not_grow_is_said_and_memory_goes_on(capture: Path) -> None:
    told = of(ran(capture, "size", 70))
    assert told["held"] == len(told["taken"]) and told["error"] is None
    assert any("moments of the history wait in memory" in line for line in told["said"]), told["said"]
    span = moments.span()
    assert span is not None and 70 <= span.moments < len(told["taken"])
    assert span.first_ns == told["taken"][0] and moments.Reader().at(told["taken"][69]) is not None


@pytest.mark.skipif(WITHOUT_MOUNTS, reason="needs root and unshare")
def test_a_full_disk_is_said_and_memory_goes_on(capture: Path, state: Path) -> None:
    state.mkdir(parents=True)
    done = ran(capture, "full", 10, f"mount -t tmpfs -o size=600k none {state}")
    told = of(done)
    assert told["held"] == len(told["taken"]) and told["error"] is None
    assert any("wait in memory" in line and "full" in line for line in told["said"]), told["said"]


@pytest.mark.skipif(WITHOUT_MOUNTS, reason="needs root and unshare")
def test_a_folder_that_may_not_be_written_to_is_said(capture: Path, state: Path) -> None:
    state.mkdir(parents=True)
    told = of(ran(capture, "readonly", 10, f"mount -t tmpfs -o ro none {state}"))
    assert told["held"] == len(told["taken"]) and any("no history is kept" in line for line in told["said"])


def test_a_folder_that_is_removed_is_said_and_a_new_one_is_begun(capture: Path) -> None:
    told = of(ran(capture, "removed", 70))
    assert told["held"] == len(told["taken"]) and told["error"] is None
    assert any("it was removed" in line for line in told["said"]), told["said"]
    assert store.span() is not None
