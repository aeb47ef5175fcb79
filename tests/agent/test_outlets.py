"""Outlets by themselves: what they count when a connection breaks, and what is left open when none is made."""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import threading
import time
import warnings
from pathlib import Path

import pytest

from netwatch.outlets import process
from netwatch.outlets.eventlog import EventLog
from netwatch.outlets.ipfix import Ipfix
from netwatch.outlets.plan import Plan, connect
from netwatch.outlets.syslog import MOST_DATAGRAM, Syslog

UNSAYABLE = json.dumps({"id": 1, "proto": "arp", "src": "192.0.2.1", "dst": "192.0.2.2"}).encode()


class Breaking:
    """A connection that fails the first times."""

    type = socket.SOCK_DGRAM

    def __init__(self, times: int) -> None:
        self._times = times

    def send(self, data: bytes) -> None:
        if self._times:
            self._times -= 1
            raise OSError("broken")

    sendall = send


@pytest.mark.parametrize("times", [0, 1, 3])
def test_what_is_sent_again_is_counted_once(times: int) -> None:
    ipfix, syslog = Ipfix(Plan(ipfix="udp://127.0.0.1:9")), Syslog(Plan(syslog="udp://127.0.0.1:9"))
    for outlet, line, word in ((ipfix, UNSAYABLE, "unsayable"), (syslog, b"x" * (MOST_DATAGRAM + 1), "cut")):
        connection = Breaking(times)
        for _ in range(times + 1):
            try:
                outlet._say(connection, [line, line], True)  # type: ignore[arg-type]
            except OSError:
                continue
        assert outlet.state()[word] == 2


@pytest.mark.parametrize("scheme", ["unix", "udp", "tcp", "tls"])
def test_no_socket_is_left_open(scheme: str, tmp_path: Path) -> None:
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    host, port = ("127.0.0.1", server.getsockname()[1]) if scheme != "unix" else (str(tmp_path / "none"), 0)
    if scheme == "udp":
        host = "255.255.255.255"  # needs a right that nobody asked for
    if scheme == "tls":
        server.listen()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with pytest.raises(OSError):
            connect(scheme, host, port or 9, 0.2, "")
        gc.collect()
    assert not [each for each in said if each.category is ResourceWarning]
    server.close()


@pytest.mark.parametrize("waits", [False, True])
def test_in_the_end_what_finds_no_room_waits(waits: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it captures the agent never waits for who sends, and counts what found no room; in the end it waits."""
    monkeypatch.setattr(process, "MOST_WAITING", 100_000)
    begin = tmp_path / "begin"
    log = EventLog(str(tmp_path / "log"), 1 << 30, 0)

    def held() -> None:
        while not begin.exists():
            time.sleep(0.01)
    outlets = process.Outlets(process.Made([log]), held)
    line = b'{"schema":"netwatch.flow/1","x":"' + b"x" * 50_000 + b'"}\n'
    later = threading.Timer(0.3, begin.touch)
    later.start()
    if waits:
        outlets.wait_for_room()
    for _ in range(100):
        outlets.send(line)
    later.join()
    outlets.close()
    written = (tmp_path / "log").read_bytes().count(b"\n")
    assert written + outlets.untold == 100
    assert bool(outlets.untold) is not waits


def test_the_end_has_one_deadline_and_what_found_no_room_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outlets that take nothing: neither what sends nor what closes waits beyond it."""
    for name, seconds in (("PATIENCE_S", 0.6), ("STOP_S", 1.0), ("LEAST_S", 0.1)):
        monkeypatch.setattr(process, name, seconds)
    outlets = process.Outlets(process.Made(), lambda: time.sleep(60))
    try:
        began = time.monotonic()
        outlets.wait_for_room()
        for _ in range(12):
            outlets.send(b"x" * 1_999_999 + b"\n", 3)
        assert 0.6 <= time.monotonic() - began < 0.95 and 0 < outlets.untold < 36
        outlets.close()
        assert 1.0 <= time.monotonic() - began < 1.5
        assert outlets.untold in (33, 36), "the kernel has room for one at most"
    finally:
        os.kill(outlets.pid, signal.SIGKILL)
        os.waitpid(outlets.pid, 0)


def test_what_was_on_its_way_when_the_outlets_ended_is_counted() -> None:
    outlets = process.Outlets(process.Made(), lambda: time.sleep(60))
    for _ in range(4):
        outlets.send(b"x" * 1_999_999 + b"\n", 2)
    os.kill(outlets.pid, signal.SIGKILL)
    os.waitpid(outlets.pid, 0)
    outlets.flush()
    assert outlets.gone and outlets.untold in (6, 8), "the kernel has room for one at most"
    before = outlets.untold
    outlets.send(b"x\n")
    assert outlets.untold == before + 1
    outlets._line.close()
