"""What third parties put into a connection: acknowledgements of what was never sent, with bytes where the receiver
waits. It drops them, so what really follows is read in their place."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from conversation import CLIENT, SERVER, Talk
from running import run
from wire import ACK, FIN, PSH, checksum

GET = b"GET /%d HTTP/1.1\r\nHost: h.example\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
FAR = 1_500_000_000
IP = 14


def exchange(talk: Talk, number: int) -> Talk:
    return talk.say(CLIENT, GET % number).ack(SERVER).say(SERVER, OK).ack(CLIENT)


def longer(talk: Talk) -> Talk:
    """The header of the newest frame's IP says more than the frame has."""
    at, frame = talk.frames[-1]
    other = bytearray(frame)
    other[IP + 2 : IP + 4] = struct.pack(">H", 3000)
    other[IP + 10 : IP + 12] = bytes(2)
    other[IP + 10 : IP + 12] = struct.pack(">H", checksum(bytes(other[IP : IP + 20])))
    talk.frames[-1] = (at, bytes(other))
    return talk


FORGED: dict[str, Callable[[Talk], object]] = {
    "it acknowledges what was never sent": lambda t: t.segment(CLIENT, PSH | ACK, GET % 9, ack=t.seq[1] + FAR),
    "it acknowledges what is long past": lambda t: t.segment(CLIENT, PSH | ACK, GET % 9, ack=t.seq[1] - FAR),
    "so does what the server says": lambda t: t.segment(SERVER, PSH | ACK, OK * 2, ack=t.seq[0] + FAR),
    "so does a bare acknowledgement": lambda t: t.segment(CLIENT, ACK, ack=t.seq[1] + FAR),
    "so does an end": lambda t: t.segment(CLIENT, FIN | ACK, ack=t.seq[1] + FAR),
    "it is longer than its frame": lambda t: longer(t.segment(CLIENT, PSH | ACK, GET % 9)),
}


@pytest.mark.parametrize("what", FORGED)
@pytest.mark.parametrize("kinds", [("http",), ("flows", "http", "streams", "packets")])
def test_what_really_comes_is_read(what: str, kinds: tuple[str, ...]) -> None:
    talk = exchange(Talk().open(), 0)
    FORGED[what](talk)
    result = run(exchange(exchange(talk, 1), 2).close().frames, kinds={*kinds, "flows"})
    assert [(r["path"], r["status"]) for r in result.by_kind["http"]] == [("/0", 200), ("/1", 200), ("/2", 200)]
    assert (result.flow["payload_out"], result.flow["state"]) == (3 * len(GET % 0), "TIME_WAIT")


@pytest.mark.parametrize("hole", [100_000_000, 1_000_000_000, 1_900_000_000])
@pytest.mark.parametrize("side", [CLIENT, SERVER])
def test_behind_bytes_that_the_capture_missed_acknowledgements_are_as_far(hole: int, side: int) -> None:
    talk = exchange(Talk().open(), 0).skip(side, hole)
    for number in range(1, 20):
        exchange(talk, number)
    result = run(talk.frames, kinds=("flows", "http"))
    assert [r["path"] for r in result.by_kind["http"] if "path" in r][-10:] == [f"/{n}" for n in range(10, 20)]
    assert all(r["status"] == 200 for r in result.by_kind["http"][-10:])
