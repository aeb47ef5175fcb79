"""IMAP: whole conversations, however cut; what is and is not taken for it; what is masked."""

import pytest
from cuts import check_talk, same_however_cut
from talk_imap import TALKS

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import imap

RESULT = next(iter(imap.LOGIN_FAILED))  # the fact


def make():
    return Probe("imap")


@pytest.mark.parametrize("talk", TALKS)
def test_a_conversation(talk):
    check_talk(make, imap, talk)


def test_the_password_is_shown_only_when_asked_for():
    result = same_however_cut(make, TALKS[0][0])
    assert "s3 cret" not in str(imap.describe(result["facts"]))
    assert imap.describe(result["facts"], show_secrets=True)["password"] == "s3 cret"


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        (b"* OK IMAP4\r\n", 96),
        (b"* OK hello\r\n", 80),
        (b"* OK", -1),
        (b"* NO\r\n", 0),
        (b"a1 LOGIN x y\r\n", 88),
        (b"a1 CAPABILITY\r\n", 88),
        (b"GET / HTTP/1.1\r\n", 0),
        (b"ab LOGIN x y\r\n", 0),
        (b"a1 HELLO\r\n", 0),
        (b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 0),
        (b"*3\r\n$3\r\nSET\r\n", 0),
    ],
)
def test_detection(data, sure):
    """-1: more bytes are needed."""
    assert make().detect(data) == sure


@pytest.mark.parametrize(
    ("turns", "result"),
    [
        ([(0, b"a1 LOGIN u p\r\na2 AUTHENTICATE X\r\n"), (1, b"a1 NO x\r\na2 NO x\r\n")], b"\0\1"),
        ([(0, b"a1 LOGIN u p\r\na2 AUTHENTICATE X\r\n"), (1, b"a2 NO x\r\na1 NO x\r\n")], b"\0\1"),
        ([(0, b"a1 LOGIN u p\r\na2 LOGIN u p\r\n"), (1, b"a1 NO x\r\na2 OK x\r\n")], b"\1\1"),
        ([(0, b"a1 AUTHENTICATE X cA==\r\n"), (1, b"+ e30=\r\n"), (0, b"*\r\n"), (1, b"a1 NO x\r\n")], b"\0\1"),
        ([(0, b"a1 AUTHENTICATE X\r\n"), (1, b"+ e30=\r\n"), (0, b"*\r\n"), (1, b"a1 NO x\r\n")], None),
        ([(0, b"a1 LOGIN u p\r\na2 AUTHENTICATE X\r\n"), (1, b"a1 NO x\r\n+\r\n"), (0, b"cA==\r\n"),
          (1, b"a2 NO x\r\n")], b"\0\2"),
        ([(0, b"".join(b"b%d LOGIN u p\r\n" % i for i in range(30))),
          (1, b"".join(b"b%d NO x\r\n" % i for i in range(30)))], b"\0\x08"),
    ],
)
def test_logins_that_are_sent_at_once(turns, result):
    """Two bytes: accepted or not, and how often refused."""
    facts = same_however_cut(make, [(1, b"* OK IMAP4rev1 ready\r\n"), *turns])["facts"]
    assert dict(facts).get(RESULT) == result
