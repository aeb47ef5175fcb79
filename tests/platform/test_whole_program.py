"""Owners through the whole program: `netwatch read -i` beside real traffic, with eBPF and without.

The figures for the whole program in docs/processes.md come from here: `pytest -s`, with CONNECTIONS at 2,000.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import netlab
import pytest
from netwatch_command import COMMAND, ENVIRONMENT, ROOT, until_inside
from ui.pty_run import Terminal

WHY = netlab.reason()
pytestmark = pytest.mark.skipif(WHY is not None, reason=WHY or "")

CONNECTIONS, LENGTH_MS, KINDS = 600, 20, 12       # as in test_lab.py
SETTLE = 0.5                                      # for the newest frames to come out of the kernel's ring
LOST = "-bpf,-perfmon,-sys_admin"
POORER = ("setpriv", f"--bounding-set={LOST}", f"--inh-caps={LOST}")
Record = dict[str, Any]


def works(method: str) -> bool:
    """Does this method of finding owners work here, for us?"""
    done = subprocess.run([*COMMAND, "doctor", "--json"], env=ENVIRONMENT, capture_output=True, check=True)
    return any(check["name"] == method and check["works"] for check in json.loads(done.stdout)["owners"])


def needs_ebpf() -> None:
    if not works("ebpf"):
        pytest.skip("no eBPF here")


def finished(reading: subprocess.Popen[str]) -> tuple[list[Record], str]:
    """The flow records of a reading that is told to stop, and what it said."""
    time.sleep(SETTLE)
    reading.send_signal(signal.SIGINT)
    out, err = reading.communicate(timeout=60)
    assert reading.returncode == 130, err
    return [json.loads(line) for line in out.splitlines()], err


@contextlib.contextmanager
def reading(*words: str, before: tuple[str, ...] = ()) -> Iterator[subprocess.Popen[str]]:
    """`netwatch read -i lo` that has begun."""
    program = subprocess.Popen([*before, *COMMAND, "read", "-i", "lo", "--format", "ndjson", *words], env=ENVIRONMENT,
                               text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until_inside(program)
    try:
        yield program
    finally:
        program.kill()
        program.communicate()


def of_port(records: list[Record], port: int) -> Record:
    """The owner of the one flow from or to this port."""
    found = [record["process"] for record in records if port in (record.get("sport"), record.get("dport"))]
    assert len(found) == 1
    return found[0]


@pytest.fixture
def server() -> Iterator[int]:
    """A port of the loopback on which connections are accepted and nothing is said."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_short_curl_is_named_in_full() -> None:
    needs_ebpf()
    with socket.create_server(("127.0.0.1", 0)) as listener, reading() as program:
        port = listener.getsockname()[1]
        curl = subprocess.Popen(["curl", "-s", "-m", "5", f"http://127.0.0.1:{port}/"], stdout=subprocess.DEVNULL)
        listener.accept()[0].close()
        curl.wait(10)
        owner = of_port(finished(program)[0], port)
    assert (owner["pid"], owner["name"], owner["exe"]) == (curl.pid, "curl", os.path.realpath(shutil.which("curl")))
    assert owner["cmdline"] == f"curl -s -m 5 http://127.0.0.1:{port}/"
    assert (owner["uid"], owner["ppid"], owner["method"], owner["quality"]) == (0, os.getpid(), "ebpf", "exact")
    assert owner["parents"][0]["pid"] == os.getpid()
    assert 0 <= owner["age_s"] < 60


def test_ping_and_a_socket_that_is_not_connected_are_named_by_their_port() -> None:
    needs_ebpf()
    with reading() as program, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as near, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        far.bind(("127.0.0.1", 0))
        near.sendto(b"hello", far.getsockname())
        ping = subprocess.Popen(["ping", "-c", "1", "127.0.0.1"], stdout=subprocess.DEVNULL)
        ping.wait(10)
        records, _ = finished(program)
        owner = of_port(records, far.getsockname()[1])
    assert (owner["pid"], owner["quality"]) == (os.getpid(), "port")
    (echo,) = [record["process"] for record in records if record["proto"] == "icmp"]
    assert (echo["pid"], echo["name"], echo["quality"]) == (ping.pid, "ping", "port")


def test_a_filter_finds_the_flows_of_a_program(server: int) -> None:
    with reading("--where", f"process == sleeper and pid == {os.getpid()}") as other, \
            reading("--where", f"pid == {os.getpid()} and dport == {server}", "--fields", "dport,pid") as program:
        socket.create_connection(("127.0.0.1", server)).close()
        records, _ = finished(program)
        nobody, _ = finished(other)
    assert [(record["dport"], record["pid"]) for record in records] == [(server, os.getpid())]
    assert nobody == []


def test_a_container_and_its_cgroup(tmp_path: Path) -> None:
    """A control group with a container's name; a container's runtime does no more to give it one."""
    needs_ebpf()
    roots = [root for root in ("/sys/fs/cgroup/unified", "/sys/fs/cgroup") if Path(root, "cgroup.procs").exists()]
    if not roots:
        pytest.skip("no unified control groups are mounted")
    group = Path(roots[0], f"docker-{'ab' * 32}.scope")
    try:
        group.mkdir()
    except OSError as e:
        pytest.skip(f"no control group can be made: {e.strerror}")
    script = ("import os, socket, sys, time\n"
              "open(sys.argv[1] + '/cgroup.procs', 'w').write(str(os.getpid()))\n"
              "socket.create_connection(('127.0.0.1', int(sys.argv[2]))).close()\n")
    try:
        with socket.create_server(("127.0.0.1", 0)) as listener, reading() as program:
            port = listener.getsockname()[1]
            subprocess.run([sys.executable, "-c", script, str(group), str(port)], check=True, timeout=10)
            owner = of_port(finished(program)[0], port)
    finally:
        group.rmdir()
    assert owner["container"] == f"docker:{'ab' * 6}"


def test_without_bpf_it_says_so_and_names_what_lives(server: int) -> None:
    with reading(before=POORER) as program:
        with socket.create_connection(("127.0.0.1", server)) as held:
            time.sleep(1.5)
            port = held.getsockname()[1]
        records, said = finished(program)
    owner = of_port(records, port)
    assert (owner["pid"], owner["method"]) == (os.getpid(), "sock_diag")
    assert "owners of flows: by sock_diag; no ebpf: not permitted" in said


def test_it_can_be_turned_off_and_files_have_none(server: int) -> None:
    with reading("--set", "owners.find=0") as program:
        socket.create_connection(("127.0.0.1", server)).close()
        records, said = finished(program)
    assert [record for record in records if record.get("dport") == server]
    assert not [record for record in records if "process" in record]
    assert said == ""
    done = subprocess.run([*COMMAND, "read", str(ROOT / "docs/tour.pcap")], env=ENVIRONMENT, capture_output=True,
                          text=True, check=True)
    assert '"process"' not in done.stdout


def test_the_terminal_shows_the_program_and_what_the_kernel_says_of_the_connection(server: int) -> None:
    needs_ebpf()
    with Terminal("-i", "lo", "--tab", "connections", "-w", f"port == {server}", "--no-color", "--refresh", "200",
                  module="netwatch", rows=120) as view:
        view.read(2)
        with socket.create_connection(("127.0.0.1", server)) as held:
            held.send(b"hello")
            view.read(5, f" {os.getpid()} ".encode())
            assert f" {os.getpid()} ".encode() in view.seen
            assert b"owners by ebpf" in view.seen
            view.send("\r")
            view.read(5, b"Congestion window")
            assert b"Kernel (TCP_INFO)" in view.seen
            assert b"Command line" in view.seen


@pytest.mark.parametrize(("method", "before", "least"), [("ebpf", (), 0.99), ("sock_diag", POORER, 0.60)])
def test_short_connections(tmp_path: Path, method: str, before: tuple[str, ...], least: float) -> None:
    """Half of them are incoming. A flow is right when its process is that of one of its ends, as the ends wrote."""
    if not works(method) and method == "ebpf":
        pytest.skip("no eBPF here")
    with netlab.Lab(tmp_path) as lab:
        lab.serve()
        program = lab.start(lab.near, *before, *COMMAND, "read", "-i", lab.link, "--format", "ndjson",
                            stderr=subprocess.PIPE)
        until_inside(program)
        lab.ask(CONNECTIONS // KINDS + 8, LENGTH_MS)
        records, said = finished(program)
        truth = lab.truth()
    numbers = {"tcp": 6, "udp": 17}
    flows = right = 0
    wrong = []
    for record in records:
        if record["proto"] not in numbers or netlab.PORT not in (record["sport"], record["dport"]):
            continue
        ends = (record["src"], record["sport"]), (record["dst"], record["dport"])
        pids = {truth.get((numbers[record["proto"]], *near, *far)) for near, far in (ends, ends[::-1])} - {None}
        flows += 1
        if record["process"].get("pid") in pids:
            right += 1
        elif "pid" in record["process"]:
            wrong.append((ends, pids, record["process"]))
    print(f"\n{method}: {right} of {flows} flows right ({right / flows:.1%}), wrong {len(wrong)}; {said}")
    assert flows >= CONNECTIONS
    assert wrong == []
    assert right / flows >= least
