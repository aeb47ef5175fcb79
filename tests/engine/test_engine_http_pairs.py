"""HTTP/1 transactions in a capture with losses and skew: what is told is true, and only what is lost is missing."""

from __future__ import annotations

import random

import pytest
from conversation import CLIENT, SERVER, Talk
from running import run_capture
from wire import pcap

N = 8


def messages(number: int, rng: random.Random) -> tuple[bytes, bytes]:
    body = b"b" * rng.choice((0, 0, 40))
    length = b"Content-Length: %d\r\n" % len(body) if body else b""
    request = b"POST /%d HTTP/1.1\r\nHost: h.example\r\n%s\r\n%s" % (number, length or b"Content-Length: 0\r\n", body)
    answer = b"x" * (100 + number)
    return request, b"HTTP/1.1 %d OK\r\nContent-Type: t%d\r\nServer: s%d\r\nContent-Length: %d\r\n\r\n%s" % (
        210 + number, number, number, len(answer), answer)


def capture(lost: set[tuple[int, int]], rng: random.Random, swapped: set[int] = frozenset(), joined: bool = False):
    """A client that asks one thing at a time. `lost`: (number, side) of messages the capture lacks; `swapped`: their
    answers were captured before them."""
    talk = Talk()
    if not joined:
        talk.open()
    for number in range(N):
        request, response = messages(number, rng)
        if (number, CLIENT) in lost:
            talk.skip(CLIENT, len(request))
        else:
            talk.say(CLIENT, request)
        talk.ack(SERVER)
        if (number, SERVER) in lost:
            talk.skip(SERVER, len(response))
        else:
            talk.say(SERVER, response)
            if number in swapped and (number, CLIENT) not in lost:
                talk.frames[-1], talk.frames[-3] = talk.frames[-3], talk.frames[-1]
                talk.frames[-3:] = [(at, frame) for (at, _), (_, frame) in
                                    zip(sorted(talk.frames[-3:]), talk.frames[-3:], strict=True)]
        talk.ack(CLIENT)
    return pcap(talk.close().frames)


def told(data: bytes) -> list[tuple[str | None, int | None, int | None]]:
    """(path, status, bytes of the answer) of each http record."""
    records = run_capture(data, ("http",)).by_kind["http"]
    return [(r.get("path"), r.get("status"), r.get("response_bytes")) for r in records]


def check(seen, lost: set[tuple[int, int]]) -> None:
    for path, status, _ in seen:
        assert path is None or status is None or int(path[1:]) == status - 210, "an answer of another request"
    whole = {n for n in range(N) if (n, CLIENT) not in lost and (n, SERVER) not in lost}
    assert {int(path[1:]) for path, status, _ in seen if path and status} == whole
    assert len(seen) == N - sum((n, CLIENT) in lost and (n, SERVER) in lost for n in range(N))
    assert all(size == 100 + status - 210 for _, status, size in seen if status)


@pytest.mark.parametrize("side", [CLIENT, SERVER])
@pytest.mark.parametrize("number", range(1, N))
def test_one_message_is_lost(number, side):
    lost = {(number, side)}
    check(told(capture(lost, random.Random(number))), lost)


@pytest.mark.parametrize("side", [CLIENT, SERVER])
@pytest.mark.parametrize("first", range(1, N - 1))
def test_messages_in_a_row_are_lost(first, side):
    lost = {(first, side), (first + 1, side)}
    check(told(capture(lost, random.Random(first))), lost)


@pytest.mark.parametrize("seed", range(12))
def test_messages_of_one_side_are_lost_here_and_there(seed):
    rng = random.Random(seed)
    side = seed % 2
    lost = {(number, side) for number in range(1, N) if rng.random() < 0.3}
    check(told(capture(lost, rng)), lost)


@pytest.mark.parametrize("seed", range(8))
def test_answers_captured_before_their_requests(seed):
    rng = random.Random(seed)
    swapped = {number for number in range(N) if rng.random() < 0.5}
    check(told(capture(set(), rng, swapped)), set())


@pytest.mark.parametrize("seed", range(12))
def test_of_both_sides_nothing_is_told_to_a_stranger(seed):
    rng = random.Random(seed)
    lost = {(number, side) for number in range(1, N) for side in (CLIENT, SERVER) if rng.random() < 0.2}
    seen = told(capture(lost, rng))
    for path, status, _ in seen:
        assert path is None or status is None or int(path[1:]) == status - 210, "an answer of another request"


@pytest.mark.parametrize("last", range(N - 1))
@pytest.mark.parametrize("swapped", [frozenset(), frozenset({1, 3}), frozenset(range(N))])
def test_the_flow_tells_one_transaction(last: int, swapped: set[int]):
    """The first answers are lost: the status of a later one does not stand beside the path of the first request."""
    lost = {(number, SERVER) for number in range(last + 1)}
    flow = run_capture(capture(lost, random.Random(last), swapped), ("flows",)).flow["http"]
    assert (flow["path"], flow.get("status"), len(flow["statuses"])) == ("/0", None, N - 1 - last)
    assert run_capture(capture(set(), random.Random(last), swapped), ("flows",)).flow["http"]["status"] == 210


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("joined", [False, True])
def test_the_flow_tells_of_no_two_transactions(seed: int, joined: bool):
    """Whatever was lost of both sides: status, type and server are of one answer, the one to the first request."""
    rng = random.Random(seed)
    lost = {(number, side) for number in range(N) for side in (CLIENT, SERVER)
            if rng.random() < (0.6 if number < 3 else 0.2)}
    if seed % 6 == 0:
        lost |= {(number, CLIENT) for number in range(N)}
    swapped = {number for number in range(N) if seed % 3 == 0 and rng.random() < 0.5}
    flow = run_capture(capture(lost, rng, swapped, joined), ("flows",)).flow.get("http", {})
    answer = {flow["status"] - 210} if "status" in flow else set()
    assert {int(flow[key][1:]) for key in ("content_type", "server") if key in flow} == answer
    if "path" in flow:
        assert answer <= {int(flow["path"][1:])}
        first = min(number for number in range(N) if (number, CLIENT) not in lost)
        if not swapped and not joined and not any(side == CLIENT and at > first for at, side in lost):
            assert bool(answer) == ((first, SERVER) not in lost)
    elif any((number, SERVER) not in lost for number in range(N)):
        assert answer
