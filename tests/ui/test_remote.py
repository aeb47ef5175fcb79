"""The keys that ask the world about the host of the selected row: what is asked, and when; what the boxes show."""
from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from netwatch.model.host import Host
from netwatch.model.probe import ANSWER, EXPIRED, SILENT, Reply
from netwatch.model.whois import RegistryAnswer
from netwatch.store.settings import Settings
from netwatch.ui import remote
from netwatch.ui.state import State
from tests.engine.wire import ACK, SYN, eth, ip4, pcap, spaced, tcp
from tests.ui.driver import Driver
from tests.ui.replayed import Replayed
from tests.ui.test_privacy import private

NEAR, ADDRESS = "10.0.0.9", "8.8.4.4"
FAR = bytes((8, 8, 4, 4))
ROUTER = bytes((10, 0, 0, 1))
SAYS = b"NetRange: 8.8.4.0 - 8.8.4.255\nOrgName: \x1b]0;evil\x07Somebody\n" + b"Comment: words\n" * 60


class World(Host):
    """A host with a way of three hops, of which the second is silent, and one registry."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.allowed: list[str] = []
        self.number, self.came = 0, []  # type: ignore[var-annotated]

    def allow_traces(self, third_party: bool) -> None:
        self.allowed.append("traces of all" if third_party else "traces")

    def allow_whois(self) -> None:
        self.allowed.append("whois")

    def allow_no_more(self) -> None:
        self.allowed.append("no more")

    def begin_trace(self, address: str) -> None:
        self.asked.append(f"trace {address}")

    def end_trace(self) -> None:
        self.asked.append("end")

    def probe(self, method: str, address: str, ttl: int, size: int, wait_ms: int, stream: int) -> int:
        self.number += 1
        kind, who = {1: (EXPIRED, ROUTER), 2: (SILENT, b"")}.get(ttl, (ANSWER, FAR))
        self.came.append(Reply(self.number, kind, who, None if kind == SILENT else 1500.0 * ttl))
        return self.number

    def replies(self) -> tuple[Reply, ...]:
        came, self.came = tuple(self.came), []
        return came

    def ask_registry(self, registry: str, address: str) -> None:
        self.asked.append(f"{registry} {address}")

    def registry_answer(self) -> RegistryAnswer:
        return RegistryAnswer("iana", SAYS)


@pytest.fixture
def begun(tmp_path: Path) -> Iterator[Callable[..., tuple[Driver, World]]]:
    """Of a tab and settings: the terminal on one flow from NEAR to FAR, and its world."""
    ports = (4000, 443)
    frames = [eth(ip4(6, tcp(*ports, SYN), NEAR, ADDRESS)), eth(ip4(6, tcp(*ports[::-1], SYN | ACK), ADDRESS, NEAR)),
              eth(ip4(6, tcp(*ports, ACK), NEAR, ADDRESS))]
    file = tmp_path / "one.pcap"
    file.write_bytes(pcap(spaced(frames)))
    sessions: list[Replayed] = []

    def begin(tab: str = "connections", cols: int = 80, rows: int = 24, **settings: object) -> tuple[Driver, World]:
        world = World()
        sessions.append(Replayed(str(file), host=world, settings=Settings(
            {key.replace("__", "."): value for key, value in settings.items()})))
        driver = Driver(sessions[-1], cols, rows, tab=tab, do=sessions[-1].do)
        driver.step()
        return driver, world
    yield begin
    for session in sessions:
        session.stop()


def until(driver: Driver, text: str) -> str:
    ends = time.monotonic() + 30
    while text not in (screen := driver.screen()):
        assert time.monotonic() < ends, screen
        time.sleep(0.05)
        driver.step()
    return screen


@pytest.mark.parametrize("tab", ["connections", "packets", "topology", "egress"])
def test_a_trace_begins_by_its_key_and_ends_with_its_box(begun: Callable[..., tuple[Driver, World]], tab: str) -> None:
    driver, world = begun(tab)
    driver.keys("end" if tab in ("topology", "egress") else "home")
    assert world.asked == []
    driver.keys("t")
    screen = until(driver, ADDRESS)
    assert world.asked == [f"trace {ADDRESS}"], screen
    screen = until(driver, "round 2 of 10")
    assert "10.0.0.1" in screen and "it answers no probe" in screen and "1.5" in screen and "4.5" in screen
    driver.keys("esc")
    assert world.asked[-1] == "end" and "The way to" not in driver.screen()


@pytest.mark.parametrize(("settings", "allowed"), [
    ({}, ["traces"]), ({"trace__allow": False}, []),
    ({"probes__third_party": True}, ["traces of all", "whois"])])
def test_what_may_be_sent_is_settled_before_a_frame_is_read(begun: Callable[..., tuple[Driver, World]],
                                                            settings: dict[str, object], allowed: list[str]) -> None:
    assert begun(**settings)[1].allowed == [*allowed, "no more"]


def test_hops_have_the_names_that_the_resolver_has(begun: Callable[..., tuple[Driver, World]],
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("socket.getnameinfo", lambda place, flags: (asked.append(place[0]) or "Hop.example", "0"))
    driver, _ = begun(cols=120)
    driver.keys("t")
    assert "hop.example" not in until(driver, "round 2 of 10") and not asked
    driver, _ = begun(cols=120, names__resolve=True)
    driver.keys("t")
    assert "10.0.0.1 hop.example" in until(driver, "10.0.0.1 hop")


def test_it_goes_on_while_the_display_stands_still(begun: Callable[..., tuple[Driver, World]]) -> None:
    driver, _ = begun()
    driver.keys("p", "t")
    until(driver, "round 2 of 10")


def test_a_registry_is_asked_by_its_key_and_once(begun: Callable[..., tuple[Driver, World]]) -> None:
    driver, world = begun(probes__third_party=True)
    driver.keys("home", "down", "up", "enter", "esc")
    assert world.asked == []
    driver.keys("W")
    screen = until(driver, "8.8.4.0 - 8.8.4.255")
    assert "\x1b" not in screen and "evil" in screen and world.asked == [f"iana {ADDRESS}"]
    assert "Comment: words" in driver.keys("end").screen()
    driver.keys("esc", "W")
    until(driver, "8.8.4.0")
    assert world.asked == [f"iana {ADDRESS}"]


def test_what_is_not_allowed_is_said_with_the_setting(begun: Callable[..., tuple[Driver, World]]) -> None:
    driver, world = begun(trace__allow=False)
    for key, setting in (("t", "trace.allow"), ("W", "probes.third_party")):
        driver.keys(key)
        assert f"{setting} = true allows it" in until(driver, "allows it")
        driver.keys("esc")
    assert world.asked == []


def test_the_palette_and_the_help_have_both(begun: Callable[..., tuple[Driver, World]]) -> None:
    driver, world = begun()
    assert "whose the row's address" in driver.keys(":").type("registries").screen().lower()
    driver.keys("enter")
    until(driver, "probes.third_party")
    assert world.asked == []


def test_the_far_end_is_the_global_one() -> None:
    state = State()
    assert remote.far_end(state, "10.0.0.1", ADDRESS) == ADDRESS == remote.far_end(state, ADDRESS, "1.1.1.1")
    assert remote.far_end(state, "10.0.0.1", "10.0.0.2") == "10.0.0.1"
    assert remote.far_end(state, None, "www.example.com", "02:00:00:00:00:01") == ""


@pytest.mark.parametrize("tab", ["connections", "packets", "topology", "egress"])
def test_in_privacy_mode_the_true_host_is_asked_about_and_not_shown(
        begun: Callable[..., tuple[Driver, World]], tab: str) -> None:
    shown, world = begun(tab, probes__third_party=True)
    driver = private(shown.session, tab=tab, cols=80, rows=24)
    for key, text, asked in (("t", "round 2 of 10", f"trace {ADDRESS}"), ("W", "By iana", f"iana {ADDRESS}")):
        driver.step()
        driver.keys("end" if tab in ("topology", "egress") else "home")
        driver.keys(key)
        driver.poller._do_commands()
        screen = until(driver, text)
        assert asked in world.asked and ("it answers no probe" in screen) == (key == "t")
        for hidden in (ADDRESS, "10.0.0.1", "Somebody", "8.8.4.0"):
            assert hidden not in screen
        driver.keys("esc")
