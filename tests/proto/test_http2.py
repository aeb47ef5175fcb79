"""HTTP/2: frames however cut, transactions with their headers, what is and is not taken for it, hostile headers."""

import zlib

import pytest
from conversation import Talk
from cuts import same_however_cut
from h2frames import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PADDED,
    PREFACE,
    PUSH,
    RST,
    frame,
    plain_talk,
    request,
    response,
    settings,
)
from hpack import Encoder
from running import run
from wire import A4

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto.http2 import text as http2
from netwatch.decrypt.messages import Messages

KINDS = ("flows", "http", "streams", "dns")


def read(turns, kinds=KINDS, **options):
    """The records of one connection that says these turns."""
    talk = Talk().open()
    for side, data in turns:
        talk.say(side, data)
    return run(talk.frames, kinds=kinds, addons=[Messages(follow="streams" in kinds, **options)])


def test_frames_come_out_the_same_however_they_are_cut():
    found = same_however_cut(lambda: Probe("http2"), plain_talk())
    assert [event[4][3] for event in found["events"] if event[4]] == [
        HEADERS, 254, HEADERS, HEADERS, DATA, HEADERS, DATA, 7]  # 254: no SYN shows that the server begins here
    assert http2.describe(found["facts"]) == {"goaway": "ENHANCE_YOUR_CALM"}
    assert found["initiator"] == 0


def test_transactions_are_paired_by_stream():
    result = read(plain_talk())
    assert [(r["path"], r["status"], r["response_bytes"]) for r in result.by_kind["http"]] == [
        ("/two?x=1", 200, 6), ("/one", 200, 5)]
    assert all(r["version"] == "2" and r["host"] == "h2.example" for r in result.by_kind["http"])
    assert result.by_kind["http"][0]["request_headers"]["cookie"] == "id=***"
    assert result.flow["app"] == "http2" and result.flow["app_stack"] == ["http2"]
    assert result.flow["http2"] == {"method": "GET", "host": "h2.example", "path": "/one", "user_agent": "teller/2",
                                    "status": 200, "methods": ["GET"], "statuses": [200], "latency_us": 3000,
                                    "transactions": 2, "goaway": "ENHANCE_YOUR_CALM"}
    assert sorted((s["stream"], s["dir"], s["text"]) for s in result.by_kind["streams"]) == [
        (1, "in", "first"), (3, "in", "second")]


def test_secrets_are_shown_when_asked_for():
    assert read(plain_talk(), show_secrets=True).by_kind["http"][0]["request_headers"]["cookie"] == "id=secret"


def test_headers_over_several_frames_with_padding_and_priority():
    client, server = Encoder(), Encoder()
    block = client.encode([(":method", "GET"), (":path", "/long"), (":authority", "a.example"), ("x", "y" * 300)])
    first = b"\x05" + bytes(5) + block[:10] + bytes(5)
    turns = [
        (0, PREFACE + settings() + frame(HEADERS, PADDED | 32 | END_STREAM, 1, first)
         + frame(CONTINUATION, 0, 1, block[10:40]) + frame(CONTINUATION, END_HEADERS, 1, block[40:])),
        (1, settings((1, 0)) + frame(HEADERS, END_HEADERS, 1, server.encode([(":status", "200")]))
         + frame(DATA, PADDED | END_STREAM, 1, b"\x03body" + bytes(3))),
    ]
    result = read(turns)
    (record,) = result.by_kind["http"]
    assert read(turns, kinds=["http"]).by_kind["http"] == [record]
    assert record["path"] == "/long" and record["request_headers"]["x"] == "y" * 300 and record["response_bytes"] == 4
    assert [s["text"] for s in result.by_kind["streams"]] == ["body"]


def test_a_push_is_a_transaction():
    client, server = Encoder(), Encoder()
    promise = server.encode([(":method", "GET"), (":path", "/style.css"), (":authority", "a.example")])
    turns = [(0, PREFACE + settings((2, 1)) + request(client, "/", 1)),
             (1, settings((3, 1)) + frame(PUSH, END_HEADERS, 1, (2).to_bytes(4, "big") + promise)
              + response(server, 2, b"css") + response(server, 1, b"html"))]
    assert [r["path"] for r in read(turns).by_kind["http"]] == ["/style.css", "/"]


def test_an_interim_response_trailers_and_a_reset():
    client, server = Encoder(), Encoder()
    turns = [(0, PREFACE + settings((4, 1)) + request(client, "/a", 1) + request(client, "/b", 3)),
             (1, settings((3, 9)) + frame(HEADERS, END_HEADERS, 1, server.encode([(":status", "103"), ("link", "x")]))
              + frame(HEADERS, END_HEADERS, 1, server.encode([(":status", "200")])) + frame(DATA, 0, 1, b"z")
              + frame(HEADERS, END_HEADERS | END_STREAM, 1, server.encode([("checksum", "7")]))),
             (0, frame(RST, 0, 3, (8).to_bytes(4, "big")))]
    first, second = read(turns).by_kind["http"]
    assert first["status"] == 200 and first["response_headers"] == {"checksum": "7"}
    assert second["path"] == "/b" and "status" not in second


def test_content_is_shown_unpacked_and_bounded():
    client, server = Encoder(), Encoder()
    packer = zlib.compressobj(wbits=31)
    bomb = packer.compress(bytes(200_000_000)) + packer.flush()
    parts = [bomb[at : at + 16384] for at in range(0, len(bomb), 16384)]
    head = frame(HEADERS, END_HEADERS, 1, server.encode([(":status", "200"), ("content-encoding", "gzip")]))
    turns = [(0, PREFACE + settings((4, 1)) + request(client, "/bomb", 1)),
             (1, settings((3, 9)) + head)] + [(1, frame(DATA, 0, 1, part)) for part in parts]
    (stream,) = read(turns).by_kind["streams"]
    assert stream["bytes"] == 1 << 20


def test_dns_over_https_is_dns():
    query = bytes.fromhex("0000010000010000000000000377777707657861 6d706c6503636f6d0000010001".replace(" ", ""))
    client, server = Encoder(), Encoder()
    kind = ("content-type", "application/dns-message")
    turns = [(0, PREFACE + settings((4, 1)) + request(client, "/dns-query", 1, kind, end=False)
              + frame(DATA, END_STREAM, 1, query)),
             (1, settings((3, 9)) + response(server, 1, b"\0\0\x81\x80" + query[4:], kind))]
    found = read(turns).by_kind["dns"]
    assert found == read(turns, kinds=["dns"]).by_kind["dns"]
    assert [r["client"] for r in found] == [A4, A4]
    assert [(r["transport"], r["qr"], r["questions"][0]["name"]) for r in found] == [
        ("https", "query", "www.example.com"), ("https", "response", "www.example.com")]


@pytest.mark.parametrize("block", [b"\x40", b"\xff\xff\xff\xff\xff\xff\xff", b"\x3f\xff\xff\xff\xff\xff", b"\xc5"])
def test_headers_that_do_not_unpack_end_the_reading(block):
    client = Encoder()
    turns = [(0, PREFACE + settings((4, 1)) + request(client, "/good", 1) + frame(HEADERS, END_HEADERS, 3, block)
              + request(client, "/never", 5))]
    result = read(turns)
    assert [r["path"] for r in result.by_kind["http"]] == ["/good"]
    assert result.flow["app"] == "http2"


@pytest.mark.parametrize("kinds", [KINDS, ["http"]])
@pytest.mark.parametrize("padded", [0, PADDED])
def test_a_hole_in_content_does_no_harm(kinds, padded):
    """Wherever it begins and ends, from behind the frame's head to its last byte."""
    content = frame(DATA, padded | END_STREAM, 1, b"\x03" + b"c" * 60)
    first = 9 + (1 if padded else 0)
    for start, end in ((first, len(content)), (first, 30), (20, 40), (30, len(content))):
        client, server = Encoder(), Encoder()
        head = frame(HEADERS, END_HEADERS, 1, server.encode([(":status", "200")]))
        after = response(server, 3, b"after")
        talk = Talk().open().say(0, PREFACE + settings((4, 1)) + request(client, "/a", 1) + request(client, "/b", 3))
        talk.say(1, settings((3, 9)) + head + content[:start]).skip(1, end - start)
        talk.say(1, content[end:] + after).ack(0)
        for _ in range(8):
            talk.ack(1).ack(0)
        found = run(talk.frames, kinds=kinds, addons=[Messages(follow="streams" in kinds)]).by_kind["http"]
        assert [(r["path"], r["response_bytes"]) for r in found] == [("/a", 57 if padded else 61), ("/b", 5)]
        client = Encoder()
        server = Encoder()
        server.encode([(":status", "200")])


def test_behind_a_hole_what_refers_to_fields_before_it_is_left_out():
    turns = plain_talk()
    talk = Talk().open()
    talk.say(0, turns[0][1])
    talk.seq[0] += 50
    talk.say(0, turns[2][1])
    for _ in range(40):
        talk.say(1, b"")
    result = run(talk.frames, kinds=KINDS, addons=[Messages()])
    assert [(r["path"], r.get("host")) for r in result.by_kind["http"]] == [("/one", "h2.example"), ("/two?x=1", None)]


@pytest.mark.parametrize("data", [
    b"PRI * HTTP/1.1\r\n\r\nSM\r\n\r\n",
    b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x01",        # a frame size below the least allowed
    b"\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00",                # a length of four, and four zero bytes
    b"\x00\x00\x06\x01\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64",        # not SETTINGS
    b"\x00\x1e\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x03com\x00\x00\x01\x00\x01",
])
def test_false_friends(data):
    assert Probe("http2").detect(data) == 0


def test_detection_waits_for_the_whole_preface():
    assert Probe("http2").detect(PREFACE[:10]) == -1
    assert Probe("http2").detect(PREFACE) == 100
    assert Probe("http2").detect(settings((3, 100), (4, 65535))) == 95
