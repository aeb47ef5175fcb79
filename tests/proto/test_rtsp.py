"""RTSP: whole conversations, however cut; what is and is not taken for it; what is masked."""

import pytest
from cuts import same_however_cut

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import rtsp

TALKS = [
    [
        (0, b"OPTIONS rtsp://u:pw@cam/1 RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: vlc\r\n\r\n"),
        (1, b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: gst\r\nContent-Length: 3\r\n\r\nabc"),
        (0, b"SETUP rtsp://cam/1 RTSP/1.0\r\nTransport: RTP/AVP;unicast\r\n\r\n"),
        (1, b"RTSP/1.0 401 No\r\nSession: 9\r\n\r\n"),
        (0, b"PLAY rtsp://cam/1 RTSP/1.0\r\n\r\n"),
        (1, b"RTSP/1.0 200 OK\r\n\r\n$\x00\x00\x04abcd"),
    ],
]
# code of the seam, who is the client, the object, the label
WANT = [
    (
        0,
        0,
        {
            "method": "OPTIONS",
            "methods": ["OPTIONS", "SETUP", "PLAY"],
            "url": "rtsp://***@cam/1",
            "user_agent": "vlc",
            "server": "gst",
            "transport": "RTP/AVP;unicast",
            "session": "9",
            "status": 200,
            "statuses": [200, 401],
        },
        "RTSP OPTIONS rtsp://***@cam/1",
    )
]


def make():
    return Probe("rtsp")


@pytest.mark.parametrize(("turns", "want"), list(zip(TALKS, WANT, strict=True)))
def test_a_conversation(turns, want):
    result = same_however_cut(make, turns)
    code, initiator, obj, label = want
    assert rtsp.describe(result["facts"]) == obj
    assert (result["code"], result["initiator"], result["malformed"]) == (code, initiator, 0)
    assert rtsp.label(obj) == label


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
