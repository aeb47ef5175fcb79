"""Why a flow is called what it is: bytes, rule, confidence, and what speaks against it."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from netwatch_command import ROOT

from netwatch._fast.out.protocols import DESCRIBING
from netwatch.addons.explain import Explain, Explained, rule_of
from netwatch.ui.popups.explain import now
from tests.engine.wire import A4, ACK, B4, PSH, SYN, eth, ip4, pcap, spaced, tcp
from tests.ui.driver import Driver
from tests.ui.replayed import Replayed

CAPTURES = ("http.pcap", "dns.pcap", "ssh.pcap", "tls13.pcap", "ftp.pcap", "mqtt.pcap", "kafka.pcap")


@pytest.mark.parametrize("capture", CAPTURES)
def test_each_name_has_a_rule_and_the_bytes_that_fit_it(capture: str) -> None:
    session = Replayed(capture)
    try:
        rows = session.query(None, "id", False, 0, 100, True).rows
        assert any(row.get("app") for row in rows)
        for row in rows:
            found = Explain(row["id"]).answer(session)
            assert found.record is not None and found.record["id"] == row["id"]
            if row.get("app"):
                assert found.rule == rule_of(row["app"]) != "" and found.said
            sides = [said.of for said in found.said]
            assert sides == sorted(set(sides), key=("initiator", "responder").index)
            for said in found.said:
                assert 0 < len(said.data) <= said.length and said.frame > 0
                assert row[f"payload_{'out' if said.of == 'initiator' else 'in'}"] > 0
    finally:
        session.stop()


def test_what_has_no_port_is_read_by_a_rule_and_held_against_no_port() -> None:
    """MLD, IGMP and what devices tell on a link."""
    session = Replayed(str(ROOT / "docs" / "tour.pcap"))
    try:
        (row,) = (row for row in session.query(None, "id", False, 0, 100, True).rows if row.get("app") == "mld")
        found = Explain(row["id"]).answer(session)
    finally:
        session.stop()
    assert found.rule and not [words for words in found.against if "port" in words or "None" in words]


def test_every_protocol_that_is_described_has_a_rule() -> None:
    assert [app for app in DESCRIBING if not rule_of(app)] == []


@pytest.fixture
def odd(tmp_path: Path) -> Iterator[Replayed]:
    """HTTP on SSH's port, and bytes that no rule knows."""
    frames = []
    request = b"GET /a HTTP/1.1\r\nHost: www.example.com\r\n\r\n"
    for sport, dport, text in ((4000, 22, request), (4001, 9999, b"\x1b]0;x")):
        frames += [eth(ip4(6, tcp(sport, dport, SYN, 1, 0))), eth(ip4(6, tcp(dport, sport, SYN | ACK, 9, 2), B4, A4)),
                   eth(ip4(6, tcp(sport, dport, PSH | ACK, 2, 10, text)))]
    path = tmp_path / "odd.pcap"
    path.write_bytes(pcap(spaced(frames)))
    made = Replayed(str(path))
    yield made
    made.stop()


def test_what_speaks_against_it_is_said(odd: Replayed) -> None:
    rows = {row["dport"]: row["id"] for row in odd.query(None, "id", False, 0, 10, True).rows}
    http, unknown = Explain(rows[22]).answer(odd), Explain(rows[9999]).answer(odd)
    assert http.record is not None and http.record["app"] == "http"
    assert "port 22 is registered for ssh" in http.against
    assert unknown.record is not None and not unknown.rule and "no rule knows these bytes" in unknown.against
    assert Explain(4711).answer(odd) == Explained(None)


def test_e_shows_it_and_draws_no_byte_as_it_is(odd: Replayed) -> None:
    driver = Driver(odd, 120, 40, tab="connections")
    for _ in driver.state.snapshot.rows:
        driver.keys("down", "e")
        screen = driver.screen()
        found = now(driver.state)
        assert driver.state.overlay == "explain" and found is not None and "Against it" in screen
        assert "\x1b" not in screen and ("1b 5d 30" in screen) == (found.record["dport"] == 9999)
        driver.keys("e")
        assert not driver.state.overlay and not driver.state.failed
