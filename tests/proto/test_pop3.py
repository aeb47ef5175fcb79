"""POP3: whole conversations, however cut; what is and is not taken for it; what is masked."""

import pytest
from cuts import same_however_cut

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import pop3

TALKS = [
    [
        (1, b"+OK POP3 ready <1.2@example.org>\r\n"),
        (0, b"USER fred\r\n"),
        (1, b"+OK\r\n"),
        (0, b"PASS s3 cret\r\n"),
        (1, b"+OK 2 messages\r\n"),
        (0, b"LIST\r\n"),
        (1, b"+OK\r\n1 10\r\n.\r\n"),
        (0, b"retr 1\r\nQUIT\r\n"),
    ],
    [
        (1, b"+OK lavad\r\n"),
        (0, b"STLS\r\n"),
        (1, b"+OK go\r\n"),
    ],
    [
        (1, b"+OK x\r\n"),
        (0, b"AUTH PLAIN\r\n"),
        (1, b"+ \r\n"),
        (0, b"AGZyZWQAczNjcmV0\r\n"),
        (1, b"-ERR no\r\n"),
        (0, b"APOP jane 0123456789abcdef0123456789abcdef\r\n"),
    ],
]
# code of the seam, who is the client, the object, the label
WANT = [
    (
        4,
        0,
        {
            "banner": "POP3 ready <1.2@example.org>",
            "commands": ["USER", "PASS", "LIST", "RETR", "QUIT"],
            "user": "fred",
            "password": "***",
        },
        "POP3 fred",
    ),
    (3, 0, {"banner": "lavad", "commands": ["STLS"], "starttls": True}, "POP3 lavad"),
    (0, 0, {"banner": "x", "commands": ["AUTH", "APOP"], "error": "no", "auth": "PLAIN", "user": "jane"}, "POP3 jane"),
]


def make():
    return Probe("pop3")


@pytest.mark.parametrize(("turns", "want"), list(zip(TALKS, WANT, strict=True)))
def test_a_conversation(turns, want):
    result = same_however_cut(make, turns)
    code, initiator, obj, label = want
    assert pop3.describe(result["facts"]) == obj
    assert (result["code"], result["initiator"], result["malformed"]) == (code, initiator, 0)
    assert pop3.label(obj) == label


def test_the_password_is_shown_only_when_asked_for():
    result = same_however_cut(make, TALKS[0])
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
