"""RDP: cookie and negotiation, the two sides' introductions, a login in clear; however cut; what is not RDP."""

import json

import pytest
from cuts import same_however_cut, told, truncated
from remote_talks import (
    RDP_INITIAL,
    RDP_OPEN_TALK,
    RDP_TALK,
    RDP_TALKS,
    RDP_TLS_TALK,
    rdp_confirm,
    rdp_request,
    rdp_response,
    tpkt,
)

from netwatch._fast.out.probe import DONE, MALFORMED, MORE_BYTES, NOT_MINE, Probe
from netwatch._fast.proto.rdp import text as rdptext


def make():
    return Probe("rdp", dport=3389)


def test_tls_is_left_to_others():
    result = same_however_cut(make, RDP_TLS_TALK)
    assert (result["code"], result["initiator"], result["malformed"]) == (NOT_MINE, 0, 0)
    obj = rdptext.describe(result["facts"])
    assert obj == {
        "cookie": "Cookie: mstshash=anna",
        "user": "anna",
        "requested": ["tls", "credssp"],
        "selected": "credssp",
    }
    assert rdptext.label(obj) == "RDP anna, credssp"


def test_introductions():
    result = same_however_cut(make, RDP_TALK)
    assert (result["code"], result["initiator"]) == (DONE, 0)
    assert rdptext.describe(result["facts"]) == {
        "cookie": "Cookie: mstshash=anna",
        "user": "anna",
        "requested": ["rdp"],
        "selected": "rdp",
        "client": "PC7",
        "client_version": "5.0-8.1",
        "client_build": 9600,
        "product_id": "12345-OEM",
        "screen": "1280x1024",
        "colour_bits": 24,
        "keyboard": "0x00000407",
        "channels": ["rdpdr", "cliprdr"],
        "server_version": "5.0-8.1",
        "encryption": "128-bit RC4",
        "encryption_level": "client compatible",
    }


def test_a_login_without_encryption():
    result = same_however_cut(make, RDP_OPEN_TALK)
    obj = rdptext.describe(result["facts"])
    assert result["code"] == DONE
    assert (obj["encryption"], obj["domain"], obj["user"], obj["password"]) == ("none", "CORP", "anna", "***")
    assert rdptext.describe(result["facts"], show_secrets=True)["password"] == "s3cret"


def test_a_refusal():
    probe = make()
    probe.feed(0, rdp_request(protocols=0))
    assert probe.feed(1, rdp_confirm(5, kind=3)) == DONE
    obj = rdptext.describe(probe.facts)
    assert obj["failure"] == "CredSSP required"
    assert rdptext.label(obj) == "RDP anna, CredSSP required"


def test_a_routing_token_names_no_user():
    probe = make()
    probe.feed(0, rdp_request(b"Cookie: msts=3640205228.15629.0000\r\n"))
    obj = rdptext.describe(probe.facts)
    assert (obj["cookie"], "user" in obj) == ("Cookie: msts=3640205228.15629.0000", False)


def test_what_follows_the_answer_is_left():
    probe = make()
    probe.feed(0, rdp_request())
    probe.feed(1, rdp_confirm(1) + b"\x16\3\3")
    assert probe.left_over == (b"", b"\x16\3\3")


@pytest.mark.parametrize(
    ("data", "port", "sure"),
    [
        (rdp_request(), 4000, 97),
        (rdp_request(b""), 4000, 96),
        (rdp_request(b"Cookie: mstshash=anna\r\n", None), 4000, 97),
        (rdp_request(b"", None), 3389, 60),
        (rdp_request(b"", None), 102, 0),
        (rdp_confirm(2), 4000, 96),
        (rdp_confirm(5, kind=3), 4000, 96),
        (rdp_confirm(None), 3389, 60),
        (rdp_confirm(None), 102, 0),
        (rdp_request()[:6], 4000, MORE_BYTES),
        (rdp_request()[:20], 4000, MORE_BYTES),
        (rdp_confirm(2)[:15], 4000, MORE_BYTES),
        (tpkt(b"\x11\xe0\0\0\0\1\0\xc1\2\1\0\xc2\2\1\2\xc0\1\x0a"), 102, 0),
        (tpkt(b"\2\xf0\x80\x32\1\0\0"), 102, 0),
        (b"\3\1\0\x13\x0e\xd0", 3389, 0),
        (b"\3\0\0\x05\0\xe0\0\0\0\0\0", 3389, 0),
    ],
)
def test_detection(data, port, sure):
    """An S7 controller's connection request is no RDP; a bare one only on RDP's port."""
    assert Probe("rdp", dport=port).detect(data) == sure


def test_damage():
    assert make().feed(0, b"\3\0\0\7\2\xf0\x80") not in (MALFORMED, NOT_MINE)
    assert make().feed(0, b"GET /") == NOT_MINE
    probe = make()
    probe.feed(0, rdp_request())
    assert probe.feed(1, b"HTTP/1.1 400") == MALFORMED


@pytest.mark.parametrize("talk", RDP_TALKS)
def test_every_truncation_and_flipped_byte_is_survived(talk):
    for size in range(sum(len(data) for _, data in talk)):
        json.dumps(rdptext.describe(told(make, truncated(talk, size), lambda data: [data] if data else [])["facts"]))
    for turn, (side, data) in enumerate(talk):
        for at in range(len(data)):
            spoilt = data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]
            turns = [*talk[:turn], (side, spoilt), *talk[turn + 1 :]]
            obj = rdptext.describe(told(make, turns, lambda part: [part])["facts"])
            assert json.loads(json.dumps(obj)) == obj
            assert isinstance(rdptext.label(obj), str)


def test_channels_are_as_many_as_there_are():
    """A count that lies is no harm."""
    lying = RDP_INITIAL.replace(b"\2\0\0\0rdpdr", b"\xff\xff\xff\xffrdpdr")
    probe = make()
    for side, data in [(0, rdp_request(protocols=0)), (1, rdp_confirm()), (0, lying), (1, rdp_response(1, 1))]:
        probe.feed(side, data)
    assert rdptext.describe(probe.facts)["channels"] == ["rdpdr", "cliprdr"]
