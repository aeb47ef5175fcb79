"""IMAP: whole conversations, however cut; what is and is not taken for it; what is masked."""

import pytest
from cuts import same_however_cut

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import imap

TALKS = [
    [
        (1, b"* OK IMAP4rev1 ready\r\n"),
        (0, b"a1 CAPABILITY\r\n"),
        (1, b"* CAPABILITY IMAP4rev1\r\na1 OK\r\n"),
        (0, b'a2 LOGIN fred "s3 cret"\r\n'),
        (1, b"a2 OK in\r\n"),
        (0, b"a3 SELECT INBOX\r\n"),
        (1, b"* 3 EXISTS\r\na3 OK\r\n"),
        (0, b'a4 APPEND "Sent Mail" {5+}\r\nhello\r\na5 UID FETCH 1 BODY[]\r\na6 LOGOUT\r\n'),
    ],
    [
        (1, b"* OK IMAP\r\n"),
        (0, b". STARTTLS\r\n"),
        (1, b"* BYE not really\r\n. OK begin\r\n"),
    ],
    [
        (0, b"a1 LOGIN {4}\r\n"),
        (1, b"+ go\r\n"),
        (0, b"fred {6}\r\n"),
        (1, b"+ go\r\n"),
        (0, b"s3cret\r\n"),
        (1, b"a1 NO\r\n"),
        (0, b"a2 AUTHENTICATE PLAIN\r\n"),
        (1, b"+\r\n"),
        (0, b"AGphbmUAb3RoZXI=\r\n"),
    ],
]
# code of the seam, who is the client, the object, the label
WANT = [
    (
        4,
        0,
        {
            "banner": "IMAP4rev1 ready",
            "commands": ["CAPABILITY", "LOGIN", "SELECT", "APPEND", "FETCH", "LOGOUT"],
            "mailboxes": ["INBOX", "Sent Mail"],
            "user": "fred",
            "password": "***",
        },
        "IMAP fred INBOX",
    ),
    (3, 0, {"banner": "IMAP", "commands": ["STARTTLS"], "starttls": True}, "IMAP IMAP"),
    (0, 0, {"commands": ["LOGIN", "AUTHENTICATE"], "auth": "PLAIN", "user": "fred", "password": "***"}, "IMAP fred"),
]


def make():
    return Probe("imap")


@pytest.mark.parametrize(("turns", "want"), list(zip(TALKS, WANT, strict=True)))
def test_a_conversation(turns, want):
    result = same_however_cut(make, turns)
    code, initiator, obj, label = want
    assert imap.describe(result["facts"]) == obj
    assert (result["code"], result["initiator"], result["malformed"]) == (code, initiator, 0)
    assert imap.label(obj) == label


def test_the_password_is_shown_only_when_asked_for():
    result = same_however_cut(make, TALKS[0])
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
