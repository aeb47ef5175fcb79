"""memcached: whole conversations, however cut; what is and is not taken for it; what is masked."""

import struct

import pytest
from cuts import check_talk, same_however_cut
from talk_memcached import TALKS

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import memcached


def make():
    return Probe("memcached")


@pytest.mark.parametrize("talk", TALKS)
def test_a_conversation(talk):
    check_talk(make, memcached, talk)


def test_the_password_is_shown_only_when_asked_for():
    result = same_however_cut(make, TALKS[1][0])
    assert "s3cret" not in str(memcached.describe(result["facts"]))
    assert memcached.describe(result["facts"], show_secrets=True)["password"] == "s3cret"


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        (b"get user:1\r\n", 75),
        (b"set k 0 0 5\r\nhello\r\n", 92),
        (b"set k x\r\n", 0),
        (b"stats\r\n", 80),
        (b"STAT pid 1\r\n", 85),
        (b"VALUE k 0 5\r\n", 85),
        (b"GET k\r\n", 0),
        (b"get /x\r\n", 0),
        (b"get k\n", 0),
        (b"ge", -1),
        (b"\x80\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00k", 90),
        (b"\x80\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 0),
        (b"\x80\x00", -1),
        (b"\x80\x99", 0),
        (b"\x00\x01\x00\x00\x00\x01\x00\x00stats\r\n", 0),
    ],
)
def test_detection(data, sure):
    """-1: more bytes are needed."""
    assert make().detect(data) == sure


def test_a_datagram_has_a_frame_header():
    probe = Probe("memcached", datagram=True, dport=11211)
    assert probe.detect(b"\x12\x34\0\0\0\1\0\0stats\r\n") == 80
    assert probe.detect(b"\x12\x34\0\0\0\1\0\1stats\r\n") == 0
    probe.feed(0, b"\x12\x34\0\0\0\1\0\0stats\r\n")
    assert memcached.describe(probe.facts)["commands"] == ["STATS"]


def packet(code, extras=0, key=b"", value=b"", magic=0x80):
    body = b"e" * extras + key + value
    return struct.pack(">BBHBBHIIQ", magic, code, len(key), extras, 0, 0, len(body), 0, 0) + body


FORMS = [(0, 0, 1, 0), (1, 8, 1, 1), (2, 8, 1, 0), (4, 0, 1, 0), (5, 20, 1, 0), (7, 0, 0, 0), (8, 4, 0, 0)]
FORMS += [(0x0E, 0, 1, 1), (0x11, 8, 1, 1), (0x19, 0, 1, 1), (0x1C, 4, 1, 0), (0x20, 0, 0, 0), (0x21, 0, 1, 1)]


@pytest.mark.parametrize(("code", "extras", "key", "value"), FORMS)
def test_a_binary_request_has_the_parts_its_operation_must_have(code, extras, key, value):
    assert make().detect(packet(code, extras, b"key" * key, b"value" * value)) >= 80
    for other in {0, 4, 8, 20} - {extras, *({0, 4} if code == 8 else ())}:
        assert make().detect(packet(code, other, b"key" * key, b"value" * value)) == 0
    assert make().detect(packet(code, extras, b"key" * (1 - key), b"value" * value)) == 0
    if not value and code != 2:
        assert make().detect(packet(code, extras, b"key" * key, b"value")) == 0


@pytest.mark.parametrize(
    ("line", "sure"),
    [
        (b"ms foo 2 T90\r\n", 88),
        (b"mg foo v t\r\n", 75),
        (b"mg foo\r\n", 0),
        (b"me too please\r\n", 0),
        (b"md foo q\r\n", 75),
        (b"ma tha bha\r\n", 0),
        (b"mn\r\n", 80),
    ],
)
def test_meta_commands(line, sure):
    assert make().detect(line) == sure


def test_a_talk_in_meta_commands():
    turns = [(0, b"ms foo 2 T90\r\nhi\r\nmg foo v\r\nmn\r\n"), (1, b"HD\r\nVA 2\r\nhi\r\nMN\r\n")]
    obj = memcached.describe(same_however_cut(make, turns)["facts"])
    assert (obj["commands"], obj["key"]) == (["MS", "MG", "MN"], "foo")
