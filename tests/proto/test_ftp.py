"""FTP: whole conversations, however cut; what is and is not taken for it; what is masked."""

import pytest
from cuts import check_talk, same_however_cut
from talk_ftp import TALKS

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import ftp


def make():
    return Probe("ftp")


@pytest.mark.parametrize("talk", TALKS)
def test_a_conversation(talk):
    check_talk(make, ftp, talk)


def test_the_password_is_shown_only_when_asked_for():
    result = same_however_cut(make, TALKS[0][0])
    assert "me@example.org" not in str(ftp.describe(result["facts"]))
    assert ftp.describe(result["facts"], show_secrets=True)["password"] == "me@example.org"


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        (b"220 (vsFTPd 3.0.3)\r\n", 90),
        (b"220 ready\r\n", -1),
        (b"220 mx ESMTP ftp\r\n", 0),
        (b"AUTH TLS\r\n", 88),
        (b"AUTH PLAIN\r\n", 0),
        (b"USER fred\r\n", -1),
        (b"USER fred 0 * :F\r\n", 0),
        (b"PASV\r\n", 80),
        (b"TYPE I\r\n", 80),
        (b"227 Entering Passive Mode (1,2,3,4,5,6)\r\n", 95),
        (b"200 OK\r\n", 0),
        (b"220xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 0),
        (b"220 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n", 0),
        (b"USERNAME\r\n", 0),
        (b"HTTP/1.1 200 OK\r\n", 0),
    ],
)
def test_detection(data, sure):
    """-1: more bytes are needed."""
    assert make().detect(data) == sure


@pytest.mark.parametrize(("port", "sure"), [(21, 65), (2121, -1)])
def test_a_greeting_that_says_nothing_needs_the_port_or_the_client(port, sure):
    assert Probe("ftp", dport=port).detect(b"220 ready\r\n", 1) == sure
