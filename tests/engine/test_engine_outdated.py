"""Old duplicates (PAWS, RFC 7323 section 5): a segment whose timestamp is older than what its receiver has taken is
dropped with all that it brings; segments that only were overtaken are not."""

from __future__ import annotations

import struct

import pytest
from conversation import CLIENT, SERVER, Talk
from running import run
from wire import ACK, FIN, PSH, SYN

GET = b"GET /%d HTTP/1.1\r\nHost: h.example\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
EVIL = b"DELETE / HTTP/1.1\r\nHost: h.example\r\n\r\n"


class Clocked(Talk):
    """A connection whose segments have timestamps, one tick apart."""

    def __init__(self, clocks: tuple[int, int] = (100_000, 500_000), sack: bool = False) -> None:
        super().__init__()
        self.clocks = list(clocks)
        self.sack = sack

    def segment(self, side: int, flags: int = ACK, data: bytes = b"", *, stamp: int | None = None, **words) -> Talk:
        self.clocks[side] += 1
        value = self.clocks[side] if stamp is None else stamp
        option = struct.pack(">BBII", 8, 10, value & 0xFFFFFFFF, self.clocks[1 - side] & 0xFFFFFFFF)
        words["options"] = words.get("options", b"") + (b"" if self.sack else b"\1\1") + option
        return super().segment(side, flags, data, **words)


def exchange(talk: Talk, number: int) -> Talk:
    return talk.say(CLIENT, GET % number).ack(SERVER).say(SERVER, OK).ack(CLIENT)


def told(talk: Talk) -> tuple[list[tuple[str | None, int | None]], str, int, int]:
    result = run(talk.frames, kinds=("flows", "http"))
    flow = result.flow
    pairs = [(r.get("path"), r.get("status")) for r in result.by_kind["http"]]
    return pairs, flow["state"], flow["payload_out"], flow["retransmits_out"]


@pytest.mark.parametrize("clocks", [(100_000, 500_000), (0xFFFFFFFA, 0x7FFFFFF9)])
@pytest.mark.parametrize("old", [2, 1000, 2_000_000_000])
@pytest.mark.parametrize("side", [CLIENT, SERVER])
@pytest.mark.parametrize("flags", [PSH | ACK, FIN | ACK])
@pytest.mark.parametrize("sack", [False, True])
def test_what_is_older_than_what_was_taken_is_dropped(
    clocks: tuple[int, int], old: int, side: int, flags: int, sack: bool
) -> None:
    """Where the option stands does not matter, nor that clocks wrap."""
    plain, other = (exchange(Clocked(clocks, sack).open(), 0) for _ in range(2))
    other.segment(side, flags, EVIL if side == CLIENT else OK, stamp=other.clocks[side] - old)
    assert told(exchange(exchange(other, 1), 2)) == told(exchange(exchange(plain, 1), 2))
    assert told(plain)[0] == [("/0", 200), ("/1", 200), ("/2", 200)]


class Bare(Clocked):
    """Whose SYNs have no timestamps, or that of one side alone."""

    def __init__(self, offers: tuple[bool, bool]) -> None:
        super().__init__()
        self.offers = offers

    def segment(self, side: int, flags: int = ACK, data: bytes = b"", **words) -> Talk:
        if flags & SYN and not self.offers[side]:
            words.pop("stamp", None)
            return Talk.segment(self, side, flags, data, **words)
        return super().segment(side, flags, data, **words)


@pytest.mark.parametrize("offers", [(False, False), (True, False), (False, True)])
def test_timestamps_that_were_not_agreed_say_nothing(offers: tuple[bool, bool]) -> None:
    """RFC 7323 section 3.2: the receiver does not look at them, whatever they are."""
    talk = Bare(offers).open()
    for number in range(3):
        talk.clocks[CLIENT] = 90_000 - 5_000 * number
        exchange(talk, number)
    pairs, state, *_ = told(talk.close())
    assert pairs == [(f"/{number}", 200) for number in range(3)] and state == "TIME_WAIT"


def test_a_segment_far_behind_sets_no_clock() -> None:
    """A receiver drops it by its numbers before it looks at its timestamp."""
    talk = exchange(Clocked().open(), 0)
    talk.segment(CLIENT, ACK, seq=talk.seq[CLIENT] - 300_000_000, stamp=1 << 30)
    pairs, state, *_ = told(exchange(exchange(talk, 1), 2).close())
    assert pairs == [("/0", 200), ("/1", 200), ("/2", 200)] and state == "TIME_WAIT"


def test_a_clock_that_says_nothing_is_old() -> None:
    talk = exchange(Clocked().open(), 0)
    talk.segment(CLIENT, PSH | ACK, EVIL, stamp=0)
    assert told(exchange(talk, 1))[0] == [("/0", 200), ("/1", 200)]


def test_an_old_first_request_is_dropped() -> None:
    """The handshake had timestamps, too."""
    talk = Clocked().open()
    talk.segment(CLIENT, PSH | ACK, EVIL, stamp=99_000)
    assert told(exchange(talk, 0))[0] == [("/0", 200)]


def test_what_was_only_overtaken_counts() -> None:
    """Three segments in the wrong order, none acknowledged: the newest comes first."""
    talk = exchange(Clocked().open(), 0)
    request = GET % 1
    for at in (20, 10, 0):
        part = request[at:] if at == 20 else request[at : at + 10]
        talk.segment(CLIENT, PSH | ACK, part, seq=talk.seq[CLIENT] + at, stamp=200_000 + at)
    talk.clocks[CLIENT] = 200_020
    talk.seq[CLIENT] += len(request)
    talk.ack(SERVER).say(SERVER, OK).ack(CLIENT)
    assert told(talk)[0] == [("/0", 200), ("/1", 200)]


def test_what_was_acknowledged_counts_however_late_it_was_captured() -> None:
    """The capture's own disorder: the receiver had taken it before."""
    talk = exchange(Clocked().open(), 0)
    late = len(talk.frames)
    talk.say(CLIENT, GET % 1).ack(SERVER).say(SERVER, OK).ack(CLIENT)
    talk.say(CLIENT, GET % 2)
    frames = talk.frames[:late] + talk.frames[late + 1 :] + [(talk.now + 1000, talk.frames[late][1])]
    talk.frames = frames
    assert ("/2", None) in told(talk)[0]
    assert told(talk)[2] == 3 * len(GET % 0)


def test_resets_and_new_connections_have_any_timestamp() -> None:
    talk = exchange(Clocked().open(), 0).close()
    again = Clocked((50, 60))
    again.now, again.seq = talk.now + 90_000_000_000, [90_000, 70_000]
    again.segment(CLIENT, SYN, ack=0)
    again.seq[CLIENT] += 1
    again.segment(SERVER, SYN | ACK)
    again.seq[SERVER] += 1
    exchange(again.ack(CLIENT), 1)
    result = run(talk.frames + again.frames, kinds=("flows", "http"))
    assert [r["path"] for r in result.by_kind["http"]] == ["/0", "/1"] and len(result.flows) == 2
