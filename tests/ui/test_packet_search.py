"""Which frames pass a filter in Packets: what native code finds of them is what the filter says of each record."""
from collections.abc import Iterator

import pytest

from netwatch.addons.packets.kept import KeptFrames, Scan, further_of, of_packets, records
from netwatch.addons.packets.questions import Packets
from netwatch.filter import Filter
from tests.ui.replayed import Replayed

CAPTURES = ("http.pcap", "dns.pcap", "tls13.pcap", "https2.pcap")
WORDS = ("lab", "EXAMPLE", "10.77", "10.77.0.1:5", ":80", "[syn", "seq 1", "syn ack", "retransmission", "tcp", "xyzzy")
FILTERS = (*WORDS, "/SYN ACK/", "/:80$/", "not lab", "lab or len > 1000", "tcp and not lab", "dns or http",
           "app == tls and len < 100", "len > 1000", "n in 10..20", "tcp.flags.syn == 1", "tcp.len > 0", "tcp.len != 0",
           "notes exists", "src == 10.77.0.1 and dport == 80", "state == CLOSED", "bytes > 1kB and lab",
           "time > 2026-01-01T00:00:00Z", "layers == ipv4 and lab", "flow == 2", "len > caplen", "len == 2 * 33",
           "info contains ack and lab")


@pytest.fixture(scope="module", params=CAPTURES)
def session(request: pytest.FixtureRequest) -> Iterator[Replayed]:
    session = Replayed(request.param)
    yield session
    session.stop()


@pytest.mark.parametrize("text", FILTERS)
def test_frames_that_pass_are_those_whose_records_do(session: Replayed, text: str) -> None:
    where = of_packets(text)
    ring = session.get(KeptFrames).ring
    scan = Scan(ring, Filter(text), 0)
    scan.go_on(session, 30)
    with session.lock:
        expected = [k for k in range(ring.first, ring.next) if where.matches(*records(session, k, further_of(where)))]
    assert list(scan.picks) == expected and scan.upto == ring.next


def test_a_flow_and_a_filter_at_once(session: Replayed) -> None:
    ring = session.get(KeptFrames).ring
    scan = Scan(ring, Filter("len < 100"), 1)
    scan.go_on(session, 30)
    with session.lock:
        assert list(scan.picks) == [k for k in ring.of_flow(1, ring.first, ring.next) if len(ring.frame(k)) < 100]


def test_what_flows_have_learnt_since_counts(session: Replayed) -> None:
    """Asked when nothing was known, a filter is asked once more, and says until then that it is not done."""
    seen = session.ask(Packets(Filter("not xyzzy")))
    scan = session.get(KeptFrames).scan(Filter("not xyzzy"), 0)
    assert not seen.unfinished
    scan._told_at, scan.picks, scan._renew_at = 0, scan.picks[:0], 0.0
    with session.lock:
        assert scan.stale(session)
    again = session.ask(Packets(Filter("not xyzzy")))
    assert again.total == seen.total > 0 and not again.unfinished


def test_flags_are_of_single_packets_here(session: Replayed) -> None:
    """Not of all that belong to a flow which had them."""
    seen = session.ask(Packets(Filter("tcp.flags.syn == 1"), after=10_000))
    assert all("SYN" in line.info for line in seen.lines if line.proto == "TCP")
    assert all(line.proto == "TCP" for line in seen.lines)
