"""The numbers on the tabs, compared with the records of the flows: sums add up, children fit into parents, and what a
row leads to is what it counted."""
from __future__ import annotations

import itertools
import pathlib
import re
from collections.abc import Iterator

import pytest

from netwatch._fast.view.engineview import NOW_SECONDS, now_window
from netwatch.addons.egress import Egress
from netwatch.addons.groups import BY, GroupsOf
from netwatch.addons.interfaces import Interfaces
from netwatch.addons.overview import OverviewQuestion
from netwatch.addons.packets.kept import KeptFrames
from netwatch.addons.packets.questions import Packets
from netwatch.addons.processes import Processes
from netwatch.addons.statistics import BREAKDOWNS, StatisticsQuestion
from netwatch.addons.throughput import SECOND, PastQuestion, pace_of
from netwatch.addons.timeline import Timeline
from netwatch.addons.topology import Peers
from netwatch.filter import Filter
from netwatch.model.record import Record
from netwatch.ui.tabs.stats.panels import hierarchy, of_protocol, of_time, rows_of
from netwatch.ui.widgets.throughput import newest
from tests.engine.wire import A4, ACK, B4, FIN, SYN, eth, ip4, pcap, spaced, tcp, udp, vxlan
from tests.ui.driver import Driver
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
    """Of the frames of the last NOW_SECONDS seconds, over the time that they cover: of a short capture all of them."""
    past = PastQuestion("1m").answer(session)
    frames = [session.get(KeptFrames).ring.about(k)["ns"] for k in range(session.health().packets)]
    sizes = [session.get(KeptFrames).ring.record(k)["len"] for k in range(len(frames))]
    start = max(max(frames) // SECOND - NOW_SECONDS, min(frames) // SECOND) * SECOND
    seconds = (max(frames) - max(start, min(frames))) / SECOND
    if not seconds:
        assert past.now == {}
        return
    assert past.now["bytes"] == pytest.approx(
        sum(size for ns, size in zip(frames, sizes, strict=True) if ns >= start) / seconds)
    assert past.now["packets"] == pytest.approx(sum(ns >= start for ns in frames) / seconds)
    assert newest(past, "bytes") == past.now["bytes"]
    assert PastQuestion("session").answer(session).now == past.now
    with session.lock:
        assert all(rate >= 0 for rate in pace_of(session))


def test_flows_groups_and_hosts_have_that_rate_too(session: Replayed, flows: list[Record]) -> None:
    """Each flow's is that of its own frames; what sums flows up sums their rates."""
    start, end, seconds = now_window(session.engine)
    frames = [session.get(KeptFrames).ring.record(k) | session.get(KeptFrames).ring.about(k)
              for k in range(session.health().packets)]
    for flow in flows if seconds else ():
        mine = [frame for frame in frames if frame["flow"] == flow["id"] and start <= frame["ns"] // SECOND < end]
        sent = sum(frame["len"] for frame in mine if (frame["src"], frame.get("sport")) ==
                   (flow["src"], flow.get("sport")))
        got = sum(frame["len"] for frame in mine) - sent
        if "rate_out" in flow:
            assert flow["rate_out"] == pytest.approx(sent / seconds, rel=1e-3, abs=1)
            assert flow["rate_in"] == pytest.approx(got / seconds, rel=1e-3, abs=1)
    found = OverviewQuestion("session", 1000).answer(session)
    assert sum(peer.rate_down + peer.rate_up for peer in found.peers) == total(flows, "rate_out", "rate_in")
    programs = Processes(history=True, limit=10_000).answer(session)
    assert total(programs.rows, "rate_out", "rate_in") == total(flows, "rate_out", "rate_in")
    for by in BY:
        groups = GroupsOf(by, sort="rate", limit=10_000, history=True).answer(session)
        assert total(groups.rows, "rate_out", "rate_in") == total(flows, "rate_out", "rate_in")


@pytest.mark.parametrize("by", BREAKDOWNS)
def test_a_row_of_stats_leads_to_the_flows_that_it_counted(session: Replayed, flows: list[Record], by: str) -> None:
    for name in ("session", "1m"):
        found = StatisticsQuestion(name, top=10_000, by=by).answer(session)
        rows = [(share, of_protocol(share, found.past.since_ns)) for share in hierarchy(found.shares)] \
            if by == "protocol" else [(piece, piece.within) for piece in found.pieces]
        for row, within in rows:
            there = session.query(None, "id", False, 0, 10_000, True, within).rows
            assert (len(there), total(there, "bytes_out", "bytes_in"), total(there, "packets_out", "packets_in")) == (
                row.flows, row.bytes, row.packets)
    if by in ("port", "process", "country", "host"):
        assert sum(piece.flows for piece in found.pieces) == sum(share.flows for share in found.shares)


def test_a_bar_of_times_leads_to_the_flows_that_it_counted(session: Replayed) -> None:
    driver = Driver(session, 120, 40, tab="stats")
    found = driver.state.snapshot.answer
    for panel in ("handshake", "data"):
        for step in rows_of(driver.state, found, panel):
            text, _ = of_time(driver.state, panel, step)
            assert len(session.query(Filter(text), "id", False, 0, 10_000, True).rows) == step[2]


def test_an_address_has_one_name(session: Replayed) -> None:
    names = {peer.address: peer.name for peer in Peers().answer(session).peers}
    for talker in StatisticsQuestion(top=10_000).answer(session).talkers:
        assert names.get(talker.address, talker.name) == talker.name


def test_frames_are_as_many_on_every_tab(session: Replayed) -> None:
    health, kept = session.health(), Packets().answer(session).kept
    assert kept.frames + kept.lost == health.packets
    rows = Interfaces().answer(session).rows
    assert sum(row.captured.frames for row in rows if row.captured) == health.packets
    assert sum(row.captured.bytes for row in rows if row.captured) == health.bytes
    past = PastQuestion("session").answer(session)
    assert (past.counts["packets"], past.counts["bytes"]) == (health.packets, health.bytes)
    timeline = Timeline().answer(session)
    assert sum(timeline.bytes) == health.bytes


def made(folder: pathlib.Path, frames: list[bytes]) -> Replayed:
    path = folder / "made.pcap"
    path.write_bytes(pcap(spaced(frames)))
    return Replayed(str(path))


def test_what_a_host_says_to_itself_passed_once(tmp_path: pathlib.Path) -> None:
    own = [eth(ip4(17, udp(5000, 53, b"x" * 50), src="127.0.0.1", dst="127.0.0.1"))] * 3
    session = made(tmp_path, [*own, eth(ip4(17, udp(5000, 53, b"x" * 50), src="127.0.0.1", dst="10.0.0.9"))])
    peers = {peer.address: peer for peer in Peers().answer(session).peers}
    octets = session.health().bytes
    assert peers["127.0.0.1"].bytes == octets and peers["127.0.0.1"].flows == 2
    assert peers["127.0.0.1"].bytes_out == octets and peers["127.0.0.1"].bytes_in == octets * 3 // 4
    assert peers["10.0.0.9"].bytes == octets // 4
    session.stop()


def test_what_travels_in_a_tunnel_is_counted_in_it_and_that_is_said(tmp_path: pathlib.Path) -> None:
    inner = eth(ip4(17, udp(4000, 7000, b"y" * 90), src="192.0.2.1", dst="192.0.2.2"))
    session = made(tmp_path, [eth(ip4(17, udp(50_000, 4789, vxlan(7, inner))))] * 4)
    flows = session.query(None, "id", False, 0, 10, True).rows
    inside = next(row for row in flows if "tunnel" in row)
    found = StatisticsQuestion().answer(session)
    assert found.carried == total([inside], "bytes_out", "bytes_in")
    assert sum(share.bytes for share in found.shares) - found.carried == session.health().bytes
    assert GroupsOf("app", history=True).answer(session).carried == Egress().answer(session).carried == found.carried
    for tab in ("stats", "processes", "egress"):
        assert "inside tunnels, whose own flows" in Driver(session, 200, 50, tab=tab).screen()
    for tab, cols in itertools.product(("dashboard", "stats", "processes", "egress"), (80, 100, 120, 200)):
        shown = Driver(session, cols, 24, tab=tab).screen()
        assert re.search(r" in tunnels, twice|inside tunnels, whose own flows count it too", shown), (tab, cols)
    session.stop()


ASKED = bytes.fromhex("000101000001000000000000") + b"\1a\2xy\0\0\1\0\1"
TOLD = bytes.fromhex("000181800001000100000000") + ASKED[12:] + bytes.fromhex("c00c000100010000003c000401020304")


def between(frames: list[tuple[int, bytes]], last_s: int) -> bytes:
    """These at their seconds, and a frame of somebody else's each second until `last_s`."""
    other = eth(ip4(17, udp(5000, 5001, b"z" * 10), src="10.0.0.5", dst="10.0.0.6"))
    timed = sorted([*((at * SECOND, frame) for at, frame in frames),
                    *((at * SECOND + 1, other) for at in range(last_s + 1))], key=lambda each: each[0])
    return pcap([(1_700_000_000 * SECOND + at, frame) for at, frame in timed])


@pytest.mark.parametrize(("last_s", "live"), [(29, 2), (33, 1)])
def test_dns_is_forgotten_after_its_own_thirty_seconds(tmp_path: pathlib.Path, last_s: int, live: int) -> None:
    path = tmp_path / "dns.pcap"
    path.write_bytes(between([(0, eth(ip4(17, udp(4000, 53, ASKED)))),
                              (0, eth(ip4(17, udp(53, 4000, TOLD), src=B4, dst=A4)))], last_s))
    session = Replayed(str(path))
    assert session.health().flows_live == live
    assert all(row.get("staleness", 0) <= 1.1 for row in session.query(None, "id", False, 0, 10, False).rows)
    session.stop()


@pytest.mark.parametrize(("last_s", "live"), [(125, 2), (134, 1)])
def test_a_long_connection_that_closed_is_forgotten_as_soon_as_a_short_one(tmp_path: pathlib.Path, last_s: int,
                                                                           live: int) -> None:
    path = tmp_path / "tcp.pcap"

    def there(flags: int, seq: int, ack: int, data: bytes = b"") -> bytes:
        return eth(ip4(6, tcp(40_000, 7000, flags, seq, ack, data)))

    def back(flags: int, seq: int, ack: int, data: bytes = b"") -> bytes:
        return eth(ip4(6, tcp(7000, 40_000, flags, seq, ack, data), src=B4, dst=A4))

    path.write_bytes(between([
        (0, there(SYN, 1, 0)), (0, back(SYN | ACK, 1, 2)), (0, there(ACK, 2, 2)), (0, there(ACK, 2, 2, b"q")),
        (0, back(ACK, 2, 3, b"a")), (90, there(ACK, 3, 3, b"q")), (90, back(ACK, 3, 4, b"a")),
        (100, there(FIN | ACK, 4, 4)), (100, back(FIN | ACK, 4, 5)), (100, there(ACK, 5, 5))], last_s))
    session = Replayed(str(path))
    assert session.health().flows_live == live
    session.stop()


@pytest.mark.parametrize(("sport", "initiator"), [(1000, A4), (993, B4), (53, B4)])
def test_who_spoke_first_began_it_unless_it_spoke_as_servers_do(tmp_path: pathlib.Path, sport: int,
                                                                initiator: str) -> None:
    session = made(tmp_path, [eth(ip4(17, udp(sport, 9999, b"x" * 20)))] * 3)
    assert [row["src"] for row in session.query(None, "id", False, 0, 10, True).rows] == [initiator]
    session.stop()
