"""What the receiver of a TCP segment drops changes nothing: state, counts and contents are as if it had not come."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from conversation import CLIENT, SERVER, Talk
from running import run
from wire import ACK, FIN, PSH, RST, SYN

GET = b"GET /%d HTTP/1.1\r\nHost: h.example\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def exchange(talk: Talk, number: int) -> Talk:
    return talk.say(CLIENT, GET % number).ack(SERVER).say(SERVER, OK).ack(CLIENT)


def spoiled(talk: Talk) -> Talk:
    """The newest frame's TCP checksum is wrong."""
    at, frame = talk.frames[-1]
    sum_at = 14 + 20 + 16
    wrong = struct.unpack_from(">H", frame, sum_at)[0] ^ 0x5555
    talk.frames[-1] = (at, frame[:sum_at] + struct.pack(">H", wrong) + frame[sum_at + 2:])
    return talk


FAR = 1_500_000_000
DROPPED = {
    "a RST far outside": lambda t: t.segment(CLIENT, RST, seq=t.seq[0] + FAR),
    "a RST of the server far outside": lambda t: t.segment(SERVER, RST, seq=t.seq[1] + FAR),
    "a RST behind": lambda t: t.segment(CLIENT, RST, seq=t.seq[0] - 70_000),
    "a RST in the window, not where the receiver waits": lambda t: t.segment(CLIENT, RST, seq=t.seq[0] + 100),
    "a RST with a wrong checksum": lambda t: spoiled(t.segment(CLIENT, RST)),
    "data far ahead": lambda t: t.segment(CLIENT, ACK, b"POST /x HTTP/1.1\r\n\r\n", seq=t.seq[0] + FAR),
    "data beyond the window": lambda t: t.segment(CLIENT, ACK, b"POST /x HTTP/1.1\r\n\r\n", seq=t.seq[0] + 6_000_000),
    "much data beyond the window": lambda t: [
        t.segment(CLIENT, ACK, b"y" * 1400, seq=t.seq[0] + 300_000_000 + 1400 * k, after=1000) for k in range(1500)],
    "data with a wrong checksum": lambda t: spoiled(t.segment(CLIENT, PSH | ACK, b"DELETE / HTTP/1.1\r\n\r\n")),
    "data without ACK": lambda t: t.segment(CLIENT, PSH, b"DELETE / HTTP/1.1\r\n\r\n"),
    "a FIN far outside": lambda t: t.segment(CLIENT, FIN | ACK, seq=t.seq[0] + FAR),
    "a FIN of long ago": lambda t: t.segment(CLIENT, FIN | ACK, seq=1001),
    "a FIN with a wrong checksum": lambda t: spoiled(t.segment(CLIENT, FIN | ACK)),
    "a SYN with a wrong checksum": lambda t: spoiled(t.segment(CLIENT, SYN, ack=0, seq=77)),
}


def facts(talk: Talk) -> dict[str, Any]:
    result = run(talk.frames, kinds=("flows", "http", "streams"))
    flow = result.flow
    kept = {key: flow.get(key) for key in ("state", "ended", "app", "payload_out", "payload_in", "retransmits_out",
                                           "out_of_order_out", "tcp_flags_out")}
    kept["http"] = [(record.get("path"), record.get("status")) for record in result.by_kind["http"]]
    kept["streams"] = [(each["dir"], each["sha256"], each.get("missing_bytes")) for each in result.by_kind["streams"]]
    return kept


@pytest.mark.parametrize("what", DROPPED)
def test_what_is_dropped_changes_nothing(what: str) -> None:
    plain, other = (exchange(Talk().open(), 0) for _ in range(2))
    DROPPED[what](other)
    for talk in (plain, other):
        exchange(exchange(talk, 1), 2)
    assert facts(other) == facts(plain)
    assert facts(plain)["http"] == [("/0", 200), ("/1", 200), ("/2", 200)]


def test_a_dropped_segment_is_noted() -> None:
    talk = exchange(Talk().open(), 0)
    spoiled(talk.segment(CLIENT, RST)).segment(CLIENT, RST, seq=talk.seq[0] + FAR)
    notes = [packet.get("notes", []) for packet in run(talk.frames, kinds=("packets",)).packets]
    assert notes[-2:] == [["bad checksum"], ["outside window"]]


@pytest.mark.parametrize("seq", [0, -20])
def test_a_reset_where_the_receiver_waits_counts(seq: int) -> None:
    """At what was acknowledged last, or at what was sent last."""
    talk = exchange(Talk().open(), 0).say(CLIENT, b"x" * 20)
    talk.segment(CLIENT, RST, seq=talk.seq[0] + seq)
    assert (run(talk.frames).flow["state"], run(talk.frames).flow["ended"]) == ("CLOSED", "rst")


def test_a_reset_behind_missing_bytes_counts() -> None:
    talk = exchange(Talk().open(), 0).skip(CLIENT, 500).say(CLIENT, b"x" * 20).skip(CLIENT, 100)
    assert run(talk.segment(CLIENT, RST).frames).flow["state"] == "CLOSED"


def test_wrong_checksums_of_a_side_that_has_no_right_ones_mean_nothing() -> None:
    """A capture on the sending machine, whose card puts them in."""
    talk = Talk().segment(CLIENT, SYN, ack=0)
    spoiled(talk).seq[CLIENT] += 1
    talk.segment(SERVER, SYN | ACK)
    talk.seq[SERVER] += 1
    spoiled(talk.ack(CLIENT))
    spoiled(talk.say(CLIENT, GET % 0))
    talk.ack(SERVER).say(SERVER, OK)
    assert facts(talk)["http"] == [("/0", 200)]


def test_a_connection_after_a_reset_with_the_same_initial_number() -> None:
    """Load generators and scanners begin so."""
    talk = exchange(Talk().open(), 0).segment(CLIENT, RST)
    again = exchange(Talk(start=talk.now + 1000).open(), 1)
    result = run(talk.frames + again.frames, kinds=("flows", "http"))
    assert len(result.flows) == 2 and [r["path"] for r in result.by_kind["http"]] == ["/0", "/1"]


def test_a_refused_syn_that_is_sent_again_is_the_same_flow() -> None:
    talk = Talk()
    for _ in range(3):
        talk.segment(CLIENT, SYN, ack=0).segment(SERVER, RST | ACK, seq=0, ack=1001)
    assert run(talk.frames).flow["packets_out"] == 3


@pytest.mark.parametrize("hole", [1400, 200_000, 60_000_000, 70_000_000, 1_900_000_000])
@pytest.mark.parametrize("side", [CLIENT, SERVER])
def test_a_hole_of_any_size_is_counted_and_passed(hole: int, side: int) -> None:
    talk = exchange(Talk().open(), 0).skip(side, hole)
    for number in range(1, 31):
        exchange(talk, number)
    result = run(talk.frames, kinds=("flows", "http", "streams"))
    missing = {each["dir"]: each.get("missing_bytes", 0) for each in result.by_kind["streams"]}
    assert missing == {"out": hole if side == CLIENT else 0, "in": hole if side == SERVER else 0}
    assert result.flow["http"]["status"] == 200
