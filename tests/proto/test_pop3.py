"""POP3: whole conversations, however cut; what is and is not taken for it; what is masked."""

import pytest
from cuts import check_talk, same_however_cut
from talk_pop3 import TALKS

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import pop3

RESULT = next(iter(pop3.LOGIN_FAILED))  # the fact


def make():
    return Probe("pop3")


@pytest.mark.parametrize("talk", TALKS)
def test_a_conversation(talk):
    check_talk(make, pop3, talk)


def test_the_password_is_shown_only_when_asked_for():
    result = same_however_cut(make, TALKS[0][0])
    assert "s3 cret" not in str(pop3.describe(result["facts"]))
    assert pop3.describe(result["facts"], show_secrets=True)["password"] == "s3 cret"


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        (b"+OK POP3 x\r\n", 95),
        (b"+OK hi there\r\n", 55),
        (b"+OK\r\n", 0),
        (b"+PONG\r\n", 0),
        (b"+O", -1),
        (b"CAPA\r\n", 85),
        (b"STLS\r\n", 85),
        (b"USER fred\r\n", -1),
        (b"APOP f 0123456789abcdef0123456789abcdef\r\n", 85),
        (b"AUTH TLS\r\n", 0),
        (b"CAPABILITY\r\n", 0),
        (b"USER a b c :d\r\n", -1),
    ],
)
def test_detection(data, sure):
    """-1: more bytes are needed."""
    assert make().detect(data) == sure


@pytest.mark.parametrize(
    ("turns", "result"),
    [
        ([(0, b"USER u\r\nPASS p\r\nAUTH X\r\n"), (1, b"+OK\r\n-ERR x\r\n-ERR x\r\n")], b"\0\1"),
        ([(0, b"PASS p\r\nPASS q\r\n"), (1, b"-ERR x\r\n+OK\r\n")], b"\1\1"),
        ([(0, b"AUTH X cA==\r\n"), (1, b"+ e30=\r\n"), (0, b"*\r\n"), (1, b"-ERR x\r\n")], b"\0\1"),
        ([(0, b"AUTH X\r\n"), (1, b"+ e30=\r\n"), (0, b"*\r\n"), (1, b"-ERR x\r\n")], None),
        ([(0, b"PASS p\r\nAUTH X\r\n"), (1, b"-ERR x\r\n+ \r\n"), (0, b"cA==\r\n"), (1, b"-ERR x\r\n")], b"\0\2"),
        ([(0, b"NOOP\r\n" * 300 + b"PASS p\r\n"), (1, b"+OK\r\n" * 300 + b"-ERR x\r\n")], b"\0\1"),
        ([(0, b"PASS p\r\n" * 30), (1, b"-ERR x\r\n" * 30)], b"\0\x08"),
    ],
)
def test_logins_that_are_sent_at_once(turns, result):
    """Two bytes: accepted or not, and how often refused."""
    facts = same_however_cut(make, [(1, b"+OK POP3 ready\r\n"), *turns])["facts"]
    assert dict(facts).get(RESULT) == result
