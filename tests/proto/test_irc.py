"""IRC: whole conversations, however cut; what is and is not taken for it; what is masked."""

import pytest
from cuts import same_however_cut

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import irc

TALKS = [
    [
        (1, b":irc.example.org NOTICE AUTH :*** Looking up\r\n"),
        (0, b"PASS s3cret\r\nNICK fred\r\nUSER fred 0 * :Fred Smith\r\n"),
        (1, b":irc.example.org 001 fred :Welcome\r\n"),
        (0, b"JOIN #a,#b key\r\nPRIVMSG #a :hello\r\n"),
        (1, b":jane!j@h PRIVMSG #a :hi\r\n"),
        (0, b"QUIT :bye\r\n"),
    ],
    [
        (0, b"STARTTLS\r\n"),
        (1, b":irc.example.org 670 * :go\r\n"),
    ],
    [
        (1, b":irc.example.org 670 * :go\r\n"),
        (0, b"STARTTLS\r\n"),
    ],
]
# code of the seam, who is the client, the object, the label
WANT = [
    (
        4,
        0,
        {
            "nick": "fred",
            "username": "fred",
            "realname": "Fred Smith",
            "server": "irc.example.org",
            "channels": ["#a", "#b"],
            "commands": ["PASS", "NICK", "USER", "JOIN", "PRIVMSG", "QUIT"],
            "password": "***",
        },
        "IRC fred #a #b",
    ),
    (3, 0, {"server": "irc.example.org", "commands": ["STARTTLS"], "starttls": True}, "IRC irc.example.org"),
    (3, 0, {"server": "irc.example.org", "commands": ["STARTTLS"], "starttls": True}, "IRC irc.example.org"),
]


def make():
    return Probe("irc")


@pytest.mark.parametrize(("turns", "want"), list(zip(TALKS, WANT, strict=True)))
def test_a_conversation(turns, want):
    result = same_however_cut(make, turns)
    code, initiator, obj, label = want
    assert irc.describe(result["facts"]) == obj
    assert (result["code"], result["initiator"], result["malformed"]) == (code, initiator, 0)
    assert irc.label(obj) == label


def test_the_password_is_shown_only_when_asked_for():
    result = same_however_cut(make, TALKS[0])
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
