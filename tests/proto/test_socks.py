"""SOCKS: whole conversations, however cut; what is and is not taken for it; what is masked."""

import pytest
from cuts import same_however_cut

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import socks

TALKS = [
    [
        (0, b"\x05\x02\x00\x02"),
        (1, b"\x05\x02"),
        (0, b"\x01\x04fred\x06s3cret"),
        (1, b"\x01\x00"),
        (0, b"\x05\x01\x00\x03\x0fwww.example.com\x01\xbb"),
        (1, b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"),
    ],
    [
        (0, b"\x04\x01\x00P\x00\x00\x00\x01fred\x00example.com\x00"),
        (1, b"\x00Z\x00\x00\x00\x00\x00\x00"),
    ],
    [
        (0, b"\x05\x01\x00"),
        (1, b"\x05\x00"),
        (0, b"\x05\x01\x00\x04 \x01\r\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00P"),
        (1, b"\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"),
    ],
]
# code of the seam, who is the client, the object, the label
WANT = [
    (
        3,
        0,
        {
            "version": "5",
            "method": "password",
            "command": "CONNECT",
            "host": "www.example.com",
            "port": 443,
            "reply": "succeeded",
            "user": "fred",
            "password": "***",
        },
        "SOCKS5 CONNECT www.example.com:443",
    ),
    (
        3,
        0,
        {
            "version": "4a",
            "command": "CONNECT",
            "host": "example.com",
            "port": 80,
            "reply": "succeeded",
            "user": "fred",
        },
        "SOCKS4a CONNECT example.com:80",
    ),
    (
        4,
        0,
        {
            "version": "5",
            "method": "none",
            "command": "CONNECT",
            "host": "2001:db8::1",
            "port": 80,
            "reply": "connection refused",
        },
        "SOCKS5 CONNECT 2001:db8::1:80",
    ),
]


def make():
    return Probe("socks")


@pytest.mark.parametrize(("turns", "want"), list(zip(TALKS, WANT, strict=True)))
def test_a_conversation(turns, want):
    result = same_however_cut(make, turns)
    code, initiator, obj, label = want
    assert socks.describe(result["facts"]) == obj
    assert (result["code"], result["initiator"], result["malformed"]) == (code, initiator, 0)
    assert socks.label(obj) == label


def test_the_password_is_shown_only_when_asked_for():
    result = same_however_cut(make, TALKS[0])
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
