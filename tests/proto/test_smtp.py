"""SMTP: whole conversations, however cut; what is and is not taken for it; what is masked."""

import pytest
from cuts import check_talk, same_however_cut
from talk_smtp import TALKS

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import smtp


def make():
    return Probe("smtp")


@pytest.mark.parametrize("talk", TALKS)
def test_a_conversation(talk):
    check_talk(make, smtp, talk)


def test_the_password_is_shown_only_when_asked_for():
    result = same_however_cut(make, TALKS[0][0])
    assert "s3cret" not in str(smtp.describe(result["facts"]))
    assert smtp.describe(result["facts"], show_secrets=True)["password"] == "s3cret"


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        (b"220 mx ESMTP Exim\r\n", 92),
        (b"220 ready\r\n", -1),
        (b"220 FTP ready\r\n", 0),
        (b"EHLO x\r\n", 95),
        (b"helo x\r\n", 95),
        (b"EH", -1),
        (b"EHLO\r\n", 0),
        (b"HEAD / HTTP/1.1\r\n", 0),
        (b"554 no SMTP here\r\n", 92),
        (b"220 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n", 0),
    ],
)
def test_detection(data, sure):
    """-1: more bytes are needed."""
    assert make().detect(data) == sure


@pytest.mark.parametrize(("port", "sure"), [(25, 65), (587, 65), (21, -1)])
def test_a_greeting_that_says_nothing_needs_the_port_or_the_client(port, sure):
    assert Probe("smtp", dport=port).detect(b"220 ready\r\n", 1) == sure
