"""FTP: whole conversations, however cut; what is and is not taken for it; what is masked."""

import pytest
from cuts import same_however_cut

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import ftp

TALKS = [
    [
        (1, b"220-Welcome\r\n all to\r\n220 ftp.example.org FTP ready\r\n"),
        (0, b"USER anonymous\r\n"),
        (1, b"331 Password\r\n"),
        (0, b"PASS me@example.org\r\n"),
        (1, b"230 In\r\n"),
        (0, b"SYST\r\n"),
        (1, b"215 UNIX Type: L8\r\n"),
        (0, b"PASV\r\n"),
        (1, b"227 Entering Passive Mode (192,0,2,1,4,5)\r\n"),
        (0, b"RETR a file.txt\r\n"),
        (1, b"550 No\r\n"),
        (0, b"QUIT\r\n"),
        (1, b"221 Bye\r\n"),
    ],
    [
        (1, b"220 ready\r\n"),
        (0, b"AUTH TLS\r\n"),
        (1, b"234 go\r\n\x16\x03"),
    ],
]
# code of the seam, who is the client, the object, the label
WANT = [
    (
        4,
        0,
        {
            "banner": "Welcome",
            "system": "UNIX Type: L8",
            "commands": ["USER", "PASS", "SYST", "PASV", "RETR", "QUIT"],
            "arguments": ["anonymous", "a file.txt"],
            "codes": ["220", "331", "230", "215", "227", "550", "221"],
            "user": "anonymous",
            "password": "***",
        },
        "FTP anonymous RETR",
    ),
    (
        3,
        0,
        {"banner": "ready", "commands": ["AUTH"], "arguments": ["TLS"], "codes": ["220", "234"], "starttls": True},
        "FTP",
    ),
]


def make():
    return Probe("ftp")


@pytest.mark.parametrize(("turns", "want"), list(zip(TALKS, WANT, strict=True)))
def test_a_conversation(turns, want):
    result = same_however_cut(make, turns)
    code, initiator, obj, label = want
    assert ftp.describe(result["facts"]) == obj
    assert (result["code"], result["initiator"], result["malformed"]) == (code, initiator, 0)
    assert ftp.label(obj) == label


def test_the_password_is_shown_only_when_asked_for():
    result = same_however_cut(make, TALKS[0])
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
