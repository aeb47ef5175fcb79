"""`netwatch run`: the reader is jailed, the program is the caller's; neither it nor its keys outlive a killed run."""

from __future__ import annotations

import glob
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from netwatch_command import COMMAND, ENVIRONMENT

from netwatch.cli import child_guard

pytestmark = pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="captures, on Linux")
NOBODY = 65_534


@pytest.fixture
def running(open_folder) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A run by sudo of a program that goes on, and the program's number."""
    open_folder.chmod(0o1777)
    script = f"echo $$ > {open_folder}/number; echo CLIENT_RANDOM > $SSLKEYLOGFILE; exec sleep 60"
    process = subprocess.Popen([*COMMAND, "run", "-i", "lo", "--what", "flows", "--", "sh", "-c", script],
                               env={**ENVIRONMENT, "SUDO_UID": str(NOBODY), "TMPDIR": str(open_folder)}, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    status, number = Path(f"/proc/{process.pid}/status"), open_folder / "number"
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


def test_the_reader_is_inside_and_the_program_is_the_callers(running, open_folder):
    process, program = running
    for task in Path(f"/proc/{process.pid}/task").iterdir():
        said = said_of(int(task.name))
        assert int(said["CapPrm"], 16) == 0 and said["NoNewPrivs"] == "1" and said["Seccomp"] == "2"
        assert said["Uid"].split() == [str(NOBODY)] * 4
    said = said_of(program)
    assert said["Uid"].split() == [str(NOBODY)] * 4 and int(said["CapEff"], 16) == 0
    (folder,) = open_folder.glob("netwatch-run-*")
    assert folder.stat().st_mode & 0o777 == 0o700 and folder.stat().st_uid == NOBODY
    os.kill(process.pid, signal.SIGINT)
    process.communicate(timeout=40)
    assert gone(program, open_folder)


def test_a_run_that_is_killed_leaves_no_keys_and_no_program(running, open_folder):
    process, program = running
    process.kill()
    process.wait(10)
    assert gone(program, open_folder)


@pytest.mark.parametrize("stopped", [False, True])
def test_without_its_guard_it_ends_and_says_what_is_left(stopped, running, open_folder):
    """Within the jail nothing can be ended nor removed by netwatch itself. But it ends."""
    process, program = running
    children = map(int, subprocess.check_output(["ps", "-o", "pid=", "--ppid", str(process.pid)], text=True).split())
    guards = [pid for pid in children if "anon_inode:[pidfd]" in map(os.readlink, glob.glob(f"/proc/{pid}/fd/*"))]
    for guard in guards:
        os.kill(guard, signal.SIGSTOP if stopped else signal.SIGKILL)
    process.terminate()
    try:
        process.wait(40)
        assert Path(f"/proc/{program}").exists()
        os.kill(program, signal.SIGKILL)  # it holds the pipes
        told = process.communicate(timeout=20)[1]
    finally:
        for guard in guards if stopped else ():
            os.kill(guard, signal.SIGCONT)
    assert guards and f"sh goes on as process {program}" in told, told
    assert f"{open_folder}/netwatch-run-" in told and "is left" in told


def test_what_does_not_end_when_it_is_told_to_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(child_guard, "PATIENCE_MS", 200)
    folder = tmp_path / "keys"
    folder.mkdir()
    held = child_guard.Leash(str(folder))
    copy = os.dup(held._hand.fileno())  # as any process has it that is forked later
    program = subprocess.Popen(["sh", "-c", f"trap '' TERM; echo > {tmp_path}/deaf; while :; do sleep 0.1; done"])
    try:
        held.hold(program.pid)
        until = time.monotonic() + 20
        while not (tmp_path / "deaf").exists() and time.monotonic() < until:
            time.sleep(0.02)
        held.let_go()
        assert program.wait(10) == -signal.SIGKILL
        assert not folder.exists()
    finally:
        os.close(copy)
        program.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("moment", ["its folder is there", "it runs", "it has ended"])
def test_a_signal_at_any_moment_ends_both(number, moment, tmp_path):
    mark = tmp_path / "mark"
    script = {"it has ended": f"echo $$ > {mark}"}.get(moment, f"echo $$ > {mark}; exec sleep 60")
    process = subprocess.Popen([*COMMAND, "run", "-i", "lo", "--what", "flows", "--", "sh", "-c", script],
                               env={**ENVIRONMENT, "TMPDIR": str(tmp_path)}, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    waits = f"{tmp_path}/netwatch-run-*" if moment == "its folder is there" else str(mark)
    try:
        until = time.monotonic() + 60
        while not glob.glob(waits) and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(number)
        process.communicate(timeout=40)
    finally:
        process.kill()
    assert process.returncode == 128 + number
    assert not glob.glob(f"{tmp_path}/netwatch-run-*")
    if mark.exists() and mark.read_text():
        assert not Path(f"/proc/{int(mark.read_text())}").exists()


def test_flows_of_a_program_without_keys_are_known_by_their_owner(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        said = f"import socket, time; socket.create_connection(('127.0.0.1', {port})); time.sleep(1)"
        done = subprocess.run([*COMMAND, "run", "-i", "lo", "--what", "flows", "--fields", "dport,process.name",
                               "-w", str(tmp_path / "said.pcapng"), sys.executable, "-c", said],
                              env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=True)
    flows = [json.loads(line) for line in done.stdout.splitlines()]
    if not flows and "owners of flows" in done.stderr:
        pytest.skip("owners of flows are not found here")
    assert [(flow["dport"], flow["process"]["name"][:6]) for flow in flows] == [(port, "python")]
    assert "wrote no keys" in done.stderr
    saved = subprocess.run([*COMMAND, "read", str(tmp_path / "said.pcapng"), "--what", "packets", "--fields", "n,info"],
                           env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=True)
    assert "[SYN]" in saved.stdout.splitlines()[0]


def test_it_has_the_options_of_read():
    for words, code, said in ((("--duration", "300ms", "sleep", "60"), 0, ""),
                              (("--where", "prot == 6", "true"), 2, "did you mean 'proto'?"),
                              (("--fields", "nosuch", "true"), 2, "no such field"),
                              (("--by", "src", "true"), 2, "netwatch read"),
                              (("--what", "summary", "true"), 2, "ask for flows")):
        done = subprocess.run([*COMMAND, "run", "-i", "lo", *words], env=ENVIRONMENT, capture_output=True, text=True,
                              timeout=60)
        assert (done.returncode, said in done.stderr) == (code, True), (words, done.stderr)
