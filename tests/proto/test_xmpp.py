"""XMPP: whole conversations, however cut; what is and is not taken for it; what is masked."""

import pytest
from cuts import check_talk, same_however_cut
from talk_xmpp import TALKS

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import xmpp


def make():
    return Probe("xmpp")


@pytest.mark.parametrize("talk", TALKS)
def test_a_conversation(talk):
    check_talk(make, xmpp, talk)


def test_the_password_is_shown_only_when_asked_for():
    result = same_however_cut(make, TALKS[0][0])
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
