"""Kerberos: names of both directions, errors, tickets, over UDP and TCP."""

import pytest
from cuts import same_however_cut
from datagrams import check_datagrams, flow, said
from messages import KRB_ASK, KRB_NO, KRB_SAY

from netwatch._fast.out.probe import MALFORMED, MORE_BYTES, Probe
from netwatch._fast.proto import kerberos


def test_refused_then_granted():
    probe = said("kerberos")
    obj = kerberos.describe(probe.facts)
    assert obj == {
        "messages": ["AS-REQ", "KRB-ERROR", "AS-REP"],
        "realm": "EXAMPLE.COM",
        "cname": "alice",
        "sname": "krbtgt/EXAMPLE.COM",
        "error": "PREAUTH_REQUIRED",
        "etype": "aes256-cts-hmac-sha1-96",
        "latency_us": 1500,
    }
    assert kerberos.label(obj) == "Kerberos AS-REQ alice krbtgt/EXAMPLE.COM"
    assert probe.initiator == 0


def framed(data):
    return len(data).to_bytes(4, "big") + data


def test_tcp_however_cut():
    turns = [(0, framed(KRB_ASK)), (1, framed(KRB_NO)), (0, framed(KRB_ASK)), (1, framed(KRB_SAY))]
    result = same_however_cut(lambda: Probe("kerberos", dport=88), turns)
    assert kerberos.describe(result["facts"])["messages"] == ["AS-REQ", "KRB-ERROR", "AS-REP"]
    assert Probe("kerberos").detect(framed(KRB_SAY)[:22]) == MORE_BYTES
    assert Probe("kerberos").detect(framed(KRB_SAY)[:23]) == 95
    assert Probe("kerberos").detect(b"\0\0\0\x40" + b"x" * 60) == 0


@pytest.mark.parametrize(
    "data",
    [
        KRB_ASK.replace(b"\xa2\3\2\1\x0a", b"\xa2\3\2\1\x0b"),
        KRB_ASK.replace(b"\xa1\3\2\1\5", b"\xa1\3\2\1\4"),
        b"\x6a\x80" + KRB_ASK[2:],
        b"\x69" + KRB_ASK[1:],
        KRB_ASK[:6],
    ],
)
def test_tag_version_and_type_must_agree(data):
    assert flow("kerberos").detect(data) == 0


def test_an_absurd_length_is_refused():
    probe = Probe("kerberos", dport=88)
    probe.feed(0, framed(KRB_ASK))
    assert probe.feed(0, b"\x7f\xff\xff\xff") == MALFORMED


def test_hostile():
    check_datagrams("kerberos", kerberos)
