"""The jail: what is forbidden fails in every role and thread, what reading needs goes on, and `strict` is strict."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from netwatch_command import COMMAND, ENVIRONMENT, ROOT, until_inside

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the jail of Linux")
CAPTURES = ROOT / "tests" / "captures"
NOBODY = 65_534
INSIDE = ("from netwatch.platform import jail\nfrom netwatch.platform.walls import Grants\n"
          "from netwatch.platform.linux import confine\n")
root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def whole() -> bool:
    from netwatch.platform.linux.confine import landlock_version

    return landlock_version() >= 6


def tried(**environment: str) -> tuple[int, dict]:
    done = subprocess.run([*COMMAND, "doctor", "--sandbox", "--json"], env={**ENVIRONMENT, **environment}, text=True,
                          capture_output=True, timeout=60)
    return done.returncode, json.loads(done.stdout)


def test_forbidden_acts_fail_in_every_role_and_thread():
    if not whole():
        pytest.skip("Landlock of this kernel is too old")
    code, told = tried()
    assert all(wall["stands"] for wall in told["walls"]) and len(told["walls"]) == 4
    assert [act for act in told["acts"] if not act["denied"]] == []
    assert code == 0
    roles = {act["role"] for act in told["acts"]}
    assert roles == {"main", "engine thread", "worker thread", "classifier", "capture helper"}
    mine = {act["act"]: act["by"] for act in told["acts"] if act["role"] == "capture helper"}
    assert {mine[name] for name in ("execve", "ptrace", "mount", "keyctl", "init_module")} == {"seccomp"}
    assert not mine.keys() & {"socket", "bpf"}
    for role in roles - {"capture helper"}:
        mine = {act["act"]: act["by"] for act in told["acts"] if act["role"] == role}
        assert mine["open /etc/shadow"] == "landlock" and mine["connect"] == mine["execve"] == "seccomp"
        assert {"bind", "socket", "ptrace", "mount", "bpf", "keyctl", "io_uring_setup", "signal another process",
                "write into /tmp", "take a capability"} <= set(mine)


@root
def test_acts_can_succeed():
    """Without the jail they do, or fail for another reason: the table would show it."""
    code, told = tried(NETWATCH_SANDBOX_MODE="off")
    assert code == 1 and told["walls"] == []
    free = {act["act"] for act in told["acts"] if act["role"] == "main" and not act["denied"]}
    assert {"open /etc/shadow", "write into /tmp", "connect", "execve", "signal another process", "take a capability",
            "mount", "bpf", "ptrace"} <= free


@pytest.fixture
def reading(open_folder):
    """Starts `netwatch read -` and shows it half a capture: it is inside and waits for the rest."""
    running = []

    def start(*words: str, **environment: str):
        data = (CAPTURES / "https2.pcap").read_bytes()
        process = subprocess.Popen([*COMMAND, "read", "-", *words], env={**ENVIRONMENT, **environment}, cwd=open_folder,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        running.append(process)
        process.stdin.write(data[: len(data) // 2])
        process.stdin.flush()
        until_inside(process)
        return process, data[len(data) // 2:]

    yield start
    for process in running:
        process.kill()
        process.communicate()


def statuses(pid: int) -> list[dict[str, str]]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        lines = (task / "status").read_text().splitlines()
        found.append(dict(line.split(":\t", 1) for line in lines if ":\t" in line))
    return found


def test_every_thread_of_a_reading_is_inside(reading):
    process, rest = reading("--workers", "3", "--what", "summary")
    until = time.monotonic() + 30
    while len(statuses(process.pid)) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    seen = statuses(process.pid)
    assert len(seen) > 1
    for status in seen:
        assert [int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")] == [0] * 4
        assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
    out, said = process.communicate(rest, timeout=60)
    assert process.returncode == 0 and said == b"" and json.loads(out)["packets"] == 44


@root
def test_under_sudo_it_is_the_callers_process(reading, open_folder):
    open_folder.chmod(0o1777)
    process, rest = reading("--write", "out.pcapng", "--what", "summary", SUDO_UID=str(NOBODY), HOME="/root")
    status = statuses(process.pid)[0]
    assert status["Uid"].split() == [str(NOBODY)] * 4 and set(status["Gid"].split()) != {"0"}
    assert status["Groups"].strip() == ""
    process.communicate(rest, timeout=60)
    assert process.returncode == 0
    made = (open_folder / "out.pcapng").stat()
    assert made.st_uid == NOBODY and made.st_mode & 0o777 == 0o600 and made.st_size > 9_000


@root
@pytest.mark.parametrize("words", [["read", "docs/tour.pcap"], ["read", "docs/tour.pcap", "--sandbox", "strict"],
                                   ["diagnose", "docs/tour.pcap"], ["read", "-i", "lo", "--duration", "1s"]])
def test_a_caller_who_may_not_read_the_program_is_told_so(words, tmp_path):
    """What is imported later would be missing: a checkout in a home of root's, under sudo."""
    private = tmp_path / "private"
    private.mkdir(0o700)
    (private / "tree").mkdir()
    script = f'mount --bind {ROOT} {private}/tree && cd {private}/tree && exec "$@"'
    done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", *COMMAND, *words], capture_output=True, text=True,
                          env={**ENVIRONMENT, "PYTHONPATH": f"{private}/tree", "SUDO_UID": str(NOBODY)}, timeout=60)
    assert (done.returncode, done.stdout) == (69, ""), done.stderr
    assert "may not read netwatch's own files in" in done.stderr and "Traceback" not in done.stderr


def test_off_is_off(tmp_path):
    process = subprocess.Popen([*COMMAND, "read", "-", "--sandbox", "off"], env=ENVIRONMENT, cwd=tmp_path,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdin.write((CAPTURES / "https2.pcap").read_bytes()[:2000])
    process.stdin.flush()
    time.sleep(1)
    assert statuses(process.pid)[0]["Seccomp"] == "0"
    process.communicate(timeout=60)


@pytest.mark.parametrize(("before", "said"), [
    ("threading.Thread(target=time.sleep, args=(60,), daemon=True).start()", "1 threads were running already"),
    ("jail.sys.platform = 'plan9'", "netwatch has none on plan9"),
    ("confine.landlock_version = lambda: 0", "landlock: not in this kernel"),
    ("confine.MACHINES.clear()", "seccomp: not in this kernel"),
])
def test_strict_is_all_or_nothing(before, said):
    code = (f"import threading, time\n{INSIDE}"
            f"{before}\ntry:\n    jail.enter('strict', Grants())\nexcept jail.JailError as e:\n    print(e)\n")
    done = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, text=True, capture_output=True, timeout=60)
    assert said in done.stdout, done.stderr


def test_what_is_missing_is_said_and_not_fatal_in_on():
    code = (INSIDE +
            "confine.landlock_version = lambda: 0\nprint(jail.enter('on', Grants()).missing)\n")
    done = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, text=True, capture_output=True, timeout=60)
    assert done.stdout == "landlock: not in this kernel\n"


def test_only_a_process_of_our_own_is_shut_in():
    """The command line as a library leaves its caller free."""
    code = ("from netwatch.cli import run\n"
            f"run(['read', '{CAPTURES / 'https2.pcap'}', '--what', 'summary'])\nopen('/etc/passwd')\n")
    done = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, text=True, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr


@root
def test_a_classifier_is_ended_though_netwatch_may_send_no_signal(tmp_path):
    """Its leash does it, also when netwatch itself is killed."""
    code = ("import os, sys, time\nfrom pathlib import Path\nfrom netwatch.plugins.process import Plugin\n"
            "from netwatch.platform import jail\nfrom netwatch.platform.walls import Grants\n"
            "plugin = Plugin(Path('x'), b'NAME = \"x\"\\ndef classify(d, f):\\n    while True: pass')\n"
            "jail.enter('on', Grants())\nprint(plugin._process.pid, flush=True)\n"
            "try:\n    plugin.ask({'data': '', 'flow': (0, 'tcp', 0, 0)}, 0.1 if sys.argv[1:] else 600)\n"
            "except Exception as e:\n    print(e, plugin._process.returncode)\n")
    done = subprocess.run([sys.executable, "-c", code, "ends"], env=ENVIRONMENT, text=True, capture_output=True,
                          timeout=60)
    assert "no answer in" in done.stdout and done.stdout.endswith("-9\n"), done.stdout + done.stderr
    running = subprocess.Popen([sys.executable, "-c", code], env=ENVIRONMENT, text=True, stdout=subprocess.PIPE)
    pid = int(running.stdout.readline())
    running.kill()
    running.communicate()
    until = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]:
        assert time.monotonic() < until, "the classifier outlives netwatch"
        time.sleep(0.05)
