"""SOCKS: whole conversations, however cut; what is and is not taken for it; what is masked."""

import pytest
from cuts import check_talk, same_however_cut
from talk_socks import TALKS

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import socks


def make():
    return Probe("socks")


@pytest.mark.parametrize("talk", TALKS)
def test_a_conversation(talk):
    check_talk(make, socks, talk)


def test_the_password_is_shown_only_when_asked_for():
    result = same_however_cut(make, TALKS[0][0])
    assert "s3cret" not in str(socks.describe(result["facts"]))
    assert socks.describe(result["facts"], show_secrets=True)["password"] == "s3cret"


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        (b"\x05\x01\x00", 75),
        (b"\x05\x02\x00\x01", 75),
        (b"\x05\x01", -1),
        (b"\x05\x00\x0b\x03", 0),
        (b"\x05\x02\x00\x00", 0),
        (b"\x05\x01\x00\t\t", 0),
        (b"\x04\x01\x00P\x01\x02\x03\x04\x00", 78),
        (b"\x04\x01\x00P\x01\x02\x03\x04fred", -1),
        (b"\x04\x01\x00\x00\x01\x02\x03\x04\x00", 0),
        (b"\x04\x05\x00", 0),
        (b"\x04\x01\x00P\x01\x02\x03\x04\x00x", 0),
        (b"\x05\x01 ", 0),
    ],
)
def test_detection(data, sure):
    """-1: more bytes are needed."""
    assert make().detect(data) == sure
