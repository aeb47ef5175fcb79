"""The ledger is kept by whoever watches an interface for long: once, across restarts and kills, and only when asked."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from wire import eth, ip4, pcap, udp

from netwatch._fast.view.tape import frames_of
from netwatch.addons.egress import EgressAddon
from netwatch.capture.file import open_savefile
from netwatch.egress import keeping, ledger
from netwatch.egress.destinations import Destinations
from netwatch.egress.keeping import Lock
from netwatch.model.contract import Purpose
from netwatch.run.session import Session
from netwatch.store.settings import Settings, parse_settings

HOST, THERE = "192.168.7.9", "203.0.113.5"
SIZE = 1042  # of one of our frames
HEAD = 24  # bytes, of a capture


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "netwatch"


def frames(ports: range, number: int = 0, there: str = THERE) -> bytes:
    """A frame of each port, as a capture."""
    now = time.time_ns() - 5_000_000_000
    return pcap((now + (number * 1000 + k) * 1_000_000, eth(ip4(17, udp(port, 9, bytes(1000)), src=HOST, dst=there)))
                for k, port in enumerate(ports))


def _begun(path: Path) -> int:
    number = os.open(path, os.O_WRONLY)
    os.write(number, frames(range(1), there="224.0.0.251"))  # which goes nowhere
    return number


class Wire:
    """A live session whose frames come when they are written."""

    def __init__(self, path: Path, *settings: str) -> None:
        os.mkfifo(path)
        opened: list[int] = []
        opening = threading.Thread(target=lambda: opened.append(_begun(path)), daemon=True)
        opening.start()
        self.said: list[str] = []
        self.session = Session(Purpose(live=True, label="x"), lambda: open_savefile(str(path)),
                               settings=parse_settings(settings, Settings({})))
        self.session.listener = lambda severity, text: self.said.append(text)
        self.session.start()
        opening.join()
        self._to, self._sent = opened[0], 1

    def send(self, ports: range) -> None:
        """And wait until they are counted."""
        os.write(self._to, frames(ports, self._sent)[HEAD:])
        self._sent += len(ports)
        until = time.monotonic() + 20
        while frames_of(self.session.engine) < self._sent and time.monotonic() < until:
            time.sleep(0.01)

    def look(self) -> None:
        """The minute is over, and what was seen is written."""
        with self.session.lock:
            kept = self.session.get(EgressAddon)._keeping
            assert kept is not None
            kept._open.due = 0.0
            while kept._open.due == 0.0 or kept._open.begun:
                kept.take(over=False)
            if kept._writing is not None:
                kept._writing.join()

    def end(self) -> None:
        os.close(self._to)
        self.session.stop()


def kept() -> list[tuple[str, int, int]]:
    return [(each.group[0], each.flows, each.bytes_out) for each in ledger.sums(ledger.where(), ("program",))]


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    made = Wire(tmp_path / "fifo", "egress.keep=true")
    yield made
    made.session.stop()


def test_nothing_is_kept_unless_it_is_asked_for(tmp_path: Path, state: Path) -> None:
    wire = Wire(tmp_path / "fifo")
    wire.send(range(5000, 5004))
    wire.end()
    assert not list(state.glob("egress*"))


def test_a_flow_counts_once_however_often_it_is_looked_at_and_a_kill_costs_a_minute(wire: Wire) -> None:
    wire.send(range(5000, 5004))
    wire.look()
    assert kept() == [(HOST, 4, 4 * SIZE)]  # who is killed now has lost nothing
    wire.look()
    assert kept() == [(HOST, 4, 4 * SIZE)]
    wire.send(range(5002, 5008))  # two of them go on
    wire.look()
    assert kept() == [(HOST, 8, 10 * SIZE)]
    wire.send(range(5000, 5001))
    with wire.session.lock:
        wire.session.engine.finish()
    wire.end()
    assert kept() == [(HOST, 8, 11 * SIZE)] and not any("ledger" in line for line in wire.said)


def test_a_restart_goes_on(tmp_path: Path) -> None:
    for turn in range(3):
        wire = Wire(tmp_path / f"fifo{turn}", "egress.keep=true")
        wire.send(range(5000, 5004))
        wire.end()
        assert kept() == [(HOST, 4 * (turn + 1), 4 * (turn + 1) * SIZE)]


def test_two_that_see_the_same_count_it_once(tmp_path: Path, wire: Wire) -> None:
    """The second takes over when the first has ended, with what comes from then on."""
    other = Wire(tmp_path / "other", "egress.keep=true")
    assert sum("another netwatch keeps the ledger" in line for line in other.said) == 1
    for each in (wire, other):
        each.send(range(5000, 5004))
        each.look()
    assert kept() == [(HOST, 4, 4 * SIZE)]
    wire.end()
    other.look()
    other.look()
    assert kept() == [(HOST, 4, 4 * SIZE)] and other.said[-1] == "from now on this netwatch keeps the ledger"
    other.send(range(5003, 5006))
    other.end()
    assert kept() == [(HOST, 6, 7 * SIZE)]


def test_what_the_disk_does_not_take_waits_and_is_said(wire: Wire, state: Path) -> None:
    (state / "egress.sqlite").mkdir()
    wire.send(range(5000, 5004))
    wire.look()
    wire.look()
    assert sum("the ledger waits in memory" in line for line in wire.said) == 1
    assert [each.used for each in wire.session.get(EgressAddon).stores()] == [1]
    (state / "egress.sqlite").rmdir()
    wire.send(range(5000, 5004))
    wire.end()
    assert kept() == [(HOST, 4, 8 * SIZE)] and "not in the ledger" not in wire.said[-1]


def test_what_never_finds_room_is_said_at_the_end(wire: Wire, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "WAIT_S", 0.1)
    (state / "egress.sqlite").write_bytes(b"no database" * 100)
    wire.send(range(5000, 5004))
    wire.end()
    assert "some of what was seen is not in the ledger" in wire.said[-1]


def test_a_folder_that_cannot_be_made_ends_nothing(tmp_path: Path, state: Path) -> None:
    state.parent.mkdir()
    state.write_text("in the way")
    wire = Wire(tmp_path / "fifo", "egress.keep=true")
    wire.send(range(5000, 5004))
    wire.look()
    wire.look()
    assert sum("the ledger waits in memory" in line for line in wire.said) == 1
    state.unlink()
    wire.send(range(5000, 5004))
    wire.look()
    wire.look()
    assert kept() == [(HOST, 4, 8 * SIZE)]
    wire.end()
    assert kept() == [(HOST, 4, 8 * SIZE)] and "not in the ledger" not in wire.said[-1]


def test_of_a_file_nothing_is_kept(tmp_path: Path, state: Path) -> None:
    (tmp_path / "x.pcap").write_bytes(frames(range(5000, 5004)))
    session = Session(Purpose(label="x"), lambda: open_savefile(str(tmp_path / "x.pcap")),
                      settings=parse_settings(["egress.keep=true"], Settings({})))
    session.start()
    while not session.health().done:
        time.sleep(0.01)
    session.stop()
    assert not list(state.glob("egress*"))


def test_the_lock_goes_with_who_has_it(tmp_path: Path) -> None:
    first, second = Lock(tmp_path / "l.sqlite"), Lock(tmp_path / "l.sqlite")
    assert first.take() and first.take() and not second.take()
    first.give()
    assert second.take() and not first.take()


def test_a_file_system_without_locks_costs_no_descriptor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried again each minute, for as long as somebody watches."""
    fcntl = pytest.importorskip("fcntl")

    def refused(number: int, what: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refused)
    lock = Lock(tmp_path / "ledger.sqlite")
    before = len(os.listdir("/dev/fd"))
    for _ in range(5):
        with pytest.raises(OSError, match="No locks"):
            lock.take()
    assert len(os.listdir("/dev/fd")) == before


def test_what_waits_is_counted_while_the_thread_writes(wire: Wire) -> None:
    """It is gone between the question and the count."""
    addon = wire.session.get(EgressAddon)
    keeper = addon._keeping
    assert keeper is not None

    class Vanishing(type(keeper)):  # type: ignore[misc]
        asked = 0

        @property
        def _sent(self) -> Destinations | None:
            self.asked += 1
            return Destinations() if self.asked == 1 else None

        @_sent.setter
        def _sent(self, value: Destinations | None) -> None:
            pass

    keeper.__class__ = Vanishing
    try:
        assert [store.used for store in keeper.stores()] == [0]
    finally:
        keeper.__class__ = keeping.Keeping
