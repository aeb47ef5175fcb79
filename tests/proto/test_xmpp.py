"""XMPP: whole conversations, however cut; what is and is not taken for it; what is masked."""

import pytest
from cuts import same_however_cut

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import xmpp

TALKS = [
    [
        (
            0,
            (
                b"<?xml version='1.0'?><stream:stream to='example.org' from=\"fred@example.org\" "
                b"xmlns='jabber:client' version='1.0'>"
            ),
        ),
        (
            1,
            (
                b"<stream:stream id='1' from='example.org' xmlns='jabber:client'><stream:features><"
                b"mechanisms><mechanism>PLAIN</mechanism><mechanism>SCRAM-SHA-1</mechanism></mechan"
                b"isms></stream:features>"
            ),
        ),
        (0, (b"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGZyZWQAczNjcmV0</auth>")),
        (1, b"<success/><iq type='result'><bind><jid>fred@example.org/home</jid></bind></iq>"),
        (0, b"<presence/>"),
    ],
    [
        (0, b"<stream:stream to='example.org'>"),
        (1, b"<stream:stream id='1'><stream:features><starttls/></stream:features>"),
        (0, b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
        (1, b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
    ],
]
# code of the seam, who is the client, the object, the label
WANT = [
    (
        4,
        0,
        {
            "to": "example.org",
            "from": "fred@example.org",
            "server": "example.org",
            "kind": "jabber:client",
            "mechanisms": ["PLAIN", "SCRAM-SHA-1"],
            "jid": "fred@example.org/home",
            "auth": "PLAIN",
            "user": "fred",
            "password": "***",
        },
        "XMPP fred@example.org/home example.org",
    ),
    (3, 0, {"to": "example.org", "starttls": True}, "XMPP example.org"),
]


def make():
    return Probe("xmpp")


@pytest.mark.parametrize(("turns", "want"), list(zip(TALKS, WANT, strict=True)))
def test_a_conversation(turns, want):
    result = same_however_cut(make, turns)
    code, initiator, obj, label = want
    assert xmpp.describe(result["facts"]) == obj
    assert (result["code"], result["initiator"], result["malformed"]) == (code, initiator, 0)
    assert xmpp.label(obj) == label


def test_the_password_is_shown_only_when_asked_for():
    result = same_however_cut(make, TALKS[0])
    assert "s3cret" not in str(xmpp.describe(result["facts"]))
    assert xmpp.describe(result["facts"], show_secrets=True)["password"] == "s3cret"


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        (b"<stream:stream to='x'>", 97),
        (b"<?xml version='1.0'?>", -1),
        (b"<?xml version='1.0'?><stream:stream ", 97),
        (b"<?xml version='1.0'?><html>x", 0),
        (b"<stream:", -1),
        (b"<html>", 0),
        (b"<34>Oct 11", 0),
        (b"<?xml version='1.0'?>                                                            ", 0),
    ],
)
def test_detection(data, sure):
    """-1: more bytes are needed."""
    assert make().detect(data) == sure
