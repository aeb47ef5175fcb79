"""Topology tells how many routers a host's packets passed, as far as their TTL says it."""

from __future__ import annotations

from pathlib import Path

import pytest
from wire import START, eth, ip4, pcap, udp

from netwatch.addons.topology import Peer, Peers
from tests.ui.driver import Driver
from tests.ui.replayed import Replayed

FAR, NEAR, ODD = "203.0.113.9", "192.0.2.2", "198.51.100.7"


def peer(*ttls: int, place: str = "internet") -> Peer:
    least, most = ttls or (0, 0)
    return Peer("203.0.113.9", place, "global", "", "", 1, 1, 0, 1, 0, None, 0, 0, 1, (least, most))


@pytest.mark.parametrize(("ttls", "hops"), [
    ((55, 55), (9, 9)), ((64, 64), (0, 0)), ((117, 117), (11, 11)), ((128, 128), (0, 0)), ((243, 255), (0, 12)),
    ((52, 246), (9, 12)),   # TCP of the host, and its ICMP
    ((1, 1), None), ((1, 57), (7, 7)), ((10, 20), None), ((0, 0), None)])
def test_hops_by_the_ttl(ttls: tuple[int, int], hops: tuple[int, int] | None) -> None:
    assert peer(*ttls).hops == hops


@pytest.mark.parametrize("place", ["self", "group"])
def test_none_of_this_machine_and_of_groups(place: str) -> None:
    assert peer(64, 64, place=place).hops is None


def test_on_the_screen(tmp_path: Path) -> None:
    """Of each flow the first packet of each side counts."""
    frames = []
    for i, (host, ttl) in enumerate([(FAR, 55), (FAR, 53), (ODD, 3), (FAR, 55)]):
        for src, dst, ports, sent in ((NEAR, host, (5000 + i, 53), 64), (host, NEAR, (53, 5000 + i), ttl)):
            frames.append((START + len(frames) * 1000, eth(ip4(17, udp(*ports, b"x"), src, dst, ttl=sent))))
    made = tmp_path / "made.pcap"
    made.write_bytes(pcap(frames))
    session = Replayed(str(made), label="made.pcap", asked=False)
    found = {each.address: each.hops for each in session.ask(Peers()).peers}
    assert found == {FAR: (9, 11), NEAR: (0, 0), ODD: None}
    driver = Driver(session, 120, 40, tab="topology")
    (line,) = [line for line in driver.screen().splitlines() if FAR in line]
    assert "~9-11" in line
    session.stop()
