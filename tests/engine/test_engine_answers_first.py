"""Captures that have the two directions from different places show answers before what they answer. Whatever changes
places, the flow is read as it was spoken: each pair of messages of the lab's captures and of the hand-made talks."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from conversation import CLIENT, SERVER, Talk
from lab import Lab, frames_of, small_captures, tcp_flows
from running import Result, run, run_capture
from spoken import SPOKEN, carries, talk_of
from talks import TALKS, Turns, dns_message, vector
from test_engine_lost import leaves
from wire import ACK, MS, PSH, Timed

GET = b"GET /%d HTTP/1.1\r\nHost: h.example\r\n\r\n"
OK = b"HTTP/1.1 %d OK\r\nContent-Length: 2\r\n\r\nok"
PATIENCE = 8        # frames of the flow


class Told(NamedTuple):
    """What a flow says, but for its times."""

    stacks: list[object]
    values: Counter[tuple[str, str | bool]]
    pairs: Counter[tuple[object, ...]]
    malformed: dict[str, int]


def told(result: Result) -> Told:
    stacks = [flow.get("app_stack") for flow in result.flows]
    values = Counter(each for flow in result.flows for app in flow.get("app_stack", ())
                     for each in leaves(flow.get(app.replace("-", "_"), {}), app))
    pairs = Counter((each.get("path"), each.get("status"), each.get("response_bytes"))
                    for each in result.by_kind["http"])
    pairs += Counter((each.get("qr"), each["id"], str(each.get("answers"))) for each in result.by_kind["dns"])
    return Told(stacks, values, pairs, result.summary["malformed"])


def swaps(said: list[int | None]) -> list[tuple[int, int]]:
    """Where one side speaks, and where the other does next."""
    spoken = [at for at, side in enumerate(said) if side is not None]
    return [(a, b) for a, b in pairwise(spoken) if said[a] != said[b]]


def moved(frames: list[Any], to: int, at: int) -> list[Any]:
    return [*frames[:to], frames[at], *frames[to:at], *frames[at + 1:]]


def in_time(lab: Lab, frames: list[bytes]) -> list[bytes]:
    return [own[:8] + frame[8:] for own, frame in zip(lab.frames, frames, strict=True)]


AT_ONCE = {("ftp.commands", "QUIT"): 1}  # of who waits for nothing: all is over once it was answered


@pytest.mark.parametrize("path", small_captures(), ids=lambda path: path.stem)
def test_of_the_lab_whatever_two_messages_change_places(path) -> None:
    kinds = ("flows", "http", "dns")
    for lab in tcp_flows(path):
        whole = told(lab.read(lab.frames, kinds))
        for one, two in swaps(lab.said):
            found = told(lab.read(in_time(lab, moved(lab.frames, one, two)), kinds))
            lost = Counter(AT_ONCE) if whole.values - found.values == Counter(AT_ONCE) else Counter()
            assert found._replace(values=found.values + lost) == whole, (lab.stack, one, two)


def test_a_lost_command_costs_no_announced_flow() -> None:
    """What tells of a flow that begins at once waits for nothing."""
    (path,) = (path for path in small_captures() if path.stem == "ftp")
    head, records = frames_of(path)
    announced = apps(run_capture(path.read_bytes()))["ftp-data"]
    assert announced >= 4
    whole = run_capture(path.read_bytes(), kinds=("flows", "packets"))
    control = {flow["id"] for flow in whole.flows if flow.get("app") == "ftp"}
    sent = [packet for packet in whole.packets if packet.get("flow") in control and packet["dport"] == 21]
    for lost in [packet["n"] - 1 for packet in sent]:
        found = apps(run_capture(head + b"".join(records[:lost] + records[lost + 1 :])))
        told_by_itself = records[lost].find(b"PORT ") >= 0 or records[lost].find(b"EPRT ") >= 0
        assert found["ftp-data"] >= announced - told_by_itself, lost


def apps(result: Result) -> Counter[str]:
    return Counter(flow.get("app", "") for flow in result.flows)


def all_talks() -> dict[str, tuple[int, Turns]]:
    made = {f"{name} {number}": (talk_of(name).PORT, turns) for name in SPOKEN if carries(name, datagram=False)
            for number, (turns, *_) in enumerate(talk_of(name).TALKS)}
    return made | {name: (port, make()) for name, (port, make) in TALKS.items()}


def latencies(result: Result) -> list[int]:
    records = [flow[app] for flow in result.flows for app in flow.get("app_stack", ()) if app in flow]
    return [each["latency_us"] for each in [*records, *result.by_kind["http"], *result.by_kind["dns"]]
            if "latency_us" in each]


@pytest.mark.parametrize("piece", [1400, 90])
@pytest.mark.parametrize("name", all_talks())
def test_of_made_talks_whatever_two_turns_change_places(name: str, piece: int) -> None:
    """A turn is seen whole before the one that it follows. How long it took nobody knows then."""
    port, turns = all_talks()[name]
    turns = [(side, b"".join(data for _, data in run_)) for side, run_ in grouped(turns)]
    talk, turn_of = Talk(dport=port).open(), [-1, -1, -1]
    for number, (side, data) in enumerate(turns):
        size = max(piece, -(-len(data) // PATIENCE))
        for at in range(0, len(data), size):
            talk.say(side, data[at : at + size])
            turn_of.append(number)
        talk.ack(1 - side)
        turn_of.append(-1)
    talk.close()
    kinds = ("flows", "http", "dns")
    whole = told(run(talk.frames, kinds=kinds))
    for number in range(len(turns) - 1):
        first = turn_of.index(number)
        moved_ = [at for at, turn in enumerate(turn_of) if turn == number + 1]
        order = [*range(first), *moved_, *(at for at in range(first, len(talk.frames)) if at not in moved_)]
        result = run(timed(talk.frames, [talk.frames[at] for at in order]), kinds=kinds)
        assert told(result) == whole, number
        assert not [us for us in latencies(result) if us < 1000], "an answer took no time"


def grouped(turns: Turns) -> list[tuple[int, Turns]]:
    runs: list[tuple[int, Turns]] = []
    for turn in turns:
        if not runs or runs[-1][0] != turn[0]:
            runs.append((turn[0], []))
        runs[-1][1].append(turn)
    return runs


def timed(own: list[Timed], frames: list[Timed]) -> list[Timed]:
    return [(ns, frame) for (ns, *_), (_, frame) in zip(own, frames, strict=True)]


def pairs(result: Result) -> list[tuple[object, object]]:
    return [(each.get("path"), each.get("status")) for each in result.by_kind["http"]]


@pytest.mark.parametrize("parts", [1, 2, 5])
@pytest.mark.parametrize("answers", [1, 2, 3])
def test_pipelined_requests_in_parts_behind_their_answers(parts: int, answers: int) -> None:
    talk = Talk().open()
    asked = b"".join(GET % number for number in range(answers))
    for number in range(answers):
        talk.segment(SERVER, PSH | ACK, OK % (200 + number), ack=talk.seq[CLIENT] + len(asked))
        talk.seq[SERVER] += len(OK % 200)
    size = -(-len(asked) // parts)
    for at in range(0, len(asked), size):
        talk.segment(CLIENT, PSH | ACK, asked[at : at + size], seq=talk.seq[CLIENT] + at, ack=5001)
    talk.seq[CLIENT] += len(asked)
    result = run(talk.close().frames, kinds=("flows", "http"))
    assert pairs(result) == [(f"/{number}", 200 + number) for number in range(answers)]
    assert result.flow["initiator"] == "seen"


@pytest.mark.parametrize("acked", [False, True])
@pytest.mark.parametrize("frames", [0, 3, PATIENCE, 40])
def test_what_never_comes_is_not_waited_for(frames: int, acked: bool) -> None:
    """The request is lost: its answer is told once the client goes on, or some frames later; what follows is paired."""
    talk = Talk().open().skip(CLIENT, len(GET % 0)).say(SERVER, OK % 200)
    if acked:
        talk.ack(CLIENT)
    for _ in range(frames):
        talk.ack(SERVER)
    talk.say(CLIENT, GET % 1).ack(SERVER).say(SERVER, OK % 201).ack(CLIENT)
    result = run(talk.close().frames, kinds=("flows", "http"))
    assert pairs(result) == [(None, 200), ("/1", 201)]
    assert result.flow["payload_in"] == 2 * len(OK % 200)


def test_of_a_download_whose_request_is_lost_no_more_than_its_beginning_waits() -> None:
    talk = Talk().open().skip(CLIENT, len(GET % 0))
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n"
    talk.say(SERVER, head)
    for _ in range(200):
        talk.say(SERVER, bytes(1000))
    result = run(talk.close().frames, kinds=("flows", "http", "streams"))
    assert [(each["status"], each["response_bytes"]) for each in result.by_kind["http"]] == [(200, 200_000)]
    assert [each.get("missing_bytes") for each in result.by_kind["streams"] if each["dir"] == "in"] == [None]


@pytest.mark.parametrize("forged", [OK % 500, b"x" * 300])
def test_bytes_that_answer_what_was_never_sent_give_way_to_those_that_do_not(forged: bytes) -> None:
    """RFC 9293 section 3.10.7.4: their receiver drops them."""
    talk = Talk().open().say(CLIENT, GET % 0).ack(SERVER)
    talk.segment(SERVER, PSH | ACK, forged, ack=talk.seq[CLIENT] + 500)
    talk.say(SERVER, OK % 200).ack(CLIENT).say(CLIENT, GET % 1).ack(SERVER).say(SERVER, OK % 201).ack(CLIENT)
    assert pairs(run(talk.close().frames, kinds=("flows", "http"))) == [("/0", 200), ("/1", 201)]


def test_a_flow_of_which_one_side_is_captured_is_told_as_it_comes() -> None:
    talk = Talk().open()
    for number in range(3):
        talk.say(CLIENT, GET % number).ack(SERVER).say(SERVER, OK % (200 + number)).ack(CLIENT)
    frames = [frame for k, frame in enumerate(talk.frames) if k > 2 and (k - 3) % 4 in (1, 2)]
    assert pairs(run(frames, kinds=("flows", "http"))) == [(None, 200), (None, 201), (None, 202)]


def test_dns_over_tcp_has_no_time_of_an_answer_that_came_first() -> None:
    talk = Talk(dport=53).open()
    query, answer = vector(dns_message(7, b"a.example")), vector(dns_message(7, b"a.example", b"\1\2\3\4"))
    talk.segment(SERVER, PSH | ACK, answer, ack=talk.seq[CLIENT] + len(query)).say(CLIENT, query)
    talk.seq[SERVER] += len(answer)
    records = run(talk.close().frames, kinds=("flows", "dns")).by_kind["dns"]
    assert {(each["qr"], each.get("latency_us")) for each in records} == {("query", None), ("response", None)}
    assert [each["time"] for each in records] == sorted(each["time"] for each in records)


def test_times_are_those_of_the_frames() -> None:
    talk = Talk().open()
    talk.segment(SERVER, PSH | ACK, OK % 200, ack=talk.seq[CLIENT] + len(GET % 0))
    talk.say(CLIENT, GET % 0, after=50 * MS)
    talk.seq[SERVER] += len(OK % 200)
    record, = run(talk.ack(CLIENT).close().frames, kinds=("http",)).by_kind["http"]
    assert (record["path"], record["status"], record.get("latency_us")) == ("/0", 200, None)
    assert record["time"].endswith("20.054000000Z")


@pytest.mark.parametrize("end", range(1, len(GET % 0)))
@pytest.mark.parametrize("begin", range(0, len(GET % 0) - 1, 7))
def test_bytes_that_wait_end_those_that_do_not_wherever_both_are_the_same(begin: int, end: int) -> None:
    """Part of a request claims to have heard what nobody said; the whole one does not."""
    asked, talk = GET % 0, Talk().open()
    talk.segment(CLIENT, PSH | ACK, asked[begin:end], seq=talk.seq[CLIENT] + begin, ack=talk.seq[SERVER] + 100)
    talk.say(CLIENT, asked).ack(SERVER).say(SERVER, OK % 200).ack(CLIENT)
    assert pairs(run(talk.close().frames, kinds=("flows", "http"))) == [("/0", 200)]


def test_a_handshake_seen_again_takes_nothing_from_what_waits() -> None:
    talk = Talk(dport=25).open()
    again, banner, hello = talk.frames[1][1], b"220 mx.example ESMTP\r\n", b"EHLO c.example\r\n"
    talk.segment(CLIENT, PSH | ACK, hello, ack=talk.seq[SERVER] + len(banner))
    talk.frames.append((talk.now + 1, again))
    talk.say(SERVER, banner)
    talk.seq[CLIENT] += len(hello)
    result = run(talk.say(SERVER, b"250 ok\r\n").ack(CLIENT).close().frames)
    assert result.flow["smtp"]["helo"] == "c.example"


@pytest.mark.parametrize("lost", [0, 1, 2, 3, 5])
@pytest.mark.parametrize("hole", [False, True])
def test_requests_whose_answers_are_lost_come_before_the_next_answer(lost: int, hole: bool) -> None:
    talk = Talk().open()
    for number in range(lost + 1):
        if hole and number == lost - 1:
            talk.skip(CLIENT, len(GET % 0))
        else:
            talk.say(CLIENT, GET % number)
        if number < lost:
            talk.skip(SERVER, len(OK % 200))
    talk.say(SERVER, OK % 200).ack(CLIENT)
    result = run(talk.close().frames, kinds=("flows", "http"))
    newest = max((each for each in result.by_kind["http"] if each.get("path")), key=lambda each: each["time"])
    assert (newest["path"], newest.get("status")) == (f"/{lost}", 200)


def test_what_waits_behind_a_hole_is_read_whatever_was_acknowledged() -> None:
    size, talk = len(GET % 0), Talk().open().say(CLIENT, GET % 1).skip(CLIENT, len(GET % 2))
    heard = talk.seq[SERVER] + 2 * len(OK % 200)
    talk.segment(CLIENT, PSH | ACK, GET % 3, ack=heard)
    talk.segment(SERVER, ACK, ack=talk.seq[CLIENT] + 2 * size)
    talk.segment(CLIENT, PSH | ACK, GET % 4, seq=talk.seq[CLIENT] + size, ack=heard)
    talk.seq[CLIENT] += 2 * size
    for number in range(1, 5):
        talk.say(SERVER, OK % (200 + number))
    records = run(talk.ack(CLIENT).close().frames, kinds=("flows", "http")).by_kind["http"]
    assert sorted(each["path"] for each in records if each.get("path")) == ["/1", "/3", "/4"]


@pytest.mark.parametrize("answered", [False, True])
def test_bytes_sent_again_say_nothing_against_what_waits(answered: bool) -> None:
    talk = Talk().open().say(CLIENT, GET % 1)
    first, second = talk.seq[CLIENT] - len(GET % 1), talk.seq[SERVER] + len(OK % 200)
    talk.segment(CLIENT, PSH | ACK, GET % 2, ack=second)
    talk.segment(CLIENT, PSH | ACK, GET % 1, seq=first)
    talk.say(SERVER, OK % 201, after=5000 * MS)
    talk.seq[CLIENT] += len(GET % 2)
    if answered:
        talk.say(SERVER, OK % 202, after=1000 * MS).ack(CLIENT)
    records = run(talk.close().frames, kinds=("flows", "http")).by_kind["http"]
    assert [(each["path"], each.get("status")) for each in records] == [("/1", 201), ("/2", 202 if answered else None)]
    assert all(each.get("latency_us", 5_000_000) >= 5_000_000 for each in records)


@pytest.mark.parametrize("n", range(1, len(GET % 2)))
def test_a_beginning_that_does_not_wait_leaves_the_rest_of_what_waits(n: int) -> None:
    talk = Talk().open().say(CLIENT, GET % 1)
    talk.segment(CLIENT, PSH | ACK, GET % 2, ack=talk.seq[SERVER] + len(OK % 200))
    talk.segment(CLIENT, PSH | ACK, (GET % 2)[:n])
    talk.say(SERVER, OK % 201)
    talk.seq[CLIENT] += len(GET % 2)
    records = run(talk.say(SERVER, OK % 202).ack(CLIENT).close().frames, kinds=("flows", "http")).by_kind["http"]
    assert [(each.get("path"), each["status"]) for each in records] == [("/1", 201), ("/2", 202)]
    assert all(each["latency_us"] for each in records)
