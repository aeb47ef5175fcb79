"""IRC: whole conversations, however cut; what is and is not taken for it; what is masked."""

import pytest
from cuts import check_talk, same_however_cut
from talk_irc import TALKS

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import irc


def make():
    return Probe("irc")


@pytest.mark.parametrize("talk", TALKS)
def test_a_conversation(talk):
    check_talk(make, irc, talk)


def test_the_password_is_shown_only_when_asked_for():
    result = same_however_cut(make, TALKS[0][0])
    assert "s3cret" not in str(irc.describe(result["facts"]))
    assert irc.describe(result["facts"], show_secrets=True)["password"] == "s3cret"


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        (b":s.example.org 001 a :Hi\r\n", 93),
        (b":s NOTICE * :x\r\n", 90),
        (b"NICK fred\r\n", 85),
        (b"CAP LS 302\r\n", 92),
        (b"USER a 0 * :b\r\n", 92),
        (b"USER fred\r\n", 0),
        (b"PASS x\r\nNICK y\r\n", 85),
        (b"PASS x\r\n", -1),
        (b"STARTTLS\r\n", -1),
        (b":1\r\n", 0),
        (b"NICKEL\r\n", 0),
        (b"CAPA\r\n", 0),
        (b"PING :x\r\n", 0),
        (b"ERROR\r\n", 0),
    ],
)
def test_detection(data, sure):
    """-1: more bytes are needed."""
    assert make().detect(data) == sure
