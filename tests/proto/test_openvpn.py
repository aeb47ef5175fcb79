"""OpenVPN: resets in their exact forms, over UDP and TCP; data alone is never OpenVPN."""

import pytest
from cuts import same_however_cut
from datagrams import check_datagrams, flow, said
from messages import OVPN_ASK, OVPN_AUTH, OVPN_CONTROL, OVPN_CRYPT, OVPN_DATA, OVPN_SAY, be32
from test_tls import CLIENT, SERVER13

from netwatch._fast.out.probe import DONE, MORE_BYTES, Probe
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
    assert (Probe("openvpn").detect(whole), Probe("openvpn", dport=1194).detect(whole)) == (60, 90)
    assert Probe("openvpn").detect(b"\0\x0eHello there and so on") == 0


@pytest.mark.parametrize(("session", "away"), [
    (b"clientid", 60), (bytes(range(1, 9)), 60), (b"\1\2\3\4\5\5\5\5", 60), (b"\1" + bytes(7), 0),
    (bytes(4) + be32(1_600_000_000), 0), (b"\1\2\3\4" + bytes(4), 60), (b"\1\2\3" + bytes(5), 0), (b"abab" * 2, 0)])
def test_what_a_bare_reset_proves(session, away):
    """Away from OpenVPN's port less than anything else, and nothing when nobody drew the session id."""
    reset = b"\x38" + session + bytes(5)
    found = [Probe("openvpn", True, dport=port).detect(reset) for port in (9999, 1194)]
    assert found == [away, 90]


def test_hostile():
    check_datagrams("openvpn", openvpn)


def control(session, number, data, acks=0, mac=b"", op=4):
    """A control packet after the draft's section on the packet format; `mac`: digest, then packet id and time."""
    guard = mac + be32(number + 1) + be32(1_600_000_000) if mac else b""
    acked = bytes([acks]) + bytes(4 * acks) + (b"peer-ids" if acks else b"")
    return bytes([op << 3]) + session + guard + acked + be32(number) + data


@pytest.mark.parametrize("digest", [0, 20, 32])
def test_the_tls_handshake_inside(digest):
    mac = b"h" * digest
    ask, say = (control(session, 0, b"", acks, mac, op) for session, acks, op in
                ((b"clientid", 0, 7), (b"serverid", 1, 8)))  # fmt: skip
    turns = [(0, framed(ask)), (1, framed(say))]
    for number, at in enumerate(range(0, len(CLIENT), 100), 1):
        turns.append((0, framed(control(b"clientid", number, CLIENT[at : at + 100], number % 3, mac))))
    turns.append((1, framed(control(b"serverid", 1, SERVER13[:30], 1, mac))))
    turns.append((1, framed(control(b"serverid", 1, SERVER13[:30], 1, mac))))  # sent again
    turns.append((1, framed(control(b"serverid", 2, SERVER13[30:], 0, mac))))
    obj = openvpn.describe(same_however_cut(lambda: Probe("openvpn", dport=1194), turns)["facts"])
    assert obj["stack"] == ["tls"]
    assert obj["tls"]["sni"] == "api.example.com" and obj["tls"]["version"] == "TLS 1.3"
    assert obj["tls"]["ja4"] == "t13d1516h2_8daaf6152771_e5627efa2ab1"
    assert obj["protection"] == ("tls-auth" if digest else "none")


def test_a_control_packet_that_is_missing_ends_the_handshakes_reading():
    turns = [(0, OVPN_ASK), (0, control(b"clientid", 1, CLIENT[:40])), (0, control(b"clientid", 3, CLIENT[40:]))]
    assert "tls" not in openvpn.describe(said("openvpn", turns).facts)
    sealed = [(0, OVPN_CRYPT), (0, control(b"clientid", 1, CLIENT))]
    assert "tls" not in openvpn.describe(said("openvpn", sealed).facts)
    huge = [(0, OVPN_ASK), *((0, control(b"clientid", i, b"\x16\3\1\x40\0" * 200)) for i in range(1, 60))]
    assert said("openvpn", huge).fact_bytes < 100
