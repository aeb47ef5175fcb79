"""Options that make a receiver drop a packet: by such, tools that evade inspection put in what only the inspector
takes."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pytest
from conversation import CLIENT, SERVER, Talk
from running import run
from wire import ACK, FIN, MS, PSH, RST, START, SYN, eth, extension, ip4, ip6, tcp, udp

GET = b"GET /%d HTTP/1.1\r\nHost: h.example\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
DECOY = b"DELETE / HTTP/1.1\r\nHost: decoy.example\r\n\r\n"
STAMP = b"\1\1" + struct.pack(">BBII", 8, 10, 7, 9)
SIGNATURE = b"\1\1\x13\x12" + bytes(16)
AUTHENTICATION = b"\1\1\x1d\x10" + bytes(14)


class Optional(Talk):
    """A talk whose segments all have some options."""

    def __init__(self, options: bytes, **words: Any) -> None:
        super().__init__(**words)
        self.options = options

    def segment(self, side: int, flags: int = ACK, data: bytes = b"", **words: Any) -> Talk:
        if not flags & SYN or self.options != STAMP:
            words.setdefault("options", self.options)
        return super().segment(side, flags, data, **words)

    def open(self) -> Talk:
        self.segment(CLIENT, SYN, ack=0)
        self.seq[CLIENT] += 1
        self.segment(SERVER, SYN | ACK)
        self.seq[SERVER] += 1
        return self.ack(CLIENT)


def exchange(talk: Talk, number: int) -> Talk:
    return talk.say(CLIENT, GET % number).ack(SERVER).say(SERVER, OK).ack(CLIENT)


DROPPED: dict[str, Callable[[Talk, bytes], object]] = {
    "data": lambda t, o: t.segment(CLIENT, PSH | ACK, DECOY, options=o),
    "an answer": lambda t, o: t.segment(SERVER, PSH | ACK, OK * 2, options=o),
    "a reset": lambda t, o: t.segment(CLIENT, RST, options=o),
    "an end": lambda t, o: t.segment(CLIENT, FIN | ACK, options=o),
}


@pytest.mark.parametrize("kinds", [("http",), ("flows", "http", "streams", "packets")])
@pytest.mark.parametrize(("agreed", "sent"), [
    (b"", SIGNATURE), (STAMP, SIGNATURE), (STAMP, STAMP + SIGNATURE), (b"", AUTHENTICATION), (SIGNATURE, b""),
    (AUTHENTICATION, STAMP),
])
@pytest.mark.parametrize("what", DROPPED)
def test_signed_or_not_as_the_syns_were(what: str, agreed: bytes, sent: bytes, kinds: tuple[str, ...]) -> None:
    talk = exchange(Optional(agreed).open(), 0)
    DROPPED[what](talk, sent)
    result = run(exchange(exchange(talk, 1), 2).close().frames, kinds={*kinds, "flows"})
    assert [(r["path"], r["status"]) for r in result.by_kind["http"]] == [("/0", 200), ("/1", 200), ("/2", 200)]
    assert (result.flow["payload_out"], result.flow["state"]) == (3 * len(GET % 0), "TIME_WAIT")


def test_it_is_noted_why() -> None:
    talk = exchange(Talk().open(), 0).segment(CLIENT, PSH | ACK, DECOY, options=SIGNATURE)
    assert run(talk.frames, kinds=("packets",)).packets[-1]["notes"] == ["unexpected signature"]


def test_a_signed_connection_takes_the_place_of_another() -> None:
    """Its SYN waited until it was taken."""
    one = exchange(Optional(b"").open(), 0)
    two = exchange(Optional(SIGNATURE, start=one.now, isn=(2_000_000_000, 9)).open(), 1)
    result = run(one.frames + two.frames, kinds=("flows", "http"))
    assert [r["path"] for r in result.by_kind["http"]] == ["/0", "/1"] and len(result.flows) == 2


def test_joined_in_the_middle_nothing_is_known_of_signatures() -> None:
    talk = exchange(Talk(), 0).say(CLIENT, GET % 1, options=SIGNATURE).ack(SERVER).say(SERVER, OK)
    assert [r["path"] for r in run(talk.frames, kinds=("http",)).by_kind["http"]] == ["/0", "/1"]


# --- IP

@pytest.mark.parametrize("options", [b"\x07\x00\0\0", b"\x07\x01\0\0", b"\x44\x28\x05\0", b"\x94\xff\0\0", b"\1\1\1\7"])
def test_options_of_ipv4_that_do_not_fit(options: bytes) -> None:
    frames = [eth(ip4(17, udp(1, 2, b"x"))), eth(ip4(17, udp(1, 2, b"decoy"), options=options))]
    result = run([(START + n * MS, frame) for n, frame in enumerate(frames)])
    assert result.flow["payload_out"] == 1 and result.summary["malformed"] == {"ip-header": 1}


@pytest.mark.parametrize("options", [b"\1\1\1\0", b"\x94\x04\0\0", b"\x44\x04\x05\0", bytes(40), b"\x07\x04\4\0"])
def test_options_of_ipv4_that_do(options: bytes) -> None:
    assert run([(START, eth(ip4(17, udp(1, 2, b"x"), options=options)))]).flow["payload_out"] == 1


@pytest.mark.parametrize("before", [60, 0, 43])
def test_hop_by_hop_options_come_first(before: int) -> None:
    """RFC 8200 section 4.1: elsewhere the number of their header is unknown."""
    body = extension(0) + extension(6) + tcp(1, 80, PSH | ACK, 1, 1, DECOY)
    result = run([(START, eth(ip6(before, body), 0x86DD))])
    assert result.flows == [] and result.summary["malformed"] == {"ip6-extension": 1}
