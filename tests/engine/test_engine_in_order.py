"""What most packets are takes a short way through the engine: it leaves what the long one would."""

from __future__ import annotations

from itertools import permutations
from random import Random

import pytest
from conversation import CLIENT, SERVER, Talk
from running import run
from wire import ACK, SECOND, SYN, eth, fragments4, spaced, syn_options, udp

SIZE = 1200


def download(rng: Random) -> Talk:
    """One response in many segments: some lost, late, doubled, pushed alone, after keep-alives or without a window."""
    talk = Talk().open().say(CLIENT, b"GET /large HTTP/1.1\r\nHost: h.example\r\n\r\n").ack(SERVER)
    body = rng.randbytes(SIZE * 60)
    talk.say(SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
    late: list[tuple[int, bytes]] = []
    for at in range(0, len(body), SIZE):
        part, what = body[at : at + SIZE], rng.randrange(12)
        if what == 0:
            talk.skip(SERVER, len(part))
        elif what == 1:
            late.append((talk.seq[SERVER], part))
            talk.skip(SERVER, len(part))
        elif what == 2:
            talk.say(SERVER, part).segment(SERVER, ACK, part, seq=talk.seq[SERVER] - len(part))
        elif what == 3:
            talk.say(SERVER, part[:1]).say(SERVER, part[1:]).segment(SERVER, seq=talk.seq[SERVER] - 1)
        elif what == 4:
            talk.say(SERVER, part).ack(CLIENT, window=0).ack(CLIENT).ack(CLIENT)
        else:
            talk.say(SERVER, part)
        if late and rng.random() < 0.5:
            seq, part = late.pop()
            talk.segment(SERVER, ACK, part, seq=seq)
        if rng.random() < 0.5:
            talk.ack(CLIENT)
    talk.say(CLIENT, b"GET /next HTTP/1.1\r\nHost: h.example\r\n\r\n").say(SERVER, b"HTTP/1.1 204 None\r\n\r\n")
    return talk.fin(CLIENT).fin(SERVER).ack(CLIENT)


@pytest.mark.parametrize("seed", range(20))
def test_bytes_that_nobody_reads_are_passed_over_as_if_they_were_shown(seed: int) -> None:
    frames = download(Random(seed)).frames
    short, long = run(frames, kinds=("flows", "http")), run(frames, kinds=("flows", "http", "streams"))
    assert short.flows == long.flows
    assert short.by_kind["http"] == long.by_kind["http"] != []


def test_segments_in_order_are_counted_and_timed() -> None:
    talk = Talk().open().say(CLIENT, b"GET / HTTP/1.1\r\nHost: h.example\r\n\r\n").ack(SERVER)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n"
    talk.say(SERVER, head).ack(CLIENT)
    for _ in range(4):
        talk.say(SERVER, b"x" * 1000).ack(CLIENT)
    flow = run(talk.ack(CLIENT).ack(CLIENT).frames).flow
    assert (flow["state"], flow["packets_out"], flow["packets_in"]) == ("ESTABLISHED", 10, 7)
    assert flow["payload_in"] == len(head) + 4000 and flow["srtt_us"] == 1000
    counts = ("retransmits_in", "out_of_order_in", "dup_acks_out", "zero_windows_out")
    assert [flow[name] for name in counts] == [0, 0, 0, 0]


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_flows_of_one_second_may_end_in_any_order(order: tuple[int, ...]) -> None:
    """Those that begin anew leave the bucket that they wait in, wherever in it they stand."""
    first = Talk(step=0)
    ports = [40000 + k for k in range(4)]
    frames = []
    for round_, ports_now in enumerate(([*ports], [ports[k] for k in order[:3]])):
        for port in ports_now:
            talk = Talk(port, start=first.now + round_ * 1000, step=0, isn=(1000 + 100_000 * round_, 1))
            frames += talk.segment(CLIENT, SYN, ack=0, options=syn_options()).frames
    frames.append((frames[-1][0] + 3000 * SECOND, eth(b"\x45")))
    result = run(frames)
    assert [flow["sport"] for flow in result.flows] == ports + [ports[k] for k in order[:3]]
    assert {flow["ended"] for flow in result.flows} == {"timeout"}


@pytest.mark.parametrize("size", [8, 504, 512, 520, 1024, 1480])
def test_fragments_of_any_size_are_told_apart_by_unit(size: int) -> None:
    rng = Random(size)
    pieces = fragments4(17, udp(4000, 5000, rng.randbytes(6000)), size)
    doubled = [*pieces, *pieces[1:-1]]
    rng.shuffle(doubled)
    last = doubled.index(pieces[0])
    doubled.append(doubled.pop(last))                    # the first comes last, so that all before are held till then
    found = run(spaced([eth(piece) for piece in doubled]))
    assert found.flow["payload_out"] == 6000 and found.flow["dport"] == 5000
    assert found.summary["malformed"] == {}
