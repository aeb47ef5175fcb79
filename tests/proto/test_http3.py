"""HTTP/3 in decrypted QUIC: transactions, the dynamic table in any order, pushes, gRPC, DNS, holes, hostile blocks."""

import pylsqpack
import pytest
from quicmake import varint
from quicpeer import CLIENT, SERVER, Peer, frames, stream
from running import run

from netwatch._fast.proto import http3
from netwatch.decrypt.decryptor import Decryptor
from netwatch.decrypt.messages import Messages
from netwatch.decrypt.qpack import MAX_FIELDS, Refused, Unpacker, references

KINDS = ("flows", "http", "streams", "dns")
DATA, HEADERS, SETTINGS, PUSH_PROMISE = 0, 1, 4, 5
QUERY = b"\0\0\1\0\0\1\0\0\0\0\0\0\7example\3com\0\0\1\0\1"


def frame(kind, body=b""):
    return varint(kind) + varint(len(body)) + body


class Web:
    """Both ends; `said` are the datagrams. Encoders use a dynamic table of `capacity` bytes."""

    def __init__(self, capacity=4096, alpn=b"h3"):
        self.peer = Peer(alpn=alpn)
        self.said = [self.peer.hello(), self.peer.answer()]
        self.encoders = (pylsqpack.Encoder(), pylsqpack.Encoder())
        self.at = {}
        for side in (CLIENT, SERVER):
            settings = varint(1) + varint(capacity) + varint(7) + varint(16)
            self.say(side, 2 + side, b"\0" + frame(SETTINGS, settings))
        for side, encoder in enumerate(self.encoders):
            self.say(side, 6 + side, b"\2" + encoder.apply_settings(capacity, 16))

    def say(self, side, number, data, fin=False):
        at = self.at.get((side, number), 0)
        self.at[side, number] = at + len(data)
        self.said.append(self.peer.said(side, stream(number, data, at, fin)))

    def head(self, side, number, *fields):
        """A header block; what the table must learn first is sent on its own stream."""
        told, block = self.encoders[side].encode(number, [(k.encode(), v.encode()) for k, v in fields])
        if told:
            self.say(side, 6 + side, told)
        return block

    def ask(self, number, path="/", *more, body=b""):
        block = self.head(CLIENT, number, (":method", "POST" if body else "GET"), (":scheme", "https"),
                          (":authority", "h3.example"), (":path", path), *more)
        self.say(CLIENT, number, frame(HEADERS, block) + (frame(DATA, body) if body else b""), True)
        return self

    def reply(self, number, body=b"", *more, status="200"):
        block = self.head(SERVER, number, (":status", status), *more)
        self.say(SERVER, number, frame(HEADERS, block) + frame(DATA, body), True)
        return self

    def read(self, follow=True, **options):
        decryptor = Decryptor()
        decryptor.keys.take_lines(self.peer.lines(), "keylog")
        return run(frames(self.said), kinds=KINDS, addons=[decryptor, Messages(follow=follow, **options)])


def test_transactions():
    web = Web().ask(0, "/one", ("user-agent", "teller/3"), ("cookie", "id=secret")).ask(4, "/two", body=b"form")
    web.reply(4, b"second", status="404").reply(0, b"first", ("server", "made"), ("content-type", "text/plain"))
    result = web.read()
    assert [(r["method"], r["path"], r["status"], r["request_bytes"], r["response_bytes"])
            for r in result.by_kind["http"]] == [("POST", "/two", 404, 4, 6), ("GET", "/one", 200, 0, 5)]
    assert all(r["version"] == "3" and r["host"] == "h3.example" and r["decrypted"] for r in result.by_kind["http"])
    assert result.by_kind["http"][1]["request_headers"] == {"user-agent": "teller/3", "cookie": "id=***"}
    assert result.flow["app"] == "http3" and result.flow["app_stack"] == ["quic", "tls", "http3"]
    assert result.flow["http3"] == {"method": "GET", "host": "h3.example", "path": "/one", "user_agent": "teller/3",
                                    "status": 200, "content_type": "text/plain", "server": "made",
                                    "methods": ["POST", "GET"], "statuses": [404, 200], "latency_us": 4000,
                                    "transactions": 2}
    assert result.flow["label"] == "HTTP/3 GET h3.example/one"
    assert sorted((s["stream"], s["dir"], s["text"]) for s in result.by_kind["streams"]) == [
        (0, "in", "first"), (4, "in", "second"), (4, "out", "form")]


@pytest.mark.parametrize("order", [1, -1])
def test_a_block_waits_for_its_table(order):
    web = Web()
    for number in (0, 4, 8):
        web.ask(number, "/again", ("x-same", "a value that is worth a place"), ("x-other", "another such value"))
        web.reply(number, b"ok", ("x-answer", "and one more of these"))
    head, rest = web.said[:2], web.said[2:]
    web.said = head + rest[::order]
    found = web.read().by_kind["http"]
    assert sorted(r["response_headers"]["x-answer"] for r in found) == ["and one more of these"] * 3
    assert [(r["path"], r["request_headers"]["x-other"]) for r in found] == [("/again", "another such value")] * 3


def test_a_push():
    web = Web(0)
    promised = web.head(SERVER, 0, (":method", "GET"), (":scheme", "https"), (":authority", "h3.example"),
                        (":path", "/style.css"))
    web.ask(0, "/page")
    web.say(SERVER, 0, frame(PUSH_PROMISE, varint(3) + promised))
    answer = frame(HEADERS, web.head(SERVER, 15, (":status", "200"))) + frame(DATA, b"{}")
    web.say(SERVER, 15, b"\1" + varint(3) + answer, True)
    web.reply(0, b"page")
    assert [(r["path"], r["status"], r["response_bytes"]) for r in web.read().by_kind["http"]] == [
        ("/style.css", 200, 2), ("/page", 200, 4)]


def test_grpc():
    kind = ("content-type", "application/grpc")
    web = Web().ask(0, "/pkg.Greeter/Hello", kind, body=b"\0\0\0\0\1x")
    web.say(SERVER, 0, frame(HEADERS, web.head(SERVER, 0, (":status", "200"), kind)))
    web.say(SERVER, 0, frame(HEADERS, web.head(SERVER, 0, ("grpc-status", "5"))), True)
    result = web.read()
    assert result.by_kind["http"][0]["grpc"] == {"service": "pkg.Greeter", "method": "Hello", "status": "NOT_FOUND"}
    assert result.flow["app"] == "grpc" and result.flow["app_stack"] == ["quic", "tls", "http3", "grpc"]


def test_dns_over_https():
    web = Web().ask(0, "/dns-query", ("content-type", "application/dns-message"), body=QUERY)
    (record,) = web.read().by_kind["dns"]
    assert record["transport"] == "https" and record["questions"][0]["name"] == "example.com"


@pytest.mark.parametrize("framed", [True, False])
def test_dns_over_quic(framed):
    web = Web(alpn=b"doq")
    web.said = web.said[:2]
    web.say(CLIENT, 0, (len(QUERY).to_bytes(2, "big") if framed else b"") + QUERY, True)
    result = web.read()
    (record,) = result.by_kind["dns"]
    assert record["transport"] == "quic" and record["questions"] == [
        {"name": "example.com", "type": "A", "class": "IN"}]
    assert result.flow["app"] == "dns" and result.flow["dns"]["names"] == ["example.com"]


def test_a_hole_in_content_and_one_in_a_head():
    web = Web(0).ask(0, "/one").ask(4, "/two")
    block = frame(HEADERS, web.head(SERVER, 0, (":status", "200")))
    web.say(SERVER, 0, block + frame(DATA, b"x" * 100)[:50])
    web.at[SERVER, 0] += 10
    web.say(SERVER, 0, b"y" * 43)
    web.at[SERVER, 4] = 3
    web.say(SERVER, 4, block)
    web.ask(8, "/three").say(SERVER, 8, block + frame(DATA, b"x" * 100)[:50])
    web.at[SERVER, 8] += 60
    web.say(SERVER, 8, frame(DATA, b"z" * 40))
    found = {r["path"]: r for r in web.read().by_kind["http"]}
    assert found["/one"]["status"] == 200 and found["/one"]["response_bytes"] == 100
    assert "status" not in found["/two"]
    assert found["/three"]["status"] == 200 and "response_bytes" not in found["/three"]


def test_a_reset_tells_what_there_is():
    web = Web(0).ask(0, "/gone")
    web.said.append(web.peer.said(SERVER, b"\4\0\2\0"))
    result = web.read()
    assert [r["path"] for r in result.by_kind["http"]] == ["/gone"] and "failed" not in result.flow["decrypt"]


def test_content_is_not_shown_to_who_does_not_ask():
    result = Web().ask(0).reply(0, b"content").read(follow=False)
    assert result.by_kind["http"][0]["response_bytes"] == 7 and not result.by_kind["streams"]


# --- QPACK ---


def test_references_are_counted():
    block = b"\0\0" + b"\xd1" + b"\x25x-new\3val" + b"\x51\2/x" + b"\x10" + b"\0\1v"
    whole = {2: 0, 3: 1, 13: 1, 17: 2, 18: 3, 21: 4}  # by where a field line ends
    for end in range(len(block) + 1):
        if end in whole:
            assert references(block[:end]) == whole[end]
        else:
            with pytest.raises(Refused):
                references(block[:end])


def test_a_block_that_would_grow_is_refused():
    encoder = pylsqpack.Encoder()
    told = encoder.apply_settings(65536, 16)
    unpacker = Unpacker()
    unpacker.configure(65536, 16)
    unpacker.instruct(told + b"\x41x\x7f" + bytes([0xE1, 0xD3, 3]) + b"v" * 60000)  # one entry, name "x"
    bomb = b"\2\0" + b"\x80" * (MAX_FIELDS // 60000 + 1)
    with pytest.raises(Refused):
        unpacker.unpack(0, bomb)
    assert unpacker.unpack(4, b"\2\0\x80") == [(b"x", b"v" * 60000)]


def test_damaged_instructions_end_the_table_and_nothing_else():
    unpacker = Unpacker()
    unpacker.configure(100, 16)
    assert unpacker.instruct(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff") == []
    with pytest.raises(Refused):
        unpacker.unpack(0, b"\2\0\x80")
    assert unpacker.unpack(0, b"\0\0\xd9") == [(b":status", b"200")]


def test_describing():
    assert http3.describe([(4, b"204"), (1, b"GET")]) == {"method": "GET", "status": 204}
    assert http3.label({"method": "GET", "host": "a.example", "path": "/x"}) == "HTTP/3 GET a.example/x"
