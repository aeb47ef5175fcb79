"""SMTP: whole conversations, however cut; what is and is not taken for it; what is masked."""

import base64
import struct

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


OPENING = [(1, b"220 mx ESMTP\r\n"), (0, b"EHLO a\r\n"), (1, b"250 OK\r\n")]


def test_a_refused_text_is_none():
    turns = [*OPENING, (0, b"DATA\r\n"), (1, b"503 no\r\n"), (0, b"RSET\r\n"), (1, b"250 ok\r\n"),
             (0, b"MAIL FROM:<a0@x>\r\n")]
    obj = smtp.describe(same_however_cut(make, turns)["facts"])
    assert obj["from"] == ["a0@x"] and "RSET" in obj["commands"]


def test_a_login_by_ntlm():
    name = "dave".encode("utf-16-le")
    head = b"NTLMSSP\0\3\0\0\0" + bytes(24) + struct.pack("<HHI", 8, 8, 88) + bytes(16) + b"\5\2\x88\xa2"
    token = head + bytes(24) + name
    turns = [*OPENING[:2], (1, b"250 AUTH NTLM\r\n"), (0, b"AUTH NTLM TlRMTVNTUAABAAAA\r\n"), (1, b"334 TlRM\r\n"),
             (0, base64.b64encode(token) + b"\r\n"), (1, b"235 ok\r\n")]
    obj = smtp.describe(same_however_cut(make, turns)["facts"])
    assert (obj["auth"], obj["user"]) == ("NTLM", "dave")


ENVELOPE = [(0, b"MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n"), (1, b"250 ok\r\n250 ok\r\n354 go\r\n")]
EVIL = b"MAIL FROM:<evil@x>\r\nRCPT TO:<v@x>\r\nDATA\r\n"


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\n\n.\r\n"])
def test_a_mail_does_not_end_where_lines_end_in_lf_alone(end):
    """RFC 5321 section 4.1.1.4: what follows is more of the mail, and nobody's envelope."""
    turns = [*OPENING, *ENVELOPE, (0, b"Subject: x\r\n\r\nhi" + end + EVIL + b"\r\n.\r\n"), (1, b"250 queued\r\n"),
             (0, b"MAIL FROM:<c@z>\r\n")]
    obj = smtp.describe(same_however_cut(make, turns)["facts"])
    assert (obj["from"], obj["to"]) == (["a@x", "c@z"], ["b@y"])


def test_a_client_that_never_sends_more_than_lf_ends_its_mails_so():
    turns = [(side, data.replace(b"\r\n", b"\n") if side == 0 else data)
             for side, data in [*OPENING, *ENVELOPE, (0, b"hi\r\n.\r\n" + ENVELOPE[0][1].replace(b"a@x", b"c@z"))]]
    assert smtp.describe(same_however_cut(make, turns)["facts"])["from"] == ["a@x", "c@z"]


@pytest.mark.parametrize("port", [24, 25, 4321])
def test_lmtp(port):
    """RFC 2033: LHLO where SMTP has EHLO; its own port is 24."""
    make_here = lambda: Probe("smtp", dport=port)  # noqa: E731
    assert make_here().detect(b"LHLO relay.example\r\n") == 95
    turns = [(0, b"LHLO relay.example\r\n"), (1, b"250 ok\r\n"), (0, b"MAIL FROM:<a@x>\r\n")]
    obj = smtp.describe(same_however_cut(make_here, turns)["facts"])
    assert (obj["helo"], obj["from"]) == ("relay.example", ["a@x"])
