"""Flows on packet time: who began, timeouts by protocol, states, rates, numbers, bounds."""

from __future__ import annotations

import pytest
from conversation import CLIENT, SERVER, Talk
from running import open_bytes, run
from wire import (
    A4,
    ACK,
    B4,
    MS,
    SECOND,
    START,
    arp,
    eth,
    icmp6_echo,
    icmp_echo,
    ip4,
    ip6,
    pcap,
    sctp,
    spaced,
    tcp,
    udp,
)

from netwatch._fast.dpi import timeouts as app_timeouts
from netwatch._fast.flow.timeouts import TIMEOUTS
from netwatch._fast.out.endedrows import EndedRows
from netwatch.run.pipeline import Pipeline


def datagram(sport: int, dport: int, data: bytes = b"x", src: str = A4, dst: str = B4) -> bytes:
    return eth(ip4(17, udp(sport, dport, data), src, dst))


def established() -> Talk:
    return Talk(9001, 9002).open()


def unanswered() -> Talk:
    talk = established()
    talk.frames = talk.frames[:1]
    return talk


def middle() -> Talk:
    return Talk(9001, 9002).say(CLIENT, b"x")


TCP_TIMES = [
    ("tcp_opening", unanswered),
    ("tcp_established", established),
    ("tcp_unknown", middle),
    ("tcp_conversing", lambda: established().say(CLIENT, b"x").say(SERVER, b"y")),
    ("tcp_closing", lambda: established().fin(CLIENT)),
    ("tcp_time_wait", lambda: established().close()),
    ("tcp_closed", lambda: established().segment(CLIENT, 4)),
]
OTHER_TIMES = [
    ("udp", datagram(40000, 9999)),
    ("icmp", eth(ip4(1, icmp_echo(8, 1)))),
    ("icmp", eth(ip6(58, icmp6_echo(128, 1)), 0x86DD)),
    ("arp", eth(arp(1), 0x0806)),
    ("sctp", eth(ip4(132, sctp(1, 2, 1)))),
    ("other", eth(ip4(89, bytes(8)))),
    ("other", eth(b"x" * 46, 0x88B6)),
]


def check_timeout(frames: list, again: bytes, seconds: int, **options) -> None:
    """Just within the timeout it is the same flow, just beyond it another."""
    last = frames[-1][0]
    result = run([*frames, (last + seconds * SECOND, again)], **options)
    assert len(result.flows) == 1
    result = run([*frames, (last + seconds * SECOND + 1, again)], **options)
    assert [f["ended"] in ("timeout", "fin", "rst") for f in result.flows] == [True, False]
    assert result.flows[0]["last"] < result.flows[1]["first"]


@pytest.mark.parametrize(("name", "talk"), TCP_TIMES, ids=[name for name, _ in TCP_TIMES])
def test_tcp_timeouts(name: str, talk):
    told = talk()
    told.segment(CLIENT, ACK)
    check_timeout(told.frames[:-1], told.frames[-1][1], TIMEOUTS[name])
    check_timeout(told.frames[:-1], told.frames[-1][1], 7, timeouts={name: 7})


@pytest.mark.parametrize(("name", "frame"), OTHER_TIMES, ids=[name for name, _ in OTHER_TIMES])
def test_other_timeouts(name: str, frame: bytes):
    check_timeout([(START, frame)], frame, TIMEOUTS[name])
    check_timeout([(START, frame)], frame, 3, timeouts={name: 3})


def test_an_application_has_a_timeout_of_its_own():
    query = datagram(40000, 53, b"\x12\x34\x01\0\0\1\0\0\0\0\0\0\1a\2bc\0\0\1\0\1")
    check_timeout([(START, query)], query, app_timeouts()["dns"])


def test_a_silent_flow_ends_though_nothing_comes_back_to_it():
    """Other packets move the clock; the flow is handed out as timed out, not as open at the end."""
    frames = [(START, datagram(40000, 9999)), (START + 3600 * SECOND, datagram(40001, 9999))]
    assert [f["ended"] for f in run(frames).flows] == ["timeout", "end-of-input"]


def test_time_that_goes_back_ends_nothing():
    frames = [(START + 500 * SECOND, datagram(1, 2)), (START, datagram(1, 2)), (START + 501 * SECOND, datagram(1, 2))]
    flow = run(frames).flow
    assert flow["packets_out"] == 3 and flow["duration"] == 1.0


@pytest.mark.parametrize(("sport", "dport", "src"), [(40000, 161, A4), (161, 40000, B4), (5, 6, A4), (4000, 5000, A4)])
def test_who_began_is_guessed(sport: int, dport: int, src: str):
    """The well-known port is the responder's; between equals, who spoke first."""
    flow = run([(START, datagram(sport, dport))]).flow
    assert (flow["src"], flow["initiator"]) == (src, "guessed")


def test_who_began_is_seen_in_a_request():
    reply = eth(ip4(1, icmp_echo(0, 5), B4, A4))
    flow = run([(START, reply)]).flow
    assert (flow["src"], flow["initiator"], flow["packets_in"], flow["state"]) == (A4, "seen", 1, "ECHO_REPLY")


def test_echoes_are_flows_by_identifier():
    frames = [eth(ip4(1, icmp_echo(8, i))) for i in (1, 2)] + [eth(ip4(1, icmp_echo(0, i), B4, A4)) for i in (1, 2)]
    assert [(f["icmp"]["id"], f["packets_out"], f["packets_in"]) for f in run(spaced(frames)).flows] == [
        (1, 1, 1),
        (2, 1, 1),
    ]


@pytest.mark.parametrize(("idle", "state"), [(29, "UDP_ACTIVE"), (30, "UDP_IDLE"), (60, "UDP_IDLE")])
def test_udp_states_by_age(idle: int, state: str):
    frames = [(START, datagram(1, 2)), (START + idle * SECOND, datagram(3, 4))]
    assert run(frames).flows[0]["state"] == state


@pytest.mark.parametrize(
    ("chunk", "state"),
    [
        (1, "SCTP_INIT"),
        (2, "SCTP_INIT"),
        (0, "SCTP_ESTABLISHED"),
        (7, "SCTP_SHUTDOWN"),
        (6, "SCTP_CLOSED"),
        (14, "SCTP_CLOSED"),
    ],
)
def test_sctp_states(chunk: int, state: str):
    assert run([(START, eth(ip4(132, sctp(1, 2, chunk))))]).flow["state"] == state


def test_peak_rates_are_of_the_busiest_second():
    frames = []
    for second, count in enumerate((1, 5, 2)):
        frames += [(START + second * SECOND + i, datagram(40000, 9999, bytes(58))) for i in range(count)]
    flow = run(frames).flow
    assert (flow["peak_out"], flow["peak_in"]) == (500, 0)


@pytest.mark.parametrize("gap", [1, 32767, 32768, 40000, 65535, 70000])
def test_peak_rates_of_a_flow_that_was_silent_for_hours(gap: int):
    """What comes behind is another second, however long it was; what is older than the newest counts in that."""
    frames = [(START + second * SECOND + i * 1000000, datagram(40000, 9999, bytes([second % 251, i]) + bytes(56)))
              for second, count in ((0, 5), (gap, 3), (gap - 1, 1), (2 * gap, 5)) for i in range(count)]
    flow = run(frames, timeouts={"udp": 1 << 20}).flow
    assert (flow["packets_out"], flow["peak_out"]) == (14, 500)


def test_numbers_are_dense_and_in_order_of_first_frame():
    frames = spaced([datagram(10000 + i % 50, 20000) for i in range(500)])
    result = run(frames)
    assert [f["id"] for f in result.flows] == list(range(1, 51))
    assert [f["sport"] for f in result.flows] == [10000 + i for i in range(50)]


def test_the_table_is_bounded_and_evictions_are_counted():
    frames = spaced([datagram(1 + i % 60000, 9999, src=f"10.1.{i // 60000}.1") for i in range(3000)], step=1000)
    result = run(frames, max_flows=1000)
    assert result.summary["flows"] == {"udp": 3000} and len(result.flows) == 3000
    evicted = [f for f in result.flows if f["ended"] == "evicted"]
    assert len(evicted) == result.summary["drops"]["evicted_flows"]
    assert result.summary["drops"]["refused_packets"] == 0 and len(evicted) == 2000
    assert result.summary["udp_conversations"] == 3000


def test_flows_that_answered_are_kept_longest():
    """A scan does not push out the conversation it is hidden in."""
    talk = established().say(CLIENT, b"x").say(SERVER, b"y")
    scan = spaced([datagram(1000 + i, 9999, src="10.6.6.6") for i in range(2000)], step=1000, start=talk.now)
    late = Talk(9001, 9002, start=scan[-1][0])
    late.seq = talk.seq
    result = run(talk.frames + scan + late.ack(CLIENT).frames, max_flows=500)
    assert [f["packets_out"] for f in result.flows if f["proto"] == "tcp"] == [4]


def test_history_is_bounded():
    """Without somebody who takes ended flows, only so many are kept."""
    frames = spaced([datagram(1000 + i, 9999) for i in range(300)], step=SECOND)
    source = open_bytes(pcap(frames))
    pipeline = Pipeline(source, history=40)
    pipeline.run_quietly()
    pipeline.finish()
    assert len(EndedRows(pipeline.engines)) == 40
    assert pipeline.summary()["flows"] == {"udp": 300}
    source.close()


def test_ended_flows_are_a_sequence_in_the_order_of_their_numbers():
    frames = spaced([datagram(1000 + i % 300, 9999) for i in range(600)])
    for workers in (1, 3):
        source = open_bytes(pcap(frames))
        pipeline = Pipeline(source, hold=True, workers=workers)
        for _ in pipeline.steps():
            pass
        ended = pipeline.finish().ended
        pairs = list(ended)
        assert len(ended) == len(pairs) == 300
        assert [pipeline.record(*pair)["id"] for pair in pairs] == list(range(1, 301))
        assert [ended[i] for i in range(-300, 300)] == pairs * 2
        for part in (slice(0, 0), slice(7, 99), slice(290, 999), slice(5, 2), slice(-3, None)):
            assert list(ended[part]) == pairs[part]
            assert list(ended[part][1:]) == pairs[part][1:]
        for wrong in (300, -301):
            with pytest.raises(IndexError):
                ended[wrong]
        with pytest.raises(ValueError):
            ended[::2]
        pipeline.close()
        source.close()


def test_a_frame_limit_stops_there():
    frames = spaced([datagram(1000 + i, 9999) for i in range(100)])
    for workers in (1, 3):
        result = run(frames, max_frames=33, workers=workers)
        assert result.summary["packets"] == 33 and len(result.flows) == 33


def test_one_connection_over_different_vlans_is_two_flows():
    body = ip4(6, tcp(1, 2, ACK))
    frames = [eth(bytes([0, vid]) + b"\x08\x00" + body, 0x8100) for vid in (1, 2)]
    result = run(spaced(frames, step=MS))
    assert [f["vlan"] for f in result.flows] == [[1], [2]] and result.summary["tcp_conversations"] == 1
