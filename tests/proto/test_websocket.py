"""WebSocket: only after a handshake; frames however cut; masked, compressed and closing ones."""

import zlib

import pytest
from conversation import Talk
from running import run

from netwatch.decrypt.messages import Messages

ASK = (b"GET /chat HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
       b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
AGREE = (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n"
         b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
MASK = b"\x37\xfa\x21\x3d"


def framed(first: int, data: bytes, mask: bytes = b"") -> bytes:
    """RFC 6455 section 5.2."""
    n = len(data)
    size = bytes([n]) if n < 126 else b"\x7e" + n.to_bytes(2, "big") if n < 65536 else b"\x7f" + n.to_bytes(8, "big")
    size = bytes([size[0] | (0x80 if mask else 0)]) + size[1:]
    return bytes([first]) + size + mask + bytes(c ^ mask[i & 3] if mask else c for i, c in enumerate(data))


def read(turns, cut=1 << 20):
    talk = Talk().open()
    for side, data in [(0, ASK), (1, AGREE), *turns]:
        for at in range(0, len(data), cut):
            talk.say(side, data[at : at + cut])
    return run(talk.frames, kinds=("flows", "streams", "http"), addons=[Messages(follow=True)])


TURNS = [
    (0, framed(0x81, b"Hello", MASK) + framed(0x01, b"in two ", MASK) + framed(0x89, b"ping", MASK)),
    (0, framed(0x80, b"parts", MASK)),
    (1, framed(0x82, bytes(range(32, 127)) * 4)),
    (1, framed(0x88, b"\x03\xe9going away")),
]


@pytest.mark.parametrize("cut", [1, 3, 7, 1 << 20])
def test_frames_however_cut(cut):
    result = read(TURNS, cut)
    assert result.flow["app"] == "websocket" and result.flow["app_stack"] == ["http", "websocket"]
    assert result.flow["websocket"] == {"messages": 3, "close_code": 1001, "close_reason": "going away"}
    assert result.flow["label"] == "WebSocket, 3 messages"
    texts = {s["dir"]: s["text"] for s in result.by_kind["streams"] if "stream" in s}
    assert texts["out"] == "Hello\nin two parts\n" and texts["in"].startswith(" !\"#")


def test_compressed_messages_share_a_window():
    packer = zlib.compressobj(wbits=-15)
    said = [b"the same words, " * 3, b"the same words, again"]
    parts = [(packer.compress(text) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4] for text in said]
    result = read([(1, framed(0xC1, part)) for part in parts])
    (stream,) = [s for s in result.by_kind["streams"] if "stream" in s]
    assert stream["text"] == said[0].decode() + "\n" + said[1].decode() + "\n"
    assert result.flow["websocket"]["compressed"] is True


def test_what_does_not_unpack_is_not_shown():
    result = read([(1, framed(0xC1, b"\xff\xff\xff\xff")), (1, framed(0xC1, b"\x00"))])
    assert not any("stream" in s for s in result.by_kind["streams"])
    assert result.flow["websocket"]["messages"] == 2


def test_a_long_frame_is_passed_over():
    result = read([(1, framed(0x82, b"x" * 200_000) + framed(0x81, b"after"))], 1400)
    (stream,) = [s for s in result.by_kind["streams"] if "stream" in s]
    assert result.flow["websocket"]["messages"] == 2
    assert stream["bytes"] == 65536 + len("\nafter\n") and stream["missing_bytes"] == 200_000 - 65536


@pytest.mark.parametrize("data", [framed(0x83, b"x"), framed(0xF1, b"x"), framed(0x09, b"x"), b"\x88\x7e\x01\x00"])
def test_frames_that_break_the_rules(data):
    result = read([(1, framed(0x81, b"good") + data)])
    assert result.summary["malformed"] == {"websocket": 1}


CLOSED = framed(0x88, b"\x03\xe8")


@pytest.mark.parametrize(("side", "data"), [
    (0, framed(0x81, b"Hello", MASK)), (0, framed(0x81, b"x" * 300, MASK)), (0, framed(0xC1, b"zzzz", MASK)),
    (0, framed(0x88, b"\x03\xe8bye", MASK)), (1, CLOSED), (1, framed(0x88, b"\x0b\xb8gone")),
])
def test_a_flow_that_is_joined_is_named_by_a_frame_that_says_something(side, data):
    """Who masks is the client, whatever the ports."""
    talk = Talk(8765, 40000).say(1 - side, b"\x00\x9c" * 40).say(side, data).say(0, framed(0x81, b"more", MASK))
    flow = run(talk.frames).flow
    assert (flow["app"], flow["websocket"].get("messages", 0) > 0, flow["dport"]) == ("websocket", True, 40000)


@pytest.mark.parametrize("data", [
    framed(0x81, b"Hello"), framed(0x82, b"\x01\x02\x03\x04\x05", MASK), framed(0x81, b"\x01\x02\x03\x04\x05", MASK),
    framed(0x81, b"Hello", MASK)[:-1], framed(0x81, b"Hello", MASK) + b"\0", framed(0x81, b"Hello", bytes(4)),
    framed(0x88, b"\x03\xed"), framed(0x88, b"\0\1", MASK), framed(0x89, b"", MASK), b"\x81\x05",
])
def test_bytes_that_may_be_anything_name_no_flow(data):
    assert "app" not in run(Talk().say(0, data).say(1, b"\x00\x9c" * 40).frames).flow


def test_frames_without_a_handshake_are_nobodys():
    talk = Talk().open()
    talk.say(0, framed(0x81, b"Hello", MASK)).say(1, framed(0x81, b"Hello"))
    assert "app" not in run(talk.frames).flow
