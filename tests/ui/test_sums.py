"""The numbers on the tabs, compared with the records of the flows: sums add up, children fit into parents, and what a
row leads to is what it counted."""
from __future__ import annotations

from collections.abc import Iterator

import pytest

from netwatch.addons.egress import Egress
from netwatch.addons.groups import BY, GroupsOf
from netwatch.addons.overview import OverviewQuestion
from netwatch.addons.processes import Processes
from netwatch.addons.statistics import StatisticsQuestion
from netwatch.addons.throughput import SMOOTH, PastQuestion, pace_of
from netwatch.addons.topology import Peers
from netwatch.model.record import Record
from tests.ui.replayed import Replayed

CAPTURES = ("dns.pcap", "http.pcap", "ftp.pcap", "kafka.pcap", "mqtt.pcap", "kerberos.pcap", "tls13.pcap", "grpc.pcap",
            "websocket.pcap", "coap.pcap", "bgp.pcap", "dhcp.pcap")


@pytest.fixture(scope="module", params=CAPTURES)
def session(request: pytest.FixtureRequest) -> Iterator[Replayed]:
    made = Replayed(request.param)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def flows(session: Replayed) -> list[Record]:
    return session.query(None, "id", False, 0, 10_000, True).rows


def total(rows: list[Record], *names: str) -> int:
    return sum(row.get(name, 0) for row in rows for name in names)


def test_the_dashboard_counts_every_flow_once(session: Replayed, flows: list[Record]) -> None:
    found = OverviewQuestion("session", 1000, by_rate=False).answer(session)
    assert sum(peer.flows for peer in found.peers) == len(flows)
    assert sum(peer.down for peer in found.peers) == total(flows, "down_bytes") == total(flows, "bytes_in")
    assert sum(peer.up for peer in found.peers) == total(flows, "up_bytes") == total(flows, "bytes_out")
    for peer in found.peers:
        rows = session.query(None, "id", False, 0, 10_000, peer.within.ended, peer.within).rows
        assert len(rows) == peer.flows
        assert (total(rows, "down_bytes"), total(rows, "up_bytes")) == (peer.down, peer.up)
        assert peer.apps == len({row.get("app", row["proto"]) for row in rows})


@pytest.mark.parametrize("by", BY)
def test_groups_add_up_to_the_flows(session: Replayed, flows: list[Record], by: str) -> None:
    found = GroupsOf(by, limit=10_000, history=True).answer(session)
    assert found.flows == total(found.rows, "flows") == len(flows)
    for name in ("bytes_out", "bytes_in", "packets_out", "packets_in"):
        assert total(found.rows, name) == total(flows, name)


def test_a_destination_is_never_larger_than_its_owner(session: Replayed, flows: list[Record]) -> None:
    found = Egress().answer(session)
    roots = [way for way in found.ways if not way.host]
    ip = [row for row in flows if ":" not in str(row.get("src", "")) or row["src"].count(":") != 5]
    assert sum(root.flows for root in roots) <= len(flows) and sum(root.flows for root in roots) <= len(ip)
    for root in roots:
        below = [way for way in found.ways if way.host and way.who == root.who]
        assert sum(way.flows for way in below) == root.flows
        assert sum(way.bytes_out for way in below) == root.bytes_out
        assert sum(way.bytes_in for way in below) == root.bytes_in
    for way in found.ways:
        rows = session.query(None, "id", False, 0, 10_000, True, way.within).rows
        assert (len(rows), total(rows, "bytes_out"), total(rows, "bytes_in")) == (way.flows, way.bytes_out,
                                                                                  way.bytes_in)


def test_what_hosts_sent_is_what_was_carried(session: Replayed) -> None:
    found = Peers().answer(session).peers
    assert sum(peer.bytes_out for peer in found) == sum(peer.bytes_in for peer in found)


def test_protocols_and_processes_are_all_of_it(session: Replayed, flows: list[Record]) -> None:
    found = StatisticsQuestion(top=10_000).answer(session)
    assert sum(share.bytes for share in found.shares) == total(flows, "bytes_out", "bytes_in")
    assert sum(share.flows for share in found.shares) == len(flows)
    programs = Processes(history=True, limit=10_000).answer(session)
    assert total(programs.rows, "flows") == len(flows)
    assert total(programs.rows, "bytes_out", "bytes_in") == total(flows, "bytes_out", "bytes_in")


def test_mean_rates_are_over_the_time_that_the_capture_covers(session: Replayed) -> None:
    past, health = PastQuestion("session").answer(session), session.health()
    packets = session.query(None, "id", False, 0, 10_000, True).rows
    assert 0 <= past.seconds <= past.end - past.start
    assert past.counts["packets"] == health.packets and past.counts["bytes"] == health.bytes
    if past.seconds and packets:
        assert health.bytes_per_s == pytest.approx(health.bytes / past.seconds)


def test_one_rate_now_for_all_screens(session: Replayed) -> None:
    past = PastQuestion("1m").answer(session)
    with session.lock:
        packets, octets = pace_of(session)
    known = [rate for rate in past.rates["bytes"][:-1] if rate is not None][-SMOOTH:]      # a file's last is not over
    assert octets == pytest.approx(sum(known) / len(known) if known else 0.0)
    assert packets >= 0
