"""What stands in another protocol: in WebSocket's frames, on an upgraded request's stream, between DTLS records."""

from __future__ import annotations

import struct

import pytest
from conversation import CLIENT, SERVER, Talk
from running import run
from wire import MS, START, eth, ip4, udp

from netwatch.run import addons

ASKED = (b"GET /ws HTTP/1.1\r\nHost: w.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
AGREED = (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
MQTT = b"\x10\x10\0\4MQTT\4\2\0\x3c\0\4abcd"
SIP = (b"REGISTER sip:example.com SIP/2.0\r\nFrom: <sip:alice@example.com>\r\nTo: <sip:alice@example.com>\r\n"
       b"Call-ID: 1\r\nCSeq: 1 REGISTER\r\nContent-Length: 0\r\n\r\n")


def frame(data: bytes, mask: bytes = b"", first: int = 0x82) -> bytes:
    masked = 128 * bool(mask)
    size = bytes([len(data) | masked]) if len(data) < 126 else struct.pack(">BH", 126 | masked, len(data))
    return bytes([first]) + size + mask + bytes(c ^ (mask[i & 3] if mask else 0) for i, c in enumerate(data))


def upgraded() -> Talk:
    return Talk().open().say(CLIENT, ASKED).say(SERVER, AGREED)


CARRIED = {
    "mqtt": [(CLIENT, MQTT), (SERVER, b"\x20\2\0\0"), (CLIENT, b"\x30\x0b\0\5topicdata")],
    "sip": [(CLIENT, SIP), (SERVER, b"SIP/2.0 200 OK\r\nCall-ID: 1\r\nContent-Length: 0\r\n\r\n")],
    "xmpp": [(CLIENT, b"<stream:stream to='example.com' xmlns='jabber:client'>")],
    "amqp": [(CLIENT, b"AMQP\0\0\x09\x01")],
}


@pytest.mark.parametrize("name", CARRIED)
@pytest.mark.parametrize("cut", [1, 7, 1000])
def test_what_websocket_carries_is_named(name: str, cut: int) -> None:
    talk = upgraded()
    for side, data in CARRIED[name]:
        for at in range(0, len(data), cut):
            part = data[at : at + cut]
            talk.say(side, frame(part, b"mask" if side == CLIENT else b""))
    flow = run(talk.close().frames).flow
    assert flow["app_stack"] == ["http", "websocket", name]
    assert flow["websocket"]["messages"] >= len(CARRIED[name])
    assert name in flow


def test_words_of_people_in_websocket_are_nobody() -> None:
    talk = upgraded()
    for text in (b'{"op":"hello"}', b"GET well soon", b"220 ready", b"+OK", b"\x16\3\1\2\0"):
        talk.say(CLIENT, frame(text, b"mask")).say(SERVER, frame(text))
    assert run(talk.close().frames).flow["app_stack"] == ["http", "websocket"]


def test_websocket_in_websocket_goes_no_deeper() -> None:
    talk = upgraded()
    for _ in range(40):
        talk.say(CLIENT, frame(ASKED, b"mask")).say(SERVER, frame(AGREED))
    assert run(talk.close().frames).flow["app_stack"][:2] == ["http", "websocket"]


def test_a_hole_in_websocket_is_passed() -> None:
    talk = upgraded().say(CLIENT, frame(MQTT, b"mask")).skip(CLIENT, 40).ack(SERVER)
    talk.say(CLIENT, frame(b"\x30\x0b\0\5topicdata", b"mask")).say(SERVER, frame(b"\xd0\0"))
    flow = run(talk.close().frames).flow
    assert flow["mqtt"]["published"] == ["topic"]
    assert "malformed" not in flow


def h2(kind: int, flags: int, stream: int, body: bytes = b"") -> bytes:
    return len(body).to_bytes(3, "big") + bytes([kind, flags]) + struct.pack(">I", stream) + body


@pytest.mark.parametrize("before", [0, 1])
def test_stream_one_answers_the_request_that_asked_for_http2(before: int) -> None:
    """... where no other request came before it: then which one it was is not known."""
    up = b"GET /up HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n\r\n"
    talk = Talk().open()
    for _ in range(before):
        talk.say(CLIENT, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").say(SERVER, b"HTTP/1.1 204 No\r\n\r\n")
    talk.say(CLIENT, up).say(SERVER, b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
    talk.say(SERVER, h2(4, 0, 0, struct.pack(">HI", 3, 100)) + h2(1, 4, 1, b"\x88") + h2(0, 1, 1, b"hello"))
    talk.say(CLIENT, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + h2(4, 0, 0))
    talk.say(CLIENT, h2(255, 0, 1))  # a type that nobody has assigned
    result = run(talk.close().frames, kinds=("http", "flows"), addons=addons.load(addons.CONTENT))
    records = result.by_kind["http"]
    [answer] = [record for record in records if record["version"] == "2"]
    assert (answer["status"], answer["response_bytes"]) == (200, 5)
    assert answer.get("path") == (None if before else "/up")
    assert "request_headers" not in answer
    assert "latency_us" not in answer


def test_media_among_dtls_is_media() -> None:
    """A report of media, DTLS again, then the media: DTLS's own datagrams do not hide what was agreed before."""
    stun = b"\0\1\0\0\x21\x12\xa4\x42" + bytes(range(12))
    sealed = [b"\x17\xfe\xfd\0\1" + bytes(5) + bytes([n]) + b"\0\x20" + bytes(range(n, n + 32)) for n in range(8)]
    body = b"\xfe\xfd" + bytes(range(32)) + b"\0\0\0\2\xc0\x2b\1\0"
    size = len(body).to_bytes(3, "big")
    hello = b"\x16\xfe\xfd" + bytes(8) + struct.pack(">H", len(body) + 12) + b"\1" + size + bytes(5) + size + body
    report = b"\x80\xcf\0\4" + bytes(range(100, 130))
    media = [b"\x90\x6f" + struct.pack(">HII", 1000 + n, n * 960, 0xD3F9FD82) + b"\xbe\xde\0\1abcd" + bytes([n]) * 60
             for n in range(12)]
    said = [(CLIENT, stun), (CLIENT, hello)]
    said += [(n & 1, data) for n, data in enumerate(sealed)]
    said += [(SERVER, report), (SERVER, sealed[0]), *((CLIENT, data) for data in media)]
    frames = []
    for n, (side, data) in enumerate(said):
        ports = (40000, 3478) if side == CLIENT else (3478, 40000)
        ends = ("192.0.2.1", "198.51.100.2") if side == CLIENT else ("198.51.100.2", "192.0.2.1")
        frames.append((START + n * MS, eth(ip4(17, udp(*ports, data), *ends))))
    assert run(frames).flow["app_stack"] == ["stun", "dtls", "rtp"]
