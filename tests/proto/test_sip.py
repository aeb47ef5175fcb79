"""SIP: whole conversations, however cut; what is and is not taken for it; what is masked."""

import pytest
from cuts import same_however_cut

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import sip

TALKS = [
    [
        (
            0,
            (
                b'INVITE sip:bob@example.org SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: "Al" <sip:al:pw'
                b"@example.com>;tag=1\r\nt: <sip:bob@example.org>\r\nCall-ID: c1@h\r\nUser-Agent: p"
                b'hone/1\r\nAuthorization: Digest username="al", realm="x"\r\nContent-Length: 4\r\n'
                b"\r\nbody"
            ),
        ),
        (
            1,
            (
                b"SIP/2.0 180 Ringing\r\nf: sip:al@example.com;tag=1\r\nTo: <sip:bob@example.org>;t"
                b"ag=2\r\ni: c1@h\r\nServer: pbx\r\nl: 0\r\n\r\nSIP/2.0 200 OK\r\nf: sip:al@example"
                b".com;tag=1\r\nTo: <sip:bob@example.org>;tag=2\r\ni: c1@h\r\nServer: pbx\r\nl: 0\r"
                b"\n\r\n"
            ),
        ),
        (
            0,
            (
                b'\r\n\r\nACK sip:bob@example.org SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: "Al" <sip:'
                b"al:pw@example.com>;tag=1\r\nt: <sip:bob@example.org>\r\nCall-ID: c2@h\r\nUser-Age"
                b'nt: phone/1\r\nAuthorization: Digest username="al", realm="x"\r\nContent-Length: '
                b"4\r\n\r\nbody"
            ),
        ),
    ],
]
# code of the seam, who is the client, the object, the label
WANT = [
    (
        0,
        0,
        {
            "method": "INVITE",
            "methods": ["INVITE", "ACK"],
            "uri": "sip:bob@example.org",
            "from": "sip:al:***@example.com",
            "to": "sip:bob@example.org",
            "call_id": "c1@h",
            "user_agent": "phone/1",
            "server": "pbx",
            "user": "al",
            "callers": ["sip:al:***@example.com", "sip:al@example.com"],
            "status": 200,
            "statuses": [180, 200],
            "calls": [
                {"call_id": "c1@h", "from": "sip:al:***@example.com", "to": "sip:bob@example.org"},
                {"call_id": "c2@h", "from": "sip:al:***@example.com", "to": "sip:bob@example.org"},
            ],
        },
        "SIP INVITE sip:al:***@example.com > sip:bob@example.org",
    )
]


def make():
    return Probe("sip")


@pytest.mark.parametrize(("turns", "want"), list(zip(TALKS, WANT, strict=True)))
def test_a_conversation(turns, want):
    result = same_however_cut(make, turns)
    code, initiator, obj, label = want
    assert sip.describe(result["facts"]) == obj
    assert (result["code"], result["initiator"], result["malformed"]) == (code, initiator, 0)
    assert sip.label(obj) == label


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
    for side, data in [*TALKS[0][:1], (1, b"\r\n\r\n"), (1, b"SIP/2.0 486 Busy\r\nCall-ID: c1@h\r\n\r\n")]:
        probe.feed(side, data)
    obj = sip.describe(probe.facts)
    assert (obj["method"], obj["status"], obj["call_id"]) == ("INVITE", 486, "c1@h")


def test_a_password_in_an_address_is_shown_only_when_asked_for():
    facts = same_however_cut(make, TALKS[0])["facts"]
    assert ":pw@" not in str(sip.describe(facts))
    assert sip.describe(facts, show_secrets=True)["from"] == "sip:al:pw@example.com"
