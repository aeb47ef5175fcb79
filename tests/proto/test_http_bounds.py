"""HTTP/1: what is kept of heads that are long, or many."""

import pytest
from cuts import at_once, told

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto.http import text as http

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def make():
    return Probe("http")


def records(result):
    return [http.record(event[4]) for event in result["events"]]


def test_a_long_head_is_kept_in_part_and_a_longer_one_is_malformed():
    head = b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 60000 + b"\r\n\r\n"
    result = told(make, [(0, head)], at_once)
    assert len(result["events"][0][4]) <= 48 + 16384
    assert len(records(result)[0]["request_headers"]["x"]) > 8000
    big = b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 33000 + b"\r\n"
    result = told(make, [(0, big)], at_once)
    assert result["malformed"] == 1
    assert told(make, [(0, big)], lambda data: [data[i : i + 999] for i in range(0, len(data), 999)]) == result


@pytest.mark.parametrize("room", [0, 1, 9, 10, 11, 12, 21, 22, 63, 64, 65, 127, 128, 200])
@pytest.mark.parametrize("line", [b"X: x\r\n", b"X: " + b"x" * 500 + b"\r\n", b"X: " + b"x" * 5000 + b"\r\n"])
def test_heads_beyond_what_is_kept_have_the_room_that_is_left(room, line):
    """Of 128 KiB of heads that wait for an answer `room` bytes are left for one of 20 KB."""
    def head(size):
        start = b"GET / HTTP/1.1\r\nX: "
        return start + b"x" * (size - len(start) - 4) + b"\r\n\r\n"

    last = b"POST /last HTTP/1.1\r\n" + line * (20000 // len(line)) + b"\r\n"
    full = [head(16384)] * 7 + [head(16384 - room)]
    found = records(told(make, [(0, each) for each in (*full, last)] + [(1, HELLO)] * 9, at_once))
    assert len(found) == 9 and [record["path"] for record in found[:8]] == ["/"] * 8
    assert ("path" in found[8]) == (room >= 64) and found[8].get("path", "/last") == "/last"
