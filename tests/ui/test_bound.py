"""The sockets that wait for others in the Processes tab, and the tree of programs, processes and what they talk to."""
from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path

import pytest
from golden_file import same_as_golden

from netwatch.addons.processes import REMOTE
from netwatch.addons.throughput import Throughput
from netwatch.model.host import Unavailable
from netwatch.model.machine import BoundSocket, Process
from netwatch.platform.base import PROTOCOLS
from netwatch.ui.tabs.processes import bound
from tests.ui.driver import Driver
from tests.ui.owned import Owned
from tests.ui.replayed import Replayed

GOLDEN = Path(__file__).parent / "golden"
HOSTILE = "evil\x1b[31m\u202e漢字"
SOCKETS = [
    BoundSocket(17, b"\x7f\0\0\1", 53, False, Process(53, "sshd", user="nobody"), (), "ebpf"),
    BoundSocket(6, b"", 80, True, Process(2101, "firefox", "/usr/bin/firefox", "firefox -P", 1000, "alice", 1,
                                          ((1, "init"),)), (2102,), "ebpf"),
    BoundSocket(6, b"", 80, True, Process(2101, "firefox"), (), "ebpf"),
    BoundSocket(6, b" \1\x0d\xb8" + bytes(11) + b"\1", 9092, True, Process(31337, HOSTILE), (), "ebpf"),
]


class Serving(Owned):
    """As if it were live, on a machine that listens."""

    refused = ""

    @property
    def live(self) -> bool:
        return True

    def __init__(self) -> None:
        super().__init__()
        flows = self.query(None, "bytes", True, 0, 100, False).rows
        self.server = next(row for row in flows if "name" in row["process"] and row["proto"] in PROTOCOLS)
        self.stand_at(self.server["dst"])
        self.sockets = [*SOCKETS, BoundSocket(PROTOCOLS[self.server["proto"]], b"", self.server["dport"], True,
                                              Process(self.server["process"]["pid"], self.server["process"]["name"]))]
        self.host.bound_sockets = self._sockets  # type: ignore[method-assign]

    def stand_at(self, *addresses: str) -> None:
        """The machine has these."""
        self.get(Throughput).history.set_here([ipaddress.ip_address(each).packed for each in addresses])

    def _sockets(self) -> list[BoundSocket]:
        if self.refused:
            raise Unavailable(self.refused)
        return self.sockets


@pytest.fixture(scope="module")
def session() -> Iterator[Serving]:
    found = Serving()
    yield found
    found.stop()


def listed(session: Replayed, cols: int = 100, rows: int = 30, **more: object) -> Driver:
    return Driver(session, cols, rows, tab="processes", **more).keys("l")


@pytest.mark.parametrize(("size", "keys"), [((80, 24), ()), ((120, 40), ("down", "enter")), ((200, 50), ())])
def test_golden(session: Serving, size: tuple[int, int], keys: tuple[str, ...]) -> None:
    same_as_golden(GOLDEN / f"processes-bound-{size[0]}x{size[1]}.txt", listed(session, *size).keys(*keys).screen())


def test_each_socket_once_with_its_owner_and_its_flows(session: Serving) -> None:
    driver = listed(session)
    ports = driver.state.snapshot.answer.ports
    assert [(port.proto, port.port, port.here_only) for port in ports] == [
        ("udp", 53, True), ("tcp", 80, False), ("tcp", 9092, False), (session.server["proto"], session.server["dport"],
                                                                      False)]
    for port in driver.keys("s", "home", "enter").state.snapshot.answer.ports:
        driver.keys("home")
        while bound.LIST.selected(driver.state) != port:
            driver.keys("down")
        driver.keys("right")
        shown = driver.state.snapshot.rows
        assert driver.state.tab == "connections" and len(shown) == port.flows
        assert all((each["process"]["name"], each["dport"], each["proto"], each["dst"]) == (
            port.process.name, port.port, port.proto, session.server["dst"]) for each in shown)
        assert sum(each["bytes_in"] + each["bytes_out"] for each in shown) == port.bytes
        driver.keys("backspace")
        assert driver.state.tab == "processes" and "bound" in driver.screen()
    assert ports[-1].flows > 0


def test_flows_that_a_program_began_itself_did_not_come_to_it(session: Serving) -> None:
    """A port that it listens at is one that it connects to elsewhere; a socket of one address has what came to that."""
    server, every = session.server, session.sockets
    src, dst = server["src"], server["dst"]
    process = Process(server["process"]["pid"], server["process"]["name"])
    session.sockets = [BoundSocket(PROTOCOLS[server["proto"]], address, server["dport"], True, process)
                       for address in (b"", ipaddress.ip_address(dst).packed, ipaddress.ip_address(src).packed)]
    try:
        for here, counts in (((dst,), (True, True, False)), ((src,), (False, False, False)),
                             ((src, dst), (True, True, False))):
            session.stand_at(*here)
            ports = listed(session).state.snapshot.answer.ports
            assert tuple(port.flows > 0 for port in ports) == tuple(port.bytes > 0 for port in ports) == counts
    finally:
        session.sockets = every
        session.stand_at(dst)


def test_chips_and_order(session: Serving) -> None:
    driver = listed(session).keys("f")
    assert "[listening]" in driver.screen() and " 53 " not in driver.screen()
    driver.keys("f")
    assert "[bound]" in driver.screen() and "firefox" not in driver.screen()
    driver.keys("l")
    assert "rows of" in driver.screen() and "firefox" in driver.screen()


def test_what_cannot_be_known_says_why(session: Serving) -> None:
    session.refused = "owners are not looked for"
    try:
        assert "No sockets are known: owners are not looked for." in listed(session).screen()
    finally:
        session.refused = ""
    plain = Replayed("http.pcap")
    try:
        assert "a capture file carries no sockets" in listed(plain).screen()
    finally:
        plain.stop()


@pytest.mark.parametrize("size", [(40, 12), (400, 100)])
def test_any_size_and_hostile_names(session: Serving, size: tuple[int, int]) -> None:
    driver = listed(session, *size)
    for key in ("end", "enter", "J", "y", "esc", "s", "esc", "S", "<", ">", "esc"):
        assert "\x1b" not in driver.keys(key).screen()
        assert not driver.state.failed


def test_a_program_opens_into_processes_and_these_into_what_they_talk_to(session: Serving) -> None:
    driver = Driver(session, 120, 40, tab="processes").keys("x", "home")
    rows = driver.state.snapshot.answer.rows
    driver.keys(*["down"] * [row["key"] for row in rows].index(("process.name", "firefox")), "space", "down", "space")
    rows = driver.state.snapshot.answer.rows
    process = next(i for i, row in enumerate(rows) if row["level"] == 1 and row["unfolded"])
    below = []
    for row in rows[process + 1:]:
        if row["level"] != 2:
            break
        below.append(row)
    assert below and all(row["key"][0] == REMOTE and row["key"][1][0] == rows[process]["key"] for row in below)
    for name in ("flows", "bytes_in", "bytes_out"):
        assert sum(row[name] for row in below) == rows[process][name]
    driver.keys("down", "enter")
    assert not driver.state.failed
    driver.keys("right")
    assert driver.state.tab == "connections"
    assert len(driver.state.snapshot.rows) == below[0]["flows"]
    driver.keys("backspace", "space")
    assert not any(row["level"] == 2 for row in driver.state.snapshot.answer.rows)
