"""Telnet: whole conversations, however cut; what is and is not taken for it; what is masked."""

import pytest
from cuts import check_talk, same_however_cut
from talk_telnet import TALKS

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import telnet


def make():
    return Probe("telnet")


@pytest.mark.parametrize("talk", TALKS)
def test_a_conversation(talk):
    check_talk(make, telnet, talk)


def test_the_password_is_shown_only_when_asked_for():
    result = same_however_cut(make, TALKS[0][0])
    assert "s3cret" not in str(telnet.describe(result["facts"]))
    assert telnet.describe(result["facts"], show_secrets=True)["password"] == "s3cret"


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        (b"\xff\xfd\x18\xff\xfb\x01", 90),
        (b"\xff\xfd\x03", 75),
        (b"\xff\xfd", -1),
        (b"\xff\xfd\x80", 0),
        (b"\xff\xd8\xff\xe0", 0),
        (b"\xff\xfb\x01\x90", 0),
        (b"\xff\xff\xff\xff", 0),
        (b"\xff\xfb\x01\xff\xfb\x03\xff\xfd\x18", 95),
    ],
)
def test_detection(data, sure):
    """-1: more bytes are needed."""
    assert make().detect(data) == sure
