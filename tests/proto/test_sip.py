"""SIP: whole conversations, however cut; what is and is not taken for it; what is masked."""

import pytest
from cuts import check_talk, same_however_cut
from talk_sip import TALKS

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import sip


def make():
    return Probe("sip")


@pytest.mark.parametrize("talk", TALKS)
def test_a_conversation(talk):
    check_talk(make, sip, talk)


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        (b"INVITE sip:a@b SIP/2.0\r\n", 98),
        (b"SIP/2.0 200 OK\r\n", 98),
        (b"SIP/2", -1),
        (b"GET / HTTP/1.1\r\n", 0),
        (b"OPTIONS rtsp://x RTSP/1.0\r\n", 0),
        (b"OPTIONS sip:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 88),
        (b"OPTIONS /xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 0),
        (b"SIP/2.0 abc", -1),
        (b"SIP/2.0 abcd", 0),
        (b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0),
    ],
)
def test_detection(data, sure):
    """-1: more bytes are needed."""
    assert make().detect(data) == sure


def test_datagrams_with_keep_alives_between():
    probe = Probe("sip", datagram=True, dport=5060)
    for side, data in [*TALKS[0][0][:1], (1, b"\r\n\r\n"), (1, b"SIP/2.0 486 Busy\r\nCall-ID: c1@h\r\n\r\n")]:
        probe.feed(side, data)
    obj = sip.describe(probe.facts)
    assert (obj["method"], obj["status"], obj["call_id"]) == ("INVITE", 486, "c1@h")


def test_a_password_in_an_address_is_shown_only_when_asked_for():
    facts = same_however_cut(make, TALKS[0][0])["facts"]
    assert ":pw@" not in str(sip.describe(facts))
    assert sip.describe(facts, show_secrets=True)["from"] == "sip:al:pw@example.com"
