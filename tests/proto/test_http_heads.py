"""HTTP/1: how much is kept of heads that wait for an answer."""

import pytest
from cuts import at_once, told

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto.http import text as http

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@pytest.mark.parametrize("room", [0, 1, 9, 10, 11, 12, 21, 22, 63, 64, 65, 127, 128, 200])
@pytest.mark.parametrize("line", [b"X: x\r\n", b"X: " + b"x" * 500 + b"\r\n", b"X: " + b"x" * 5000 + b"\r\n"])
def test_heads_beyond_what_is_kept_have_the_room_that_is_left(room, line):
    """Of 128 KiB of heads that wait for an answer `room` bytes are left for one of 20 KB."""
    def head(size):
        start = b"GET / HTTP/1.1\r\nX: "
        return start + b"x" * (size - len(start) - 4) + b"\r\n\r\n"

    last = b"POST /last HTTP/1.1\r\n" + line * (20000 // len(line)) + b"\r\n"
    full = [head(16384)] * 7 + [head(16384 - room)]
    found = told(lambda: Probe("http"), [(0, each) for each in (*full, last)] + [(1, HELLO)] * 9, at_once)
    found = [http.record(event[4]) for event in found["events"]]
    assert len(found) == 9 and [record["path"] for record in found[:8]] == ["/"] * 8
    assert ("path" in found[8]) == (room >= 64) and found[8].get("path", "/last") == "/last"
