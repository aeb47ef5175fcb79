"""The capture helper in a bad way: stopped, short of descriptors, without /proc, on a system that cannot be written."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from netwatch_command import COMMAND, ENVIRONMENT, ROOT, until_inside
from test_capd import children_of, sent

from netwatch.capture.capd import client

pytestmark = pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="captures, on Linux")
READ = [*COMMAND, "read", "-i", "lo", "--what", "summary"]


def started(*words: str, **options) -> tuple[subprocess.Popen[str], int]:
    """A reading that captures, and its helper's number."""
    process = subprocess.Popen([*(READ if words[0].startswith("-") else COMMAND), *words], env=ENVIRONMENT, text=True,
                               errors="replace", stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    until_inside(process)
    (guard,) = (pid for pid in children_of(process.pid) if "guard" in Path(f"/proc/{pid}/comm").read_text())
    return process, children_of(guard)[0]


def test_a_helper_that_stood_still_loses_nothing():
    """Ten seconds: what came meanwhile waits in the kernel's ring."""
    process, child = started("--duration", "14s")
    os.kill(child, signal.SIGSTOP)
    sent(40790, 500)
    time.sleep(10)
    os.kill(child, signal.SIGCONT)
    sent(40790, 500)
    out, said = process.communicate(timeout=90)
    assert process.returncode == 0 and said == ""
    told = json.loads(out)
    assert told["packets"] + told["drops"]["kernel_drops"] >= 1000


@pytest.mark.parametrize("command", [
    "--duration 2s", "record -i lo --duration 2s --output {folder}", "agent -i lo --log {folder}/log",
    "feed -i lo --duration 2s", "diagnose -i lo --duration 2s"])
def test_a_helper_that_stands_still_is_said_and_ended(command, tmp_path):
    process, child = started(*command.format(folder=tmp_path).split())
    os.kill(child, signal.SIGSTOP)
    if command.startswith("agent"):
        time.sleep(1)
        process.terminate()
    _, said = process.communicate(timeout=40)
    assert process.returncode == 5 and "stood still" in said, said
    assert not Path(f"/proc/{child}").exists(), "it outlives who started it"


def test_the_helper_keeps_what_it_needs_and_no_more():
    from netwatch.capture.capd.helper import KEPT

    process, child = started("--duration", "20s")
    status = Path(f"/proc/{child}/status").read_text()
    said = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    allowed = sum(1 << number for number in KEPT.values())
    assert int(said["CapEff"], 16) & ~allowed == int(said["CapPrm"], 16) & ~allowed == 0
    assert int(said["CapInh"], 16) == int(said["CapAmb"], 16) == 0 and int(said["CapBnd"], 16) & ~allowed == 0
    assert said["NoNewPrivs"] == "1" and said["Seccomp"] == "2" and int(said["CapEff"], 16) >> KEPT["NET_RAW"] & 1
    process.kill()
    process.communicate()


@pytest.mark.parametrize("descriptors", [8, 12, 16, 24, 40])
def test_short_of_descriptors(descriptors):
    """It works or says so, and does not hang."""
    done = subprocess.run([*READ, "--duration", "1s"], env=ENVIRONMENT, capture_output=True, text=True, timeout=90,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors)))
    assert done.returncode in (0, 3, 4, 5, 69), done.stderr
    assert "Traceback" not in done.stderr and "internal error" not in done.stderr, done.stderr
    assert done.returncode == 0 or done.stderr


@pytest.mark.parametrize("before", [
    "mount -t tmpfs none /proc", "mount --bind / /mnt && mount -o remount,bind,ro /"])
def test_on_a_poor_system(before):
    """Without /proc, and with a root that cannot be written."""
    words = " ".join([*READ, "--duration", "1s"])
    done = subprocess.run(["unshare", "-m", "sh", "-c", f"{before} && cd / && exec {words}"], text=True, timeout=90,
                          env={**ENVIRONMENT, "PYTHONPATH": str(ROOT)}, capture_output=True)
    if "mount:" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert "Traceback" not in done.stderr and "internal error" not in done.stderr, done.stderr
    assert done.returncode in (0, 69), done.stderr
    assert done.returncode != 0 or json.loads(done.stdout)["packets"] >= 0


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path):
    (tmp_path / "small").mkdir()
    words = " ".join([*COMMAND, "read", str(ROOT / "tests/captures/https2.pcap"), "--write",
                      f"{tmp_path}/small/o.pcapng"])
    script = f"mount -t tmpfs -o size=8k none {tmp_path}/small && {words}; echo $? >&2; ls -A {tmp_path}/small"
    done = subprocess.run(["unshare", "-m", "sh", "-c", script], env=ENVIRONMENT, capture_output=True, text=True,
                          timeout=90)
    *said, code = done.stderr.splitlines()
    assert code == "69" and "o.pcapng" in " ".join(said) and "Traceback" not in done.stderr
    assert done.stdout.split() == [] or "o.pcapng" not in done.stdout.split()


def test_the_helper_is_of_the_netwatch_that_starts_it(tmp_path):
    """Where another one is installed, too: the two would not understand each other."""
    (tmp_path / "netwatch").mkdir()
    (tmp_path / "netwatch" / "__init__.py").write_text("OTHER = True\n")
    imported = client.START.partition(" from ")[0]
    done = subprocess.run([sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {imported} "
                           "print(netwatch.__file__, sys.path[-1] == sys.argv[1])",
                           str(client.ROOT)], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == f"{client.ROOT / 'netwatch' / '__init__.py'} True\n"
