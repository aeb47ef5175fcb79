"""SMTP: whole conversations, however cut; what is and is not taken for it; what is masked."""

import pytest
from cuts import same_however_cut

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import smtp

TALKS = [
    [
        (1, b"220 mx.example.org ESMTP Postfix\r\n"),
        (0, b"EHLO laptop.example.com\r\n"),
        (1, b"250-mx.example.org\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS\r\n"),
        (0, b"AUTH LOGIN\r\n"),
        (1, b"334 VXNlcm5hbWU6\r\n"),
        (0, b"ZnJlZA==\r\n"),
        (1, b"334 UGFzc3dvcmQ6\r\n"),
        (0, b"czNjcmV0\r\n"),
        (1, b"235 ok\r\n"),
        (
            0,
            (
                b"MAIL FROM:<fred@example.com> SIZE=10\r\nRCPT TO: <jane@example.org>\r\nrcpt to:<j"
                b"oe@example.org>\r\nDATA\r\n"
            ),
        ),
        (1, b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n"),
        (0, b"Subject: hi\r\n\r\n.\r\n"),
    ],
    [
        (1, b"220 mx.example.org ESMTP\r\n"),
        (0, b"EHLO x\r\n"),
        (1, b"250 STARTTLS\r\n"),
        (0, b"STARTTLS\r\n"),
        (1, b"220 go\r\n"),
    ],
    [
        (0, b"EHLO x\r\nAUTH PLAIN AGZyZWQAczNjcmV0\r\n"),
        (1, b"535 no\r\n"),
    ],
]
# code of the seam, who is the client, the object, the label
WANT = [
    (
        4,
        0,
        {
            "banner": "mx.example.org ESMTP Postfix",
            "helo": "laptop.example.com",
            "from": ["fred@example.com"],
            "to": ["jane@example.org", "joe@example.org"],
            "commands": ["EHLO", "AUTH", "MAIL", "RCPT", "DATA"],
            "codes": ["220", "250", "334", "235", "354"],
            "auth": "LOGIN",
            "user": "fred",
            "password": "***",
        },
        "SMTP fred@example.com > jane@example.org",
    ),
    (
        3,
        0,
        {
            "banner": "mx.example.org ESMTP",
            "helo": "x",
            "commands": ["EHLO", "STARTTLS"],
            "codes": ["220", "250"],
            "starttls": True,
        },
        "SMTP x",
    ),
    (
        0,
        0,
        {
            "helo": "x",
            "commands": ["EHLO", "AUTH"],
            "codes": ["535"],
            "auth": "PLAIN",
            "user": "fred",
            "password": "***",
        },
        "SMTP x",
    ),
]


def make():
    return Probe("smtp")


@pytest.mark.parametrize(("turns", "want"), list(zip(TALKS, WANT, strict=True)))
def test_a_conversation(turns, want):
    result = same_however_cut(make, turns)
    code, initiator, obj, label = want
    assert smtp.describe(result["facts"]) == obj
    assert (result["code"], result["initiator"], result["malformed"]) == (code, initiator, 0)
    assert smtp.label(obj) == label


def test_the_password_is_shown_only_when_asked_for():
    result = same_however_cut(make, TALKS[0])
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
