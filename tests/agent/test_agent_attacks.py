"""What can go wrong around an agent: ports in use, helpers that die, collectors that stall, readers that leave."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from agentspace import Space, certified, needs, records, until
from netwatch_command import COMMAND, ENVIRONMENT

from netwatch.outlets import metrics
from netwatch.outlets.plan import address_of

STALLS = """
import socket, time
listening = socket.create_server(("127.0.0.1", 8089))
held = []
while True:
    held.append(listening.accept())
"""


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@needs("ip")
def test_a_port_in_use_is_said(space: Space) -> None:
    space.agent("--metrics", "127.0.0.1:9464")
    second = space.start(*COMMAND, "agent", "-i", "lo", "--metrics", "127.0.0.1:9464")
    _, said = second.communicate(timeout=40)
    assert second.returncode == 2
    assert said == "netwatch: 127.0.0.1:9464: Address already in use\n"


@pytest.mark.parametrize(("option", "address"), [
    ("--metrics", "127.0.0.1:\u00b2"), ("--metrics", "127.0.0.1:99999"), ("--otlp", "http://h:x/"),
    ("--otlp", "http://[::1"), ("--syslog", "udp://[::1"), ("--syslog", "unix:/" + "a" * 107),
    ("--ipfix", "udp://a@b:c@d"), ("--ipfix", "udp://h:\u00b2"), ("--ipfix", "tcp://h:70000")])
def test_an_address_that_is_none_is_refused_at_start(option: str, address: str) -> None:
    done = subprocess.run([*COMMAND, "agent", "-i", "lo", option, address], env=ENVIRONMENT, text=True,
                          capture_output=True, timeout=40)
    assert done.returncode == 2 and done.stderr.startswith(f"netwatch: {address}: ")


@pytest.mark.parametrize(("text", "meant"), [
    ("udp://[::1]:99", ("udp", "::1", 99)), ("udp://log.example", ("udp", "log.example", 514)),
    ("udp://[fe80::1%eth0]", ("udp", "fe80::1%eth0", 514)), ("unix:/dev/log", ("unix", "/dev/log", 0))])
def test_addresses(text: str, meant: tuple[str, str, int]) -> None:
    assert address_of(text, ("udp", "unix"), 514) == meant


@needs("ip")
def test_an_interface_that_is_none(space: Space, tmp_path: Path) -> None:
    agent = space.start(*COMMAND, "agent", "-i", "eth77", "--log", tmp_path / "log")
    _, said = agent.communicate(timeout=40)
    assert agent.returncode == 4
    assert "eth77" in said
    assert "Traceback" not in said


@needs("ip")
def test_the_outlets_are_killed(space: Space, tmp_path: Path) -> None:
    """Nobody would be told anything any more: the agent ends, and systemd starts it again."""
    agent = space.agent("--log", tmp_path / "log")
    outlets = min(children(agent.pid))  # it is begun first
    os.kill(outlets, signal.SIGKILL)
    _, said = agent.communicate(timeout=40)
    assert agent.returncode == 70
    assert said == "netwatch: the process of the outlets has ended\n"


@needs("ip")
def test_the_agent_is_killed(space: Space, tmp_path: Path) -> None:
    """Then nothing of it stays."""
    agent = space.agent("--log", tmp_path / "log")
    started = children(agent.pid)
    assert len(started) >= 2
    agent.kill()
    until(lambda: not [pid for pid in started if Path(f"/proc/{pid}/exe").exists()])


@needs("ip")
def test_a_collector_that_stalls_holds_up_nobody(space: Space, tmp_path: Path) -> None:
    space.start(sys.executable, "-c", STALLS)
    log = tmp_path / "log"
    agent = space.agent("--push", "http://127.0.0.1:8089/", "--otlp", "http://127.0.0.1:8089", "--syslog",
                        "tcp://127.0.0.1:1", "--log", log, XDG_STATE_HOME=str(tmp_path / "state"))
    space.talk(2)
    until(lambda: len([r for r in records(log) if r["schema"] == "netwatch.http/1" and r["host"] == "www.lab.example"])
          == 2)
    began = time.monotonic()
    space.over(agent)
    assert time.monotonic() - began < 20
    assert list((tmp_path / "state" / "netwatch" / "push").glob("*.json")), "what was not sent waits for the next time"


@needs("ip")
def test_the_reader_of_snapshots_leaves(space: Space) -> None:
    words = " ".join([*COMMAND, "snapshot", "-i", "lo", "--every", "200ms"])
    done = subprocess.run(["ip", "netns", "exec", space.name, "bash", "-c",
                           f"{words} | head -n 1 >/dev/null; echo ${{PIPESTATUS[0]}}"], env=ENVIRONMENT,
                          capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("141\n", "")


@needs("ip")
def test_hostile_names_reach_no_file_as_they_are(space: Space, tmp_path: Path) -> None:
    """A host name with control characters, in the log and in the metrics."""
    log = tmp_path / "log"
    agent = space.agent("--log", log, "--what", "http")
    talk = "import socket, threading\n" \
           "s = socket.create_server(('127.0.0.1', 0))\n" \
           "c = socket.create_connection(s.getsockname())\n" \
           "a, _ = s.accept()\n" \
           "c.sendall(b'GET /\\x1b[2J HTTP/1.1\\r\\nHost: a\\x1b]0;x\\x07b\\r\\n\\r\\n')\n" \
           "a.recv(999); a.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n'); c.recv(99)\n"
    space.run(sys.executable, "-c", talk)
    until(lambda: bool(records(log)))
    space.over(agent)
    data = log.read_bytes()
    assert not [byte for byte in data if byte < 32 and byte != 10]
    assert b"\\u001b" not in data


SECURE = """
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
listening = socket.create_server(("127.0.0.1", 6514))
open(sys.argv[3], "w").close()
while True:
    plain, _ = listening.accept()
    try:
        with context.wrap_socket(plain, server_side=True) as told, open(sys.argv[3], "ab") as out:
            while data := told.recv(65536):
                out.write(data)
                out.flush()
    except OSError:
        pass
"""


@needs("ip", "openssl")
def test_syslog_over_tls_is_for_who_is_trusted(space: Space, tmp_path: Path) -> None:
    """RFC 5425: counted octets, to a server whose certificate is in agent.ca; to nobody else."""
    (key, cert), got = certified(tmp_path), tmp_path / "got"
    space.start(sys.executable, "-c", SECURE, cert, key, got)
    until(got.exists)
    stranger = space.agent("--syslog", "tls://127.0.0.1:6514", "--what", "http")
    space.talk(1)
    time.sleep(1)
    space.over(stranger)
    assert got.read_bytes() == b""
    agent = space.agent("--syslog", "tls://127.0.0.1:6514", "--what", "http", "--set", f"agent.ca={cert}")
    space.talk(2)
    space.over(agent)
    rest, count = got.read_bytes(), 0
    while rest:
        size, _, rest = rest.partition(b" ")
        message, rest = rest[:int(size)], rest[int(size):]
        assert message.startswith(b"<134>1 2")
        count += 1
    assert count == 2


def test_slow_requests_starve_nobody_and_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "SECONDS", 1.0)
    served = metrics.Metrics("127.0.0.1:0")
    served.serve()
    slow = []
    try:
        for _ in range(3 * metrics.AT_ONCE):
            slow.append(socket.create_connection(("127.0.0.1", served.port), 5))
            slow[-1].sendall(b"GET /met")
        with urllib.request.urlopen(f"http://127.0.0.1:{served.port}/metrics", timeout=5) as answer:
            assert answer.status == 200
        began = time.monotonic()
        with pytest.raises(OSError):
            while time.monotonic() - began < 10:  # never idle for as long as a request may be
                slow[-1].sendall(b"r")
                time.sleep(0.2)
        assert time.monotonic() - began < 4
    finally:
        for each in slow:
            each.close()
        served.close()
