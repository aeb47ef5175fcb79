"""RFB: every login it knows, in each version; however cut; what is masked; what is given back to TLS."""

import json

import pytest
from cuts import same_however_cut, told, truncated
from remote_talks import (
    VNC_APPLE,
    VNC_BUSY,
    VNC_OLD,
    VNC_PLAIN,
    VNC_REFUSED,
    VNC_TALK,
    VNC_TALKS,
    VNC_TIGHT,
    VNC_VEN_TLS,
)

from netwatch._fast.out.probe import DONE, MALFORMED, MORE_BYTES, NOT_MINE, Probe
from netwatch._fast.proto.vnc import text as vnctext

BOTH8 = {"server_version": "003.008", "client_version": "003.008"}
SCREEN = {"screen": "1024x768", "depth": 24}


def make():
    return Probe("vnc")


@pytest.mark.parametrize(
    ("talk", "code", "want", "label"),
    [
        (
            VNC_TALK,
            DONE,
            {
                **BOTH8,
                "offered": ["vnc", "vencrypt"],
                "security": "vnc",
                "result": "ok",
                "shared": True,
                "name": "anna's desk",
                **SCREEN,
            },
            "VNC anna's desk (1024x768)",
        ),
        (
            VNC_REFUSED,
            DONE,
            {**BOTH8, "offered": ["vnc"], "security": "vnc", "result": "failed", "reason": "bad"},
            "VNC vnc failed",
        ),
        (
            VNC_OLD,
            DONE,
            {**BOTH8, "client_version": "003.003", "security": "none", "shared": False, "name": "old", **SCREEN},
            "VNC old (1024x768)",
        ),
        (
            VNC_BUSY,
            DONE,
            {"server_version": "003.007", "client_version": "003.007", "reason": "too many"},
            "VNC 003.007",
        ),
        (
            VNC_PLAIN,
            DONE,
            {
                **BOTH8,
                "offered": ["vencrypt"],
                "security": "vencrypt",
                "subtype": "plain",
                "user": "bob",
                "password": "***",
                "result": "ok",
                "shared": False,
                "name": "x",
                **SCREEN,
            },
            "VNC x (1024x768)",
        ),
        (
            VNC_VEN_TLS,
            NOT_MINE,
            {**BOTH8, "offered": ["vencrypt"], "security": "vencrypt", "subtype": "x509 none"},
            "VNC vencrypt",
        ),
        (
            VNC_APPLE,
            DONE,
            {
                "server_version": "003.889",
                "client_version": "003.889",
                "offered": ["apple"],
                "security": "apple",
                "result": "ok",
                "shared": True,
                "name": "Mac",
                **SCREEN,
            },
            "VNC Mac (1024x768)",
        ),
        (
            VNC_TIGHT,
            DONE,
            {
                **BOTH8,
                "offered": ["tight"],
                "security": "tight",
                "subtype": "vnc",
                "result": "ok",
                "shared": True,
                "name": "tight",
                **SCREEN,
            },
            "VNC tight (1024x768)",
        ),
    ],
)
def test_a_conversation(talk, code, want, label):
    result = same_however_cut(make, talk)
    obj = vnctext.describe(result["facts"])
    assert obj == want
    assert (result["code"], result["initiator"], result["malformed"]) == (code, 0, 0)
    assert vnctext.label(obj) == label


def test_the_password_is_shown_only_when_asked_for():
    facts = same_however_cut(make, VNC_PLAIN)["facts"]
    assert "s3cret" not in str(vnctext.describe(facts))
    assert vnctext.describe(facts, show_secrets=True)["password"] == "s3cret"


def test_tls_follows_the_choice_at_once():
    probe = make()
    for side, data in [(1, b"RFB 003.008\n"), (0, b"RFB 003.008\n"), (1, b"\1\x12"), (0, b"\x12\x16\3\1")]:
        probe.feed(side, data)
    assert (probe.code, probe.left_over) == (NOT_MINE, (b"\x16\3\1", b""))


def test_a_login_nobody_has_described_ends_the_reading():
    probe = make()
    for side, data in [(1, b"RFB 005.000\n"), (0, b"RFB 005.000\n"), (1, b"\1\5"), (0, b"\5")]:
        probe.feed(side, data)
    assert (probe.code, vnctext.describe(probe.facts)["security"]) == (DONE, "ra2")


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        (b"RFB 003.008\n", 98),
        (b"RFB 003.889\nmore", 98),
        (b"RFB 003.", MORE_BYTES),
        (b"R", MORE_BYTES),
        (b"RFB 003.00x\n", 0),
        (b"RFB 003.008\r", 0),
        (b"RFB 003-008\n", 0),
        (b"RFC 003.008\n", 0),
        (b"RTSP/1.0 200 OK", 0),
    ],
)
def test_detection(data, sure):
    assert make().detect(data) == sure


def test_lengths_that_cannot_be():
    for talk, at, bad in ((VNC_TALK, 8, b"\4\0\3\0" + bytes(16) + b"\xff" * 4), (VNC_BUSY, 2, b"\0\xff\0\0\0")):
        probe = make()
        for side, data in talk[:at]:
            probe.feed(side, data)
        assert probe.feed(1, bad) == MALFORMED


@pytest.mark.parametrize("talk", VNC_TALKS)
def test_every_truncation_and_flipped_byte_is_survived(talk):
    for size in range(sum(len(data) for _, data in talk)):
        json.dumps(vnctext.describe(told(make, truncated(talk, size), lambda data: [data] if data else [])["facts"]))
    for turn, (side, data) in enumerate(talk):
        for at in range(len(data)):
            spoilt = data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]
            turns = [*talk[:turn], (side, spoilt), *talk[turn + 1 :]]
            obj = vnctext.describe(told(make, turns, lambda part: [part])["facts"])
            assert json.loads(json.dumps(obj)) == obj
            assert isinstance(vnctext.label(obj), str)
