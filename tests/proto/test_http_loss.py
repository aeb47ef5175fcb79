"""HTTP/1 where bytes are lost or many: messages found again, answers with their own requests, long heads."""

import pytest
from cuts import at_once, outcome, told
from test_http import GET, HELLO, make, records


def test_a_hole_in_a_body_does_no_harm():
    probe = make()
    probe.feed(0, GET)
    probe.feed(1, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 100)
    probe.lost(1, 600)
    probe.feed(1, b"x" * 300 + HELLO)
    assert [r["response_bytes"] for r in records(outcome(probe))] == [1000, 5]


def test_behind_a_hole_in_a_head_the_next_message_is_another():
    probe = make()
    probe.feed(0, GET)
    probe.feed(1, HELLO[:10])
    probe.lost(1, 30)
    probe.feed(1, b"Content-Length: 5\r\n\r\nhello" + HELLO)
    probe.feed(0, GET)
    assert [(r.get("method"), r.get("status")) for r in records(outcome(probe))] == [
        ("GET", None),
        (None, 200),
        ("GET", None),
    ]


@pytest.mark.parametrize("lost", range(1, 6))
@pytest.mark.parametrize("side", [0, 1])
def test_a_lost_message_shifts_no_answer(lost, side):
    probe = make()
    for number in range(8):
        for speaker, message in (
            (0, b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % number),
            (1, b"HTTP/1.1 21%d OK\r\nContent-Length: 2\r\n\r\nok" % number),
        ):
            if speaker == side and number == lost:
                probe.lost(side, len(message))
            else:
                probe.feed(speaker, message)
    seen = [(r.get("path"), r.get("status")) for r in records(outcome(probe))]
    assert [pair for pair in seen if None not in pair] == [(f"/{n}", 210 + n) for n in range(8) if n != lost]
    assert (f"/{lost}", None) in seen if side else (None, 210 + lost) in seen


@pytest.mark.parametrize("lost", [(1,), (2, 3), (1, 4)])
def test_lost_answers_of_a_client_that_does_not_wait_are_told_to_nobody(lost):
    probe = make()
    probe.feed(0, b"".join(b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % n for n in range(6)))
    for number in range(6):
        message = b"HTTP/1.1 2%02d OK\r\nContent-Length: 0\r\n\r\n" % number
        probe.lost(1, len(message)) if number in lost else probe.feed(1, message)
    seen = [(r.get("path"), r.get("status")) for r in records(outcome(probe))]
    assert [pair for pair in seen if None not in pair] == [(f"/{n}", 200 + n) for n in range(lost[0])]
    assert {pair[0] for pair in seen if pair[0]} == {f"/{n}" for n in range(6)}


def test_behind_a_cut_head_the_next_message_is_found_after_the_body():
    probe = make()
    probe.feed(0, GET)
    probe.feed(1, b"HTTP/1.1 200 OK\r\nX-C")
    probe.lost(1, 30, cut=True)
    probe.feed(1, b"HTTP/1.1 is no start, HTTP/1.1 300 nor\r\nis this " + HELLO)
    probe.lost(1, 1)
    probe.feed(1, b"HTTP/1.1 40")
    probe.feed(1, b"4 No\r\nContent-Length: 0\r\n\r\n")
    assert probe.malformed == 0
    assert [r.get("status") for r in records(outcome(probe))] == [200, 200, 404]


def test_behind_a_cut_request_the_method_must_be_whole():
    probe = make()
    probe.feed(0, b"GET /1 HTTP/1.1\r\nX-C")
    probe.lost(0, 100, cut=True)
    probe.feed(0, b"ET /lost HTTP/1.1\r\nHost: h\r\n\r\n")
    probe.lost(0, 1)
    probe.feed(0, b"GET /2 HTTP/1.1\r\nHost: h\r\n\r\n")
    assert [r["path"] for r in records(outcome(probe))] == ["/1", "/2"]


@pytest.mark.parametrize("before", [0, 1, 5, 40])
@pytest.mark.parametrize("long", [b"Cookie: ", b"X-Forwarded-For: ", b"Authorization: Bearer "])
def test_fields_behind_long_ones_are_found(before, long):
    fields = b"".join(b"X-%d: %d\r\n" % (n, n) for n in range(before))
    path = b"/" + b"p" * 20000
    request = b"GET " + path + b" HTTP/1.1\r\n" + fields + long + b"a" * 20000 + b"\r\nHost: h.example\r\n\r\n"
    [record] = records(told(make, [(0, request), (1, HELLO)], at_once))
    assert (record["version"], record["host"], record["status"]) == ("1.1", "h.example", 200)
    assert record["path_full"] == record["path"][:1] + "p" * (len(record["path_full"]) - 1)
