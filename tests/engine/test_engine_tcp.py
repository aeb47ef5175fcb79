"""TCP as a third party sees it: states, endings, round trips, and what the counters of loss and order count."""

from __future__ import annotations

import pytest
from conversation import CLIENT, SERVER, Talk
from running import run
from wire import ACK, FIN, MS, RST, SECOND, SYN, syn_options


def flow_of(talk: Talk) -> dict:
    return run(talk.frames).flow


def notes_of(talk: Talk) -> list[list[str]]:
    return [packet.get("notes", []) for packet in run(talk.frames, kinds=("packets",)).packets]


def test_state_walk_of_an_orderly_close():
    """The state after each segment, by cutting the same conversation after it."""
    talk = Talk().open().say(CLIENT, b"x" * 10).ack(SERVER)
    talk.fin(CLIENT).ack(SERVER).fin(SERVER).ack(CLIENT)
    expected = [
        "SYN_SENT",
        "SYN_RECV",
        "ESTABLISHED",
        "ESTABLISHED",
        "ESTABLISHED",
        "FIN_WAIT1",
        "FIN_WAIT2",
        "FIN_WAIT2",
        "TIME_WAIT",
    ]
    assert [run(talk.frames[: i + 1]).flow["state"] for i in range(len(talk.frames))] == expected
    assert flow_of(talk)["ended"] == "fin"


def test_state_walk_when_the_responder_closes_first():
    talk = Talk().open().fin(SERVER).ack(CLIENT).fin(CLIENT).ack(SERVER)
    expected = ["CLOSE_WAIT", "CLOSE_WAIT", "LAST_ACK", "CLOSED"]
    assert [run(talk.frames[: i + 4]).flow["state"] for i in range(4)] == expected
    assert flow_of(talk)["ended"] == "fin"


def test_simultaneous_close():
    talk = Talk().open()
    seq = tuple(talk.seq)
    talk.segment(CLIENT, FIN | ACK).segment(SERVER, FIN | ACK)
    talk.seq = [seq[0] + 1, seq[1] + 1]
    talk.ack(SERVER).ack(CLIENT)
    states = [run(talk.frames[: i + 4]).flow["state"] for i in range(4)]
    assert states == ["FIN_WAIT1", "CLOSING", "FIN_WAIT2", "TIME_WAIT"]


def test_simultaneous_open():
    """RFC 9293 figure 8: both send a SYN, both a SYN/ACK."""
    talk = Talk().segment(CLIENT, SYN, ack=0).segment(SERVER, SYN, ack=0)
    talk.segment(CLIENT, SYN | ACK, ack=5001).segment(SERVER, SYN | ACK, ack=1001)
    talk.seq = [1001, 5001]
    flow = flow_of(talk.ack(CLIENT).say(SERVER, b"x"))
    assert (flow["state"], flow["src"], flow["initiator"]) == ("ESTABLISHED", "192.0.2.1", "seen")


@pytest.mark.parametrize("side", [CLIENT, SERVER])
def test_reset(side: int):
    flow = flow_of(Talk().open().say(CLIENT, b"x").segment(side, RST | ACK))
    assert (flow["state"], flow["ended"]) == ("CLOSED", "rst")


def test_refused():
    flow = flow_of(Talk().segment(CLIENT, SYN, ack=0).segment(SERVER, RST | ACK, seq=0, ack=1001))
    assert (flow["state"], flow["ended"], flow["packets_in"]) == ("CLOSED", "rst", 1)


def test_joined_in_the_middle():
    talk = Talk(40000, 443).say(SERVER, b"x" * 10)
    flow = flow_of(talk)
    assert (flow["state"], flow["initiator"], flow["dport"]) == ("UNKNOWN", "guessed", 443)
    flow = flow_of(talk.ack(CLIENT))
    assert (flow["state"], flow["initiator"], flow["dport"]) == ("ESTABLISHED", "guessed", 443)
    assert flow["payload_in"] == 10 and flow["retransmits_in"] == 0 and flow["out_of_order_in"] == 0


def test_joined_at_the_syn_ack():
    talk = Talk()
    talk.seq[0] += 1
    flow = flow_of(talk.segment(SERVER, SYN | ACK, options=syn_options(1400, 9)))
    assert (flow["state"], flow["initiator"], flow["src"]) == ("SYN_RECV", "seen", "192.0.2.1")


def test_ports_used_again():
    first = Talk().open().say(CLIENT, b"one").close()
    second = Talk(start=first.now, isn=(900_000, 800_000)).open().say(CLIENT, b"three")
    result = run(first.frames + second.frames)
    assert [f["payload_out"] for f in result.flows] == [3, 5]
    assert [f["ended"] for f in result.flows] == ["fin", "end-of-input"]
    assert result.summary["tcp_conversations"] == 1 and result.summary["flows"] == {"tcp": 2}


def test_a_repeated_syn_is_the_same_connection():
    talk = Talk().segment(CLIENT, SYN, ack=0).segment(CLIENT, SYN, ack=0, after=SECOND)
    flow = flow_of(talk)
    assert (flow["packets_out"], flow["state"]) == (2, "SYN_SENT")


def test_round_trips():
    talk = Talk(step=0).segment(CLIENT, SYN, ack=0, after=0)
    talk.seq[0] += 1
    talk.segment(SERVER, SYN | ACK, after=30 * MS)
    talk.seq[1] += 1
    talk.ack(CLIENT, after=10 * MS)
    flow = flow_of(talk)
    assert flow["rtt_us"] == 40_000 and "srtt_us" not in flow
    flow = flow_of(talk.say(CLIENT, b"x").ack(SERVER, after=25 * MS))
    assert (flow["rtt_us"], flow["srtt_us"]) == (40_000, 25_000)
    flow = flow_of(talk.say(CLIENT, b"x").ack(SERVER, after=65 * MS))
    assert flow["srtt_us"] == (25_000 * 7 + 65_000) // 8


def test_karn_a_segment_sent_twice_times_nothing():
    talk = Talk().open().say(CLIENT, b"abc").segment(CLIENT, ACK, b"abc", seq=1001, after=SECOND)
    flow = flow_of(talk.ack(SERVER, after=20 * MS))
    assert "srtt_us" not in flow and flow["retransmits_out"] == 1


def counters(flow: dict) -> dict:
    names = ("retransmits", "out_of_order", "dup_acks", "zero_windows", "spurious", "fast_retransmits")
    return {f"{n}_{d}": flow[f"{n}_{d}"] for n in names for d in ("out", "in") if flow[f"{n}_{d}"]}


def test_nothing_wrong_counts_nothing():
    talk = Talk().open()
    for _ in range(20):
        talk.say(CLIENT, b"q" * 100).ack(SERVER).say(SERVER, b"a" * 1400).ack(CLIENT)
    flow = flow_of(talk.close())
    assert counters(flow) == {} and (flow["payload_out"], flow["payload_in"]) == (2000, 28000)
    assert (flow["mss"], flow["window_scale_out"], flow["window_scale_in"], flow["sack"]) == (1460, 7, 9, True)
    assert flow["tcp_flags_out"] == ["FIN", "SYN", "PSH", "ACK"] and all(n == [] for n in notes_of(talk))


def test_retransmission():
    talk = Talk().open().say(CLIENT, b"abc").segment(CLIENT, ACK, b"abc", seq=1001, after=SECOND)
    flow = flow_of(talk)
    assert counters(flow) == {"retransmits_out": 1} and flow["payload_out"] == 3
    assert notes_of(talk)[-1] == ["retransmission"]


def test_spurious_retransmission():
    talk = Talk().open().say(CLIENT, b"abc").ack(SERVER).segment(CLIENT, ACK, b"abc", seq=1001, after=SECOND)
    assert counters(flow_of(talk)) == {"retransmits_out": 1, "spurious_out": 1}
    assert notes_of(talk)[-1] == ["retransmission", "spurious retransmission"]


def test_fast_retransmission_after_three_duplicate_acks():
    talk = Talk(step=MS).open().say(CLIENT, b"a" * 10).ack(SERVER).skip(CLIENT, 10)
    lost, seen = talk.seq[0] - 10, []
    for _ in range(4):
        talk.say(CLIENT, b"b" * 10).ack(SERVER, ack=lost)
        seen.append(lost)
    talk.segment(CLIENT, ACK, b"a" * 10, seq=lost, after=50 * MS)
    flow = flow_of(talk)
    assert counters(flow) == {"retransmits_out": 1, "dup_acks_in": 4, "fast_retransmits_out": 1}
    assert notes_of(talk)[-1] == ["retransmission", "fast retransmission"]
    assert flow["payload_out"] == 60 and len(seen) == 4


def test_out_of_order():
    talk = Talk(step=MS // 2).open().skip(CLIENT, 5).say(CLIENT, b"world")
    talk.segment(CLIENT, ACK, b"hello", seq=1001)
    flow = flow_of(talk)
    assert counters(flow) == {"out_of_order_out": 1} and flow["payload_out"] == 10
    assert notes_of(talk)[-2:] == [["previous bytes missing"], ["out of order"]]


def test_a_late_filler_is_a_retransmission():
    talk = Talk().open().skip(CLIENT, 5).say(CLIENT, b"world").segment(CLIENT, ACK, b"hello", seq=1001, after=SECOND)
    flow = flow_of(talk)
    assert counters(flow) == {"retransmits_out": 1} and flow["payload_out"] == 10


def test_bytes_never_seen_are_noted():
    talk = Talk().open().say(CLIENT, b"abc").skip(CLIENT, 100).say(CLIENT, b"xyz")
    assert notes_of(talk)[-1] == ["previous bytes missing"] and flow_of(talk)["payload_out"] == 6


@pytest.mark.parametrize("data", [b"", b"\0"])
def test_keep_alive_is_neither_loss_nor_disorder(data: bytes):
    talk = Talk().open().say(CLIENT, b"abc").ack(SERVER)
    talk.segment(CLIENT, ACK, data, seq=talk.seq[0] - 1, after=30 * SECOND).ack(SERVER)
    flow = flow_of(talk)
    assert {k: v for k, v in counters(flow).items() if "retrans" in k or "order" in k} == {}
    assert notes_of(talk)[-2] == ["keep-alive"] and flow["payload_out"] == 3


def offering(scale: int | None) -> bytes:
    """Options of a SYN, with that window scale or without any."""
    return syn_options()[:4] if scale is None else syn_options(scale=scale)


@pytest.mark.parametrize(("scales", "window"), [((7, 9), (1000 << 7, 500 << 9)), ((7, None), (1000, 500)),
                                                ((None, 9), (1000, 500))])
def test_the_window_last_offered(scales: tuple[int | None, int | None], window: tuple[int, int]) -> None:
    """Scaled where both SYNs had a scale (RFC 7323 section 2.2); that of a SYN never is, and no scale is known without
    the handshake."""
    talk = Talk().segment(CLIENT, SYN, ack=0, options=offering(scales[0])).skip(CLIENT, 1)
    talk.segment(SERVER, SYN | ACK, options=offering(scales[1])).skip(SERVER, 1)
    assert not {"window_out", "window_in"} & flow_of(talk).keys()
    talk.ack(CLIENT, window=1000)
    flow = flow_of(talk)
    assert flow["window_out"] == window[0] and "window_in" not in flow
    talk.say(CLIENT, b"abc").ack(SERVER, window=500).ack(CLIENT, window=1000)
    flow = flow_of(talk)
    assert (flow["window_out"], flow["window_in"]) == window
    assert not {"window_out", "window_in"} & run(talk.frames[2:]).flow.keys()
    flow = flow_of(talk.segment(CLIENT, RST | ACK))
    assert "window_out" not in flow and flow["window_in"] == window[1]


def test_zero_window():
    talk = Talk().open().say(CLIENT, b"abc").ack(SERVER, window=0).ack(SERVER, window=0).ack(SERVER)
    assert flow_of(talk)["zero_windows_in"] == 2 and notes_of(talk)[-2][-1] == "zero window"


def test_sequence_numbers_wrap():
    talk = Talk(isn=(2**32 - 5, 2**32 - 1)).open()
    for _ in range(5):
        talk.say(CLIENT, b"abcd").ack(SERVER).say(SERVER, b"wxyz").ack(CLIENT)
    flow = flow_of(talk.close())
    assert counters(flow) == {} and flow["state"] == "TIME_WAIT"
    assert (flow["payload_out"], flow["payload_in"]) == (20, 20)
