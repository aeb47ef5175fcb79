"""Checksums of IPv4 headers and of UDP: what does not add up is dropped by its receiver, where its sender's others do;
where none of them does, that is the work of the sender's network card."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from cases_carried import wlan_amsdu
from conversation import CLIENT, SERVER, Talk
from running import Result, run
from surroundings import ALL
from talks import dns_message
from wire import A4, A6, ACK, B4, B6, MS, PSH, RST, START, SYN, eth, ip4, ip6, sctp, tcp, udp

GET = b"GET /%d HTTP/1.1\r\nHost: h.example\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
IP, IP_SUM = 14, 24
WRONG = 0x1234


def exchange(talk: Talk, number: int) -> Talk:
    return talk.say(CLIENT, GET % number).ack(SERVER).say(SERVER, OK).ack(CLIENT)


def with_sum(frame: bytes, value: int = WRONG, at: int = IP_SUM) -> bytes:
    return frame[:at] + struct.pack(">H", value) + frame[at + 2 :]


def spoil(talk: Talk, value: int = WRONG) -> Talk:
    talk.frames[-1] = (talk.frames[-1][0], with_sum(talk.frames[-1][1], value))
    return talk


DROPPED: dict[str, Callable[[Talk], object]] = {
    "data": lambda t: t.segment(CLIENT, PSH | ACK, b"DELETE / HTTP/1.1\r\n\r\n"),
    "an answer": lambda t: t.segment(SERVER, PSH | ACK, OK * 2),
    "a reset": lambda t: t.segment(CLIENT, RST),
    "a SYN": lambda t: t.segment(CLIENT, SYN, seq=9, ack=0),
    "an acknowledgement": lambda t: t.segment(CLIENT, ACK, ack=t.seq[SERVER] + 5000),
}


@pytest.mark.parametrize("what", DROPPED)
def test_a_header_that_does_not_add_up(what: str) -> None:
    talk = exchange(Talk().open(), 0)
    DROPPED[what](talk)
    result = run(exchange(spoil(talk), 1).close().frames, kinds=("flows", "http", "packets"))
    assert [(r["path"], r["status"]) for r in result.by_kind["http"]] == [("/0", 200), ("/1", 200)]
    assert (result.flow["state"], result.flow["payload_out"]) == ("TIME_WAIT", 2 * len(GET % 0))
    assert [p["notes"] for p in result.packets if "notes" in p] == [["bad checksum"]]


@pytest.mark.parametrize("value", [0, WRONG])
def test_headers_of_a_card_that_puts_the_sums_in(value: int) -> None:
    """All of a sender's are wrong: it is the capture's own host."""
    talk = Talk().segment(CLIENT, SYN, ack=0)
    spoil(talk, value).seq[CLIENT] += 1
    talk.segment(SERVER, SYN | ACK)
    talk.seq[SERVER] += 1
    spoil(talk.ack(CLIENT), value)
    spoil(talk.say(CLIENT, GET % 0), value)
    talk.ack(SERVER).say(SERVER, OK)
    result = run(talk.frames, kinds=("flows", "http", "packets"))
    assert result.by_kind["http"][0]["path"] == "/0" and not any("notes" in p for p in result.packets)


def test_a_card_that_leaves_some_sums_out() -> None:
    """0 is what it has to fill in, whatever the sender's others are; and what is longer than a frame was joined."""
    talk = exchange(Talk().open(), 0)
    spoil(talk.say(CLIENT, GET % 1), 0)
    talk.ack(SERVER)
    spoil(talk.say(SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000))
    result = run(talk.frames, kinds=("http",))
    assert [(r["path"], r["response_bytes"]) for r in result.by_kind["http"]] == [("/0", 2), ("/1", 2000)]


QUERY, FORGED, ANSWER = (dns_message(0, b"a.example", *end) for end in ((), (b"\6\6\6\6",), (b"\1\2\3\4",)))
BEFORE = dns_message(9, b"b.example", b"\7\7\7\7")


def asked(spoilt: bytes, six: bool = False) -> Result:
    """The server answers one question, then another, which it seems to answer twice."""
    ends = (A6, B6) if six else (A4, B4)

    def to(body: bytes, back: bool = False) -> bytes:
        ports = (53, 4000) if back else (4000, 53)
        packet = (ip6 if six else ip4)(17, udp(*ports, body), *ends[:: -1 if back else 1])
        return eth(packet, 0x86DD if six else 0x0800)

    frames = [to(dns_message(9, b"b.example")), to(BEFORE, True), to(QUERY), spoilt, to(ANSWER, True)]
    return run([(START + n * MS, frame) for n, frame in enumerate(frames)], kinds=("dns", "flows"))


def answers(result: Result) -> list[str]:
    return [r["answers"][0]["data"] for r in result.by_kind["dns"] if r["qr"] == "response"]


@pytest.mark.parametrize("six", [False, True])
@pytest.mark.parametrize("where", ["ip", "udp"])
def test_a_forged_answer_that_does_not_add_up(where: str, six: bool) -> None:
    packet = (ip6 if six else ip4)(17, udp(53, 4000, FORGED), *((B6, A6) if six else (B4, A4)))
    if six and where == "ip":
        return
    at = IP_SUM if where == "ip" else IP + (40 if six else 20) + 6
    spoilt = with_sum(eth(packet, 0x86DD if six else 0x0800), WRONG, at)
    result = asked(spoilt, six)
    assert answers(result) == ["7.7.7.7", "1.2.3.4"]
    assert sum(flow["packets_in"] for flow in result.flows) == 3


@pytest.mark.parametrize("value", [0, None])
def test_a_datagram_whose_sum_is_left_to_the_card(value: int | None) -> None:
    """0 says that there is none (RFC 768); the sum of the pseudo header alone is what the card goes on from."""
    body = udp(53, 4000, FORGED)
    pseudo = sum(struct.unpack(">HHHH", bytes([198, 51, 100, 2, 192, 0, 2, 1]))) + 17 + len(body)
    pseudo = (pseudo & 0xFFFF) + (pseudo >> 16)
    frame = with_sum(eth(ip4(17, body, B4, A4)), pseudo if value is None else value, IP + 26)
    assert answers(asked(frame)) == ["7.7.7.7", "6.6.6.6", "1.2.3.4"]


@pytest.mark.parametrize("name", ["gre key, same", "vxlan, same", "teid, by direction", "lisp, same"])
@pytest.mark.parametrize("where", ["outer", "inner"])
def test_in_tunnels(name: str, where: str) -> None:
    """Who drops the outer packet gets nothing of what it carries; who drops the inner one gets no more of it."""
    _, around = ALL[name]
    frames = []
    for path in (b"/a", b"/evil", b"/b"):
        inner = ip4(17, udp(7000, 9, path), "10.0.0.1", "10.0.0.2")
        inner = with_sum(inner, WRONG, 10) if (path, where) == (b"/evil", "inner") else inner
        frame = around(inner, 0, False)
        frames.append(with_sum(frame) if (path, where) == (b"/evil", "outer") else frame)
    result = run([(START + n * MS, frame) for n, frame in enumerate(frames)])
    inside = [flow for flow in result.flows if flow.get("sport") == 7000]
    assert [flow["payload_out"] for flow in inside] == [4]


def test_other_states_stay_as_they_are() -> None:
    """An SCTP association is not ended by an ABORT that its receiver drops."""
    frames = [eth(ip4(132, sctp(1, 2, chunk))) for chunk in (1, 10, 0)] + [with_sum(eth(ip4(132, sctp(1, 2, 6))))]
    assert run([(START + n * MS, frame) for n, frame in enumerate(frames)]).flow["state"] == "SCTP_ESTABLISHED"


def test_sums_are_a_senders_own() -> None:
    """That others add up says nothing of one none of whose do."""
    frames = [eth(ip4(6, tcp(1, 2, SYN, 1, 0), f"10.0.{n >> 8}.{n & 255}")) for n in range(50)]
    frames += [with_sum(eth(ip4(6, tcp(3, 4, SYN, 1, 0), "10.9.9.9")))] * 3
    result = run([(START + n * MS, frame) for n, frame in enumerate(frames)], kinds=("packets",))
    assert not any("bad checksum" in p.get("notes", ()) for p in result.packets)


@pytest.mark.parametrize("broken", [[0], [1], [0, 2], [0, 1, 2]])
def test_a_broken_header_in_an_aggregate_is_that_sub_frames_alone(broken: list[int]) -> None:
    """Who is around an aggregate is around each of its sub-frames; none of them is around another."""
    def aggregate(spoilt: list[int], number: int) -> bytes:
        bodies = [ip4(17, udp(9, 1000 + k, b"x" * (3 + k)), f"10.0.0.{k}", "10.1.0.1", ident=number) for k in range(3)]
        return wlan_amsdu(*[body[:10] + b"\x12\x34" + body[12:] if k in spoilt else body
                            for k, body in enumerate(bodies)])

    frames = [aggregate(broken if number > 1 else [], number) for number in range(5)]
    capwap = [eth(ip4(17, udp(40000, 5247, b"\0\x10\x03\0" + bytes(4) + frame), "192.0.2.7", "192.0.2.8", ident=number))
              for number, frame in enumerate(frames)]
    for link, carried in ((105, frames), (1, capwap)):
        flows = run([(START + k * MS, frame) for k, frame in enumerate(carried)], link).flows[-3:]
        assert [f["payload_out"] for f in flows] == [(3 + k) * (2 if k in broken else 5) for k in range(3)], link
    spoilt = [frame if k < 2 else with_sum(frame) for k, frame in enumerate(capwap)]
    flows = run([(START + k * MS, frame) for k, frame in enumerate(spoilt)]).flows[-3:]
    assert [f["payload_out"] for f in flows] == [(3 + k) * 2 for k in range(3)]


@pytest.mark.parametrize("said", [b"\1\2\3\4nobody's", BEFORE, b"\x80\x00\0\1" + bytes(200)])
@pytest.mark.parametrize("count", [8, 400])
def test_what_is_dropped_depends_on_no_reader(said: bytes, count: int) -> None:
    """Nor on what else is asked for, nor on how long somebody reads."""
    frames = [eth(ip4(17, udp(7000, 7001, said + b"%03d" % k), A4, B4, ident=k + 1)) for k in range(count)]
    frames = [with_sum(frame, at=40) if k % 2 else frame for k, frame in enumerate(frames)]
    for kinds in (("flows",), ("flows", "dns", "streams", "packets")):
        for dpi in (True, False):
            result = run([(START + k * MS, frame) for k, frame in enumerate(frames)], kinds=kinds, dpi=dpi)
            assert result.flow["payload_out"] == count // 2 * (len(said) + 3), (kinds, dpi)
            notes = [p.get("notes") for p in result.packets]
            assert notes in ([], [None, ["bad checksum"]] * (count // 2)), (kinds, dpi)
