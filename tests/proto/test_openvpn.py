"""OpenVPN: resets in their exact forms, over UDP and TCP; data alone is never OpenVPN."""

import pytest
from cuts import same_however_cut
from datagrams import check_datagrams, flow, said
from messages import OVPN_ASK, OVPN_AUTH, OVPN_CONTROL, OVPN_CRYPT, OVPN_DATA, OVPN_SAY, be32
from netwatch._fast.probe import DONE, MORE_BYTES, Probe

from netwatch._fast.proto import openvpn


def test_a_session():
    probe = said("openvpn")
    assert (probe.code, probe.initiator) == (DONE, 0)
    obj = openvpn.describe(probe.facts)
    assert obj == {
        "opcodes": ["client reset v2", "server reset v2", "control", "data v2"],
        "protection": "none",
        "client_session": b"clientid".hex(),
        "server_session": b"serverid".hex(),
        "latency_us": 1500,
    }
    assert openvpn.label(obj) == "OpenVPN"


@pytest.mark.parametrize("data, form", [(OVPN_AUTH, "tls-auth"), (OVPN_CRYPT, "tls-crypt"), (OVPN_ASK, "none")])
def test_forms_of_protection(data, form):
    assert openvpn.describe(said("openvpn", [(0, data)]).facts)["protection"] == form


@pytest.mark.parametrize(
    "data",
    [
        OVPN_ASK + b"x",
        OVPN_ASK[:-1],
        b"\x39" + OVPN_ASK[1:],
        b"\x38" + bytes(13),
        OVPN_AUTH.replace(be32(1_600_000_000), be32(1000)),
        OVPN_CRYPT + b"x",
        OVPN_DATA,
        OVPN_CONTROL,
    ],
)
def test_almost(data):
    assert flow("openvpn").detect(data) == 0


def framed(data):
    return len(data).to_bytes(2, "big") + data


def test_tcp_however_cut():
    turns = [(0, framed(OVPN_ASK)), (1, framed(OVPN_SAY)), (0, framed(OVPN_CONTROL) * 3)]
    result = same_however_cut(lambda: Probe("openvpn", dport=1194), turns)
    assert result["initiator"] == 0
    assert openvpn.describe(result["facts"])["opcodes"] == ["client reset v2", "server reset v2", "control"]
    whole = framed(OVPN_ASK)
    assert {Probe("openvpn").detect(whole[:n]) for n in range(1, len(whole))} == {MORE_BYTES}
    assert Probe("openvpn").detect(whole) == 90
    assert Probe("openvpn").detect(b"\0\x0eHello there and so on") == 0


def test_hostile():
    check_datagrams("openvpn", openvpn)
