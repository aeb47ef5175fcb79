"""RTSP: whole conversations, however cut; what is and is not taken for it; what is masked."""

import pytest
from cuts import check_talk
from talk_rtsp import TALKS

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import rtsp


def make():
    return Probe("rtsp")


@pytest.mark.parametrize("talk", TALKS)
def test_a_conversation(talk):
    check_talk(make, rtsp, talk)


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        (b"OPTIONS rtsp://x/ RTSP/1.0\r\n", 98),
        (b"RTSP/1.0 200 OK\r\n", 98),
        (b"RTSP/1.0", -1),
        (b"SETUP rtsp://xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 90),
        (b"OPTIONS * HTTP/1.1\r\n", 0),
        (b"OPTIONS sip:a SIP/2.0\r\n", 0),
        (b"RTSP/1.0 xyz abc\r\n", 0),
        (b"OPTIONS /xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 0),
    ],
)
def test_detection(data, sure):
    """-1: more bytes are needed."""
    assert make().detect(data) == sure
