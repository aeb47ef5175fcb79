"""HTTP/2 behind lost segments and joined in its middle: frames are found again, and of header fields what was said
behind the hole is known by its place in the table, what refers to fields before it is left out."""

from __future__ import annotations

import struct

import pytest
from conversation import CLIENT, SERVER, Talk
from h2frames import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PADDED,
    PREFACE,
    SETTINGS,
    frame,
    request,
    response,
    settings,
)
from hpack import Encoder
from running import run

from netwatch._fast.out.probe import Probe
from netwatch.decrypt.messages import Messages

COUNT = 6
Turns = list[tuple[int, bytes]]


def exchanges(huffman: bool) -> Turns:
    """Each request and each answer in a segment of its own, behind the settings; every field goes into the table."""
    asks, says = Encoder(), Encoder()
    turns = [(CLIENT, PREFACE + settings((4, 1 << 20))), (SERVER, settings((3, 100)))]
    for i in range(COUNT):
        ask = asks.encode([(":method", "GET"), (":scheme", "http"), (":authority", "h2.example"), (":path", f"/{i}"),
                           ("x-ask", str(i))], huffman=huffman)
        say = says.encode([(":status", "200"), ("x-say", str(i))], huffman=huffman)
        turns.append((CLIENT, frame(HEADERS, END_HEADERS | END_STREAM, 2 * i + 1, ask)))
        turns.append((SERVER, frame(HEADERS, END_HEADERS, 2 * i + 1, say)
                      + frame(DATA, END_STREAM, 2 * i + 1, b"x" * (10 + i))))
    return turns


def read(talk: Talk):
    return run(talk.frames, kinds=("flows", "http"), addons=[Messages()])


def told(turns: Turns, lost: set[int], begin: int = 0) -> Talk:
    talk = Talk() if begin else Talk().open()
    for at, (side, data) in enumerate(turns[begin:], begin):
        if at in lost:
            talk.skip(side, len(data))
        else:
            talk.say(side, data).ack(1 - side)
    return talk


def check(records: list[dict], lost: set[int], first: int = 0) -> None:
    """Whatever was captured of an exchange is in one record, with nothing of another in it."""
    found = {}
    for record in records:
        number = record.get("path", "/").removeprefix("/") or str(record["response_bytes"] - 10)
        assert number not in found
        found[number] = record
        fields = record.get("request_headers", {}) | record.get("response_headers", {})
        assert {fields[key] for key in ("x-ask", "x-say") if key in fields} <= {number}
        assert record.get("host", "h2.example") == "h2.example"
    for i in range(first, COUNT):
        asked, answered = 2 + 2 * i not in lost, 3 + 2 * i not in lost
        if asked or answered:
            assert (found[str(i)].get("path"), found[str(i)].get("status"), found[str(i)].get("response_bytes")) == (
                f"/{i}" if asked else None, 200 if answered else None, 10 + i if answered else None), i


@pytest.mark.parametrize("huffman", [False, True])
@pytest.mark.parametrize("lost", [*({at} for at in range(2, 2 + 2 * COUNT)), {4, 5}, {4, 6}, {3, 5}, {5, 8, 9}])
def test_every_other_exchange_is_told(lost: set[int], huffman: bool) -> None:
    result = read(told(exchanges(huffman), lost).close())
    check(result.by_kind["http"], lost)
    assert result.flow["initiator"] == "seen" and result.flow["dport"] == 80


@pytest.mark.parametrize("huffman", [False, True])
@pytest.mark.parametrize("begin", range(2, 2 * COUNT))
@pytest.mark.parametrize("sets", [(), (CLIENT,), (SERVER,), (SERVER, CLIENT)])
def test_joined_at_any_segment(begin: int, huffman: bool, sets: tuple[int, ...]) -> None:
    """Who asks is shown by the fields, whatever the ports are and whoever speaks first, or sets something anew."""
    turns = exchanges(huffman)
    turns[begin:begin] = [(side, settings((4, 1 << 16))) for side in sets]
    talk = told(turns, set(), begin)
    result = read(talk)
    check(result.by_kind["http"], set(range(begin)), (begin - 1) // 2)
    assert (result.flow["app"], result.flow["dport"]) == ("http2", 80)


@pytest.mark.parametrize("first", [CLIENT, SERVER])
@pytest.mark.parametrize("side", [CLIENT, SERVER])
def test_settings_behind_a_lost_beginning(side: int, first: int) -> None:
    """What the side had said before is missed, though its SYN was seen."""
    turns = exchanges(True)
    turns[4:4] = [(side, settings((4, 1 << 16)))]
    lost = {first, 2 + first}
    result = read(told(turns, lost).close())
    check(result.by_kind["http"], lost)
    assert result.flow["initiator"] == "seen" and result.flow["dport"] == 80


@pytest.mark.parametrize("at", [0, 1, 2, 3])
@pytest.mark.parametrize("size", [0, 1 << 14, 1 << 16])
@pytest.mark.parametrize("who", [CLIENT, SERVER])
@pytest.mark.parametrize("lose", [False, True])
def test_a_table_size_that_is_lost(who: int, size: int, at: int, lose: bool) -> None:
    """What a side allows the other's encoder: that one says itself what it took of it (RFC 7541 section 6.3)."""
    coders = Encoder(), Encoder()
    sets = frame(SETTINGS, 0, 0, struct.pack(">HI", 1, size))
    talk = Talk().open()
    for i in range(5):
        if i == 0:
            for side, data in (CLIENT, PREFACE + settings((4, 1 << 20))), (SERVER, settings((3, 100))):
                data += sets if at == 0 and side == who else b""
                talk = talk.skip(side, len(data)) if lose and at == 0 and side == who else talk.say(side, data)
                talk.ack(1 - side)
        elif i == at:
            talk = talk.skip(who, len(sets)) if lose else talk.say(who, sets)
            talk.ack(1 - who)
        if i == at:
            coders[1 - who].header_table_size = size
        talk.say(CLIENT, request(coders[CLIENT], f"/{i}", 2 * i + 1, ("x-ask", str(i)))).ack(SERVER)
        talk.say(SERVER, response(coders[SERVER], 2 * i + 1, b"x" * i, ("x-say", str(i)))).ack(CLIENT)
    found = read(talk.close()).by_kind["http"]
    assert [(r["path"], r["status"]) for r in found] == [(f"/{i}", 200) for i in range(5)]
    key, name = (("response_headers", "x-say"), ("request_headers", "x-ask"))[who]
    assert [r[key][name] for r in found] == [str(i) for i in range(5)]


@pytest.mark.parametrize("padded", [0, 5])
@pytest.mark.parametrize("side", [CLIENT, SERVER])
@pytest.mark.parametrize("piece", [300, 500, 1300])
@pytest.mark.parametrize("holes", [1, 3])
def test_no_size_is_told_of_a_part(side: int, padded: int, piece: int, holes: int) -> None:
    """A hole anywhere in content: all of its bytes are told, or none; those of what follows are."""
    name, frames = ("request_bytes", "response_bytes")[side], 6
    told_once = set()
    pieces = range(0, frames * (1009 + (padded + 1 if padded else 0)) + 40, piece)
    for lost in range(1, len(pieces)):
        coders = Encoder(), Encoder()
        talk = Talk().open().say(CLIENT, PREFACE + settings((4, 1))).say(SERVER, settings((3, 9)))
        for i in range(2):
            stream = 2 * i + 1
            body = b"".join(frame(DATA, (PADDED if padded else 0) | (END_STREAM if k == frames - 1 else 0), stream,
                                  (bytes([padded]) if padded else b"") + b"c" * 1000 + bytes(padded))
                            for k in range(frames))
            ask = request(coders[CLIENT], f"/{i}", stream, end=side == SERVER) + (body if side == CLIENT else b"")
            say = frame(HEADERS, END_HEADERS | (END_STREAM if side == CLIENT else 0), stream,
                        coders[SERVER].encode([(":status", "200")])) + (body if side == SERVER else b"")
            for speaker, data in (CLIENT, ask), (SERVER, say):
                for number, at in enumerate(range(0, len(data), piece)):
                    part = data[at : at + piece]
                    missing = i == 0 and speaker == side and lost <= number < lost + holes
                    talk = talk.skip(speaker, len(part)) if missing else talk.say(speaker, part)
                talk.ack(1 - speaker)
        found = read(talk.close()).by_kind["http"]
        assert {r["path"]: r["status"] for r in found} == {"/0": 200, "/1": 200}
        sizes = {r["path"]: r.get(name) for r in found}
        assert sizes["/0"] in (None, 1000 * frames) and sizes["/1"] == 1000 * frames, (lost, sizes)
        told_once.add(sizes["/0"])
    assert (1000 * frames if holes * piece < 1000 else None) in told_once


@pytest.mark.parametrize("start", [9, 20, 40, 60])
@pytest.mark.parametrize("size", [10, 25])
def test_a_dns_message_with_a_hole_is_none(start: int, size: int) -> None:
    """In content of several frames (RFC 8484): what is left of it is not put together."""
    kind = ("content-type", "application/dns-message")
    query = bytes.fromhex("00000100000100000000000003777777076578616d706c6503636f6d0000010001")
    content = b"".join(frame(DATA, END_STREAM if at + 8 >= len(query) else 0, 1, query[at : at + 8])
                       for at in range(0, len(query), 8))
    for lost in (0, size):
        talk = Talk().open().say(CLIENT, PREFACE + settings((4, 1))).say(SERVER, settings((3, 9)))
        coders = Encoder(), Encoder()
        talk.say(CLIENT, request(coders[CLIENT], "/dns-query", 1, kind, end=False)).say(CLIENT, content[:start])
        talk.skip(CLIENT, lost).say(CLIENT, content[start + lost :]).ack(SERVER)
        talk.say(SERVER, response(coders[SERVER], 1, b"x", ("server", "s"))).ack(CLIENT)
        result = run(talk.close().frames, kinds=("http", "dns"), addons=[Messages()])
        assert len(result.by_kind["dns"]) == (0 if lost else 1)
        assert result.by_kind["http"][0]["path"] == "/dns-query"


def test_a_table_that_shrank_is_no_reason_to_guess() -> None:
    """A field that the side added before the hole is left out, one that it adds behind it is known again."""
    asks = Encoder()
    first = asks.encode([(":method", "GET"), (":path", "/a"), ("x-one", "1")])
    lost = asks.encode([(":method", "GET"), (":path", "/b"), ("x-two", "2")])
    third = asks.encode([(":method", "GET"), (":path", "/c"), ("x-one", "1"), ("x-two", "2"), ("x-three", "3")])
    fourth = asks.encode([(":method", "GET"), (":path", "/c"), ("x-three", "3"), ("x-two", "2")])
    blocks = [frame(HEADERS, END_HEADERS | END_STREAM, 2 * i + 1, block)
              for i, block in enumerate((first, lost, third, fourth))]
    talk = Talk().open().say(CLIENT, PREFACE + settings()).say(SERVER, settings()).say(CLIENT, blocks[0])
    talk.skip(CLIENT, len(blocks[1])).say(CLIENT, blocks[2]).ack(SERVER).say(CLIENT, blocks[3]).close()
    assert [(r["path"], r["request_headers"]) for r in read(talk).by_kind["http"]] == [
        ("/a", {"x-one": "1"}), ("/c", {"x-three": "3"}), ("/c", {"x-three": "3"})]


def test_a_block_goes_on_whatever_the_other_side_says_meanwhile() -> None:
    """RFC 9113 section 6.10: no other frame may stand between of the same side."""
    asks, says = Encoder(), Encoder()
    ask = asks.encode([(":method", "GET"), (":path", "/long"), ("x", "y" * 40)])
    say = says.encode([(":status", "204"), ("z", "w" * 40)])
    talk = Talk().open().say(CLIENT, PREFACE + settings()).say(SERVER, settings())
    talk.say(CLIENT, frame(HEADERS, END_STREAM, 1, ask[:9])).say(SERVER, settings((3, 7)))
    talk.say(CLIENT, frame(CONTINUATION, END_HEADERS, 1, ask[9:])).say(SERVER, frame(HEADERS, END_STREAM, 1, say[:5]))
    talk.say(CLIENT, frame(4, 1, 0, b"")).say(SERVER, frame(CONTINUATION, END_HEADERS, 1, say[5:])).close()
    (record,) = read(talk).by_kind["http"]
    assert (record["path"], record["status"]) == ("/long", 204)


@pytest.mark.parametrize("data", [b"\0" * 40, b"\0\0\4\3\0\0\0\0\0abcd", b"\0\0\5\0\2\0\0\0\1hello", b"body of a page",
                                  b"\0\0\x08\6\0\0\0\0\0" + b"p" * 8 + b"\0\0\x09\6\0\0\0\0\0"])
def test_what_is_no_frame_is_passed_over(data: bytes) -> None:
    probe = Probe("http2")
    probe.feed(0, PREFACE + settings())
    probe.lost(0, 100)
    probe.feed(0, data)
    before = len(probe.events)
    probe.feed(0, frame(DATA, END_STREAM, 1, b"x"))
    assert before == 1 and [event[4][3] for event in probe.events] == [254, DATA]
