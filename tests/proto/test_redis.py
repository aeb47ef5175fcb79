"""Redis: whole conversations, however cut; what is and is not taken for it; what is masked."""

import pytest
from cuts import check_talk, same_however_cut
from talk_redis import TALKS

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import redis

RESULT = next(iter(redis.LOGIN_FAILED))  # the fact


def make():
    return Probe("redis")


@pytest.mark.parametrize("talk", TALKS)
def test_a_conversation(talk):
    check_talk(make, redis, talk)


def test_the_password_is_shown_only_when_asked_for():
    result = same_however_cut(make, TALKS[0][0])
    assert "s3cret" not in str(redis.describe(result["facts"]))
    assert redis.describe(result["facts"], show_secrets=True)["password"] == "s3cret"


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        (b"*1\r\n$4\r\nPING\r\n", 97),
        (b"*1\r\n", -1),
        (b"*", -1),
        (b"* OK IMAP\r\n", 0),
        (b"*1\r\n$4\r\n\x00\x00\x00\x00", 0),
        (b"*1\r\n:4\r\n", 0),
        (b"-NOAUTH Authentication required.\r\n", 95),
        (b"-ERR x\r\n", 0),
        (b"+PONG\r\n", 90),
        (b"+OK\r\n", 0),
        (b"PING\r\n", 0),
        (b"*123456789\r\n", 0),
    ],
)
def test_detection(data, sure):
    """-1: more bytes are needed."""
    assert make().detect(data) == sure


SAID = b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n"


@pytest.mark.parametrize("kept", [0, 5, 16])
def test_after_a_hole_the_next_request_is_read(kept):
    """Whether the hole begins between requests or within one, and whatever of the lost ones follows it."""
    probe = make()
    probe.feed(0, SAID + SAID[:kept])
    probe.lost(0, 100)
    for rest in (b"3\r\nx\r\n", b"", SAID.replace(b"GET", b"TTL")[:6], SAID.replace(b"GET", b"TTL")[6:]):
        probe.feed(0, rest)
    assert redis.describe(probe.facts)["commands"] == ["GET", "TTL"]
    assert (probe.code, probe.malformed) == (0, 0)


@pytest.mark.parametrize(
    ("side", "data", "answer"),
    [
        (0, SAID, 1),
        (0, SAID[:7], -1),
        (0, b"$3\r\nabc\r\n", 0),
        (0, b"PING\r\n", 1),
        (0, b"binary", 0),
        (1, b"+OK\r\n", 1),
        (1, b"$5\r\nhello\r\n", 1),
        (1, b":12\r\n", 1),
        (1, b"*2\r\n", 1),
        (1, b"-ERR no\r\n", 1),
        (1, b"hello\r\n", 0),
        (1, b"+7\r\n", 0),
    ],
)
def test_where_a_message_begins(side, data, answer):
    probe = make()
    probe.feed(0, SAID)
    assert probe.resync(side, data) == answer


WRONG = b"-WRONGPASS invalid username-password pair or user is disabled.\r\n"
AUTH = b"*2\r\n$4\r\nAUTH\r\n$1\r\nx\r\n"
SUBSCRIBED = b"*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"
PUSH = b">2\r\n$3\r\nabc\r\n*1\r\n$1\r\nx\r\n"


@pytest.mark.parametrize(
    ("asked", "answered", "result"),
    [
        (AUTH, WRONG + PUSH, b"\0\1"),
        (AUTH, b"+OK\r\n", b"\1\0"),
        (AUTH, PUSH + b"+OK\r\n", b"\1\0"),
        (AUTH, b"|1\r\n+a\r\n*1\r\n:1\r\n+OK\r\n", b"\1\0"),
        (AUTH, b"+QUEUED\r\n", None),
        (AUTH, b":1\r\n", None),
        (AUTH, b"-NOAUTH no\r\n", None),
        (b"HELLO 3 AUTH u x\r\n", b"%1\r\n+proto\r\n:3\r\n", b"\1\0"),
        (b"HELLO 2 AUTH u x\r\n", b"*2\r\n+proto\r\n:2\r\n", b"\1\0"),
        (b"HELLO 2 AUTH u x\r\n", b"+OK\r\n", None),
        (b"SUBSCRIBE a b\r\n" + AUTH * 3, SUBSCRIBED * 2 + WRONG * 3, b"\0\3"),
        (b"SUBSCRIBE a b\r\n" + AUTH, SUBSCRIBED + b"+OK\r\n", None),
        (AUTH * 2 + b"SUBSCRIBE a b\r\n", WRONG + b"+OK\r\n" + SUBSCRIBED * 2, b"\1\1"),
        (b"CLIENT REPLY SKIP\r\nPING\r\n" + AUTH, WRONG, b"\0\1"),
        (b"CLIENT ID\r\n" + AUTH, b":7\r\n+OK\r\n", b"\1\0"),
        (b"MULTI\r\n" + AUTH * 2 + b"EXEC\r\n", b"+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n" + WRONG * 2, b"\0\2"),
        (b"GET a\r\n", b"$12\r\n-WRONGPASS x\r\n", None),
        (b"GET a\r\n" + AUTH * 2, WRONG * 2 + b"+OK\r\n", b"\0\2"),
    ],
)
def test_how_logins_end(asked, answered, result):
    """Two bytes: accepted or not, and how often refused."""
    facts = same_however_cut(make, [(0, asked), (1, answered)])["facts"]
    assert dict(facts).get(RESULT) == result
