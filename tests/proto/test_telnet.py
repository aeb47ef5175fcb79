"""Telnet: whole conversations, however cut; what is and is not taken for it; what is masked."""

import pytest
from cuts import same_however_cut

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import telnet

TALKS = [
    [
        (1, b"\xff\xfd\x18\xff\xfb\x01"),
        (0, b"\xff\xfb\x18\xff\xfb\x1f\xff\xfa\x1f\x00P\x00\x18\xff\xf0"),
        (1, b"\xff\xfa\x18\x01\xff\xf0"),
        (0, b"\xff\xfa\x18\x00xterm\xff\xf0"),
        (1, b"Debian\r\nhost login: "),
        (0, b"frex\x7fd\r\x00"),
        (1, b"fred\r\nPassword: "),
        (0, b"s3cret\r\n"),
        (1, b"\r\n$ "),
    ],
]
# code of the seam, who is the client, the object, the label
WANT = [
    (
        4,
        None,
        {
            "terminal": "xterm",
            "options": ["echo", "terminal-type", "window-size"],
            "window": "80x24",
            "user": "fred",
            "password": "***",
        },
        "Telnet fred xterm",
    )
]


def make():
    return Probe("telnet")


@pytest.mark.parametrize(("turns", "want"), list(zip(TALKS, WANT, strict=True)))
def test_a_conversation(turns, want):
    result = same_however_cut(make, turns)
    code, initiator, obj, label = want
    assert telnet.describe(result["facts"]) == obj
    assert (result["code"], result["initiator"], result["malformed"]) == (code, initiator, 0)
    assert telnet.label(obj) == label


def test_the_password_is_shown_only_when_asked_for():
    result = same_however_cut(make, TALKS[0])
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
