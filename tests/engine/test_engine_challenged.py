"""A SYN on the ports of a connection that lives: its receiver challenges it, and nothing changes (RFC 9293 section
3.10.7.4, RFC 5961 section 4); where the receiver takes it, another connection began."""

from __future__ import annotations

from typing import Any

import pytest
from conversation import CLIENT, SERVER, Talk
from running import Result, run
from wire import ACK, FIN, PSH, RST, SECOND, START, SYN, syn_options

GET = b"GET /%d HTTP/1.1\r\nHost: h.example\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
FAR = 1_500_000_000


def exchange(talk: Talk, number: int) -> Talk:
    return talk.say(CLIENT, GET % number).ack(SERVER).say(SERVER, OK).ack(CLIENT)


def pairs(result: Result) -> list[tuple[Any, Any]]:
    return [(record.get("path"), record.get("status")) for record in result.by_kind["http"]]


def read(talk: Talk) -> Result:
    return run(sorted(talk.frames), kinds=("flows", "http", "packets"))


# how the connection stands when the SYN comes
LIVING = {
    "open": lambda: exchange(Talk().open(), 0),
    "joined": lambda: exchange(Talk(), 0),
    "closed by the client": lambda: exchange(Talk().open(), 0).fin(CLIENT).ack(SERVER),
    "closed by the server": lambda: exchange(Talk().open(), 0).fin(SERVER).ack(CLIENT),
}


@pytest.mark.parametrize("seq", [FAR, -FAR, 7, 70_000, -70_000, 6_000_000])
@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("side", [CLIENT, SERVER])
@pytest.mark.parametrize("challenged", [False, True])
@pytest.mark.parametrize("how", LIVING)
def test_a_syn_changes_nothing(how: str, challenged: bool, side: int, times: int, seq: int) -> None:
    def goes_on(talk: Talk) -> Result:
        if how in ("open", "joined"):
            return read(exchange(exchange(talk, 1), 2).close())
        return read(talk.fin(SERVER if "client" in how else CLIENT).ack(CLIENT).ack(SERVER))

    if how == "joined" and -1_000_000 < seq < 0:
        return                                          # it may be the one that the connection began with
    talk = LIVING[how]()
    for _ in range(times):
        talk.segment(side, SYN, seq=talk.seq[side] + seq, ack=0, options=syn_options())
        if challenged:
            talk.ack(1 - side)
    before, after = goes_on(LIVING[how]()), goes_on(talk)
    assert pairs(after) == pairs(before)
    for key in ("state", "ended", "payload_out", "payload_in", "tcp_flags_out", "rtt_us", "app", "initiator"):
        assert after.flow.get(key) == before.flow.get(key)
    assert "outside window" in str(after.packets)


def begun(talk: Talk, isn: int, number: int) -> Talk:
    """Another connection on the ports of the talk."""
    other = Talk(start=talk.now, isn=(isn, 77_000))
    exchange(other.open(), number)
    other.frames = talk.frames + other.frames
    return other


@pytest.mark.parametrize("isn", [1000 + FAR, 1000 - FAR & 0xFFFFFFFF, 2000])
@pytest.mark.parametrize("how", LIVING)
def test_a_receiver_that_has_forgotten_takes_it(how: str, isn: int) -> None:
    """Its end of the connection was not captured, or it began anew itself."""
    talk = begun(LIVING[how](), isn, 1)
    result = read(talk.close())
    assert pairs(result) == [("/0", 200), ("/1", 200)] and len(result.flows) == 2
    old, new = result.flows
    assert (new["packets_out"], new["packets_in"], new["state"], new["rtt_us"]) == (6, 4, "TIME_WAIT", 2000)
    assert new["first"] == result.packets[len(LIVING[how]().frames)]["time"] > old["first"]
    assert sum(flow["packets_out"] + flow["packets_in"] for flow in result.flows) == len(talk.frames)
    assert sum(flow["bytes_out"] + flow["bytes_in"] for flow in result.flows) == sum(len(f) for _, f in talk.frames)


def test_the_syn_is_sent_again_before_it_is_taken() -> None:
    talk = LIVING["open"]()
    for _ in range(3):
        talk.segment(CLIENT, SYN, seq=FAR, ack=0, after=SECOND)
    result = read(begun(talk, FAR, 1))
    assert pairs(result) == [("/0", 200), ("/1", 200)] and len(result.flows) == 2


def test_the_challenge_may_be_answered_by_a_reset() -> None:
    """As RFC 9293 section 3.5 figure 9 has it: the client begins anew, is challenged, resets, and begins again."""
    talk = LIVING["open"]()
    talk.segment(CLIENT, SYN, seq=FAR, ack=0).ack(SERVER).segment(CLIENT, RST, seq=talk.seq[CLIENT])
    result = read(begun(talk, FAR, 1))
    assert [flow["state"] for flow in result.flows] == ["CLOSED", "ESTABLISHED"]
    assert pairs(result) == [("/0", 200), ("/1", 200)]


def test_a_receiver_that_knows_nothing_refuses() -> None:
    talk = LIVING["open"]()
    talk.segment(CLIENT, SYN, seq=FAR, ack=0).segment(SERVER, RST | ACK, seq=0, ack=FAR + 1)
    assert [flow["state"] for flow in read(talk).flows] == ["ESTABLISHED", "CLOSED"]


def test_the_answer_to_the_syn_was_not_captured() -> None:
    talk = LIVING["open"]()
    other = Talk(start=talk.now, isn=(FAR, 77_000))
    other.segment(CLIENT, SYN, ack=0)
    other.seq = [FAR + 1, 77_001]
    other.ack(SERVER)
    exchange(exchange(other, 1), 2)
    other.frames = talk.frames + other.frames
    assert pairs(read(other))[-2:] == [("/1", 200), ("/2", 200)]


@pytest.mark.parametrize("forged", [False, True])
def test_only_one_side_was_captured(forged: bool) -> None:
    """What the client goes on with shows whether its SYN was taken."""
    talk = exchange(Talk().open(), 0)
    if forged:
        talk.segment(CLIENT, SYN, seq=talk.seq[CLIENT] + FAR, ack=0)
        exchange(talk, 1)
    else:
        talk = begun(talk, FAR, 1)
    frames = [each for each in talk.frames if each[1][14 + 12 : 14 + 16] == bytes([192, 0, 2, 1])]
    result = run(frames, kinds=("flows", "http"))
    assert [record["path"] for record in result.by_kind["http"]] == ["/0", "/1"]
    assert len(result.flows) == (1 if forged else 2)


@pytest.mark.parametrize("close", [lambda t: t.close(), lambda t: t.segment(SERVER, RST), lambda t: t])
@pytest.mark.parametrize("wait", [0, 700 * SECOND])
def test_a_port_is_used_again(close: Any, wait: int) -> None:
    """After an orderly end, a reset, or a long silence, the SYN alone begins the flow."""
    talk = close(exchange(Talk().open(), 0))
    talk.segment(CLIENT, SYN, seq=FAR, ack=0, after=wait + 1)
    closed = talk.frames[-2][1][47] & (RST | FIN) or len(talk.frames) > 8
    assert len(read(talk).flows) == (2 if closed or wait else 1)


def test_what_is_forged_on_many_connections_at_once() -> None:
    """More SYNs wait than there are places for: every connection goes on, whatever was forged."""
    talks = [exchange(Talk(sport=10_000 + n, step=1000).open(), n) for n in range(1500)]
    for number, talk in enumerate(talks):
        talk.segment(CLIENT, SYN, seq=FAR + number, ack=0)
    for number, talk in enumerate(talks):
        exchange(talk, number)
    result = run(sorted(frame for talk in talks for frame in talk.frames), kinds=("flows",))
    assert len(result.flows) == 1500 and {flow["state"] for flow in result.flows} == {"ESTABLISHED"}


@pytest.mark.parametrize("where", [CLIENT, SERVER])
def test_an_answer_that_acknowledges_nothing_of_it(where: int) -> None:
    talk = LIVING["open"]()
    talk.segment(CLIENT, SYN, seq=FAR, ack=0)
    talk.segment(where, SYN | ACK, seq=9, ack=FAR + 5_000)
    talk.segment(where, PSH | ACK, b"DELETE / HTTP/1.1\r\n\r\n", ack=FAR - 70_000)
    result = read(exchange(talk, 1))
    assert pairs(result) == [("/0", 200), ("/1", 200)] and len(result.flows) == 1


@pytest.mark.parametrize("wrong", [-1, 1, FAR, -70_000])
@pytest.mark.parametrize("data", [b"", OK])
def test_an_answer_that_acknowledges_another_syn(wrong: int, data: bytes) -> None:
    """RFC 9293 section 3.10.7.3: who gets it resets, and waits on."""
    talk = Talk()
    talk.segment(CLIENT, SYN, ack=0)
    talk.seq[CLIENT] += 1
    talk.segment(SERVER, SYN | ACK, data, seq=900_000, ack=talk.seq[CLIENT] + wrong)
    talk.segment(SERVER, SYN | ACK)
    talk.seq[SERVER] += 1
    result = read(exchange(exchange(talk.ack(CLIENT), 0), 1).close())
    assert pairs(result) == [("/0", 200), ("/1", 200)]
    assert (result.flow["state"], result.flow["payload_in"]) == ("TIME_WAIT", 2 * len(OK))


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_many_connections_begin_anew_at_once(workers: int) -> None:
    """A machine came up again and opens all it had from the same ports: the SYNs first, then the answers."""
    old = [exchange(Talk(sport=10_000 + n, src=f"192.0.2.{n % 250}", step=1000).open(), n) for n in range(1500)]
    frames = [frame for talk in old for frame in talk.frames]
    new = [Talk(sport=10_000 + n, src=f"192.0.2.{n % 250}", start=START + 100 * SECOND + n * 1000, isn=(FAR, 77_000),
                step=2 * SECOND) for n in range(1500)]
    for number, talk in enumerate(new):
        exchange(talk.open(), number)
        frames += talk.frames
    result = run(sorted(frames), kinds=("flows", "http"), workers=workers)
    assert len(result.flows) == 3000 and {flow["state"] for flow in result.flows} == {"ESTABLISHED"}
    assert len(result.by_kind["http"]) == 3000


def test_what_waits_is_the_new_connections() -> None:
    """The old one ends when it was last heard of, the new one began with the first of its SYNs."""
    talk = LIVING["open"]()
    ended = talk.now
    for _ in range(3):
        talk.segment(CLIENT, SYN, seq=FAR, ack=0, options=syn_options(), after=SECOND)
    other = Talk(start=talk.now, isn=(FAR, 77_000))
    other.seq[CLIENT] += 1
    other.segment(SERVER, SYN | ACK)
    other.seq[SERVER] += 1
    exchange(other.ack(CLIENT), 1)
    other.frames = talk.frames + other.frames
    old, new = read(other).flows
    assert (old["packets_out"], old["packets_in"], old["duration"]) == (4, 3, (ended - START) / SECOND - .001)
    assert (new["packets_out"], new["packets_in"], new["retransmits_out"]) == (6, 3, 2)
    assert new["duration"] == pytest.approx((other.now - ended) / SECOND - 1)


def test_a_syn_that_nobody_answers_leaves_the_end_of_the_connection() -> None:
    talk = LIVING["open"]()
    before = read(LIVING["open"]()).flow
    talk.segment(CLIENT, SYN, seq=FAR, ack=0, after=40 * SECOND)
    after = read(talk).flow
    assert (after["last"], after["duration"]) == (before["last"], before["duration"])
    assert after["packets_out"] == before["packets_out"] + 1


@pytest.mark.parametrize("flags", [ACK, FIN, FIN | ACK, PSH | ACK])
@pytest.mark.parametrize("times", [1, 2])
def test_a_stray_segment_hides_no_syn(flags: int, times: int) -> None:
    """Who looks for open ports may send something before each SYN that no firewall stops."""
    talk = Talk()
    for _ in range(times):
        talk.segment(CLIENT, flags, seq=FAR)
    talk.segment(CLIENT, SYN, ack=0, options=syn_options())
    last = read(talk).flows[-1]
    assert (last["state"], last["tcp_flags_out"]) == ("SYN_SENT", ["SYN"])


@pytest.mark.parametrize("answered", [False, True])
def test_the_receiver_is_not_captured_any_more(answered: bool) -> None:
    """After a long silence what its sender goes on with shows that the SYN was taken, unless the connection goes on."""
    talk = LIVING["open"]()
    old = list(talk.seq)
    other = Talk(start=talk.now + 60 * SECOND, isn=(FAR, 77_000), step=20_000_000)
    other.segment(CLIENT, SYN, ack=0, options=syn_options())
    other.seq = [FAR + 1, 77_001]
    if answered:
        other.segment(SERVER, ACK, seq=old[SERVER], ack=old[CLIENT])
    exchange(other.ack(CLIENT), 1)
    other.frames = talk.frames + [frame for frame in other.frames if frame[1][26:30] == bytes([192, 0, 2, 1]) or
                                  (answered and frame is other.frames[1])]
    result = read(other)
    assert [record["path"] for record in result.by_kind["http"]] == (["/0"] if answered else ["/0", "/1"])
    assert len(result.flows) == (1 if answered else 2)
