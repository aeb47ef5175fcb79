"""Tor: a relay's certificate names it, over TLS; anything less does not."""

import datetime

import pytest
from cuts import same_however_cut
from test_tls import CLIENT, record, server_hello, vector

from netwatch._fast.out.probe import Probe
from netwatch._fast.out.protocols import DESCRIBE, LABEL

x509 = pytest.importorskip("cryptography.x509")

SUBJECT, ISSUER = "www.g6ghvisevf3ibuu5.net", "www.xkgk7fdx362yyyxib.com"


def name(*texts, kind=x509.NameOID.COMMON_NAME):
    return x509.Name([x509.NameAttribute(kind, text) for text in texts])


def certificate(subject, issuer):
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    day = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    made = made.serial_number(7).not_valid_before(day).not_valid_after(day + datetime.timedelta(days=99))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def talk(der, version=b"\3\1"):
    flight = server_hello(cipher=0xC013, version=version)
    flight += b"\x0b" + vector(3, vector(3, vector(3, der)))
    return [(0, CLIENT), (1, record(flight, version=version))]


def told(turns):
    probe = Probe("tls")
    for side, data in turns:
        probe.feed(side, data)
    return probe


def test_a_relay():
    turns = talk(certificate(name(SUBJECT), name(ISSUER)))
    probe = told(turns)
    assert probe.app == "tor"
    assert same_however_cut(lambda: Probe("tls"), turns)["facts"] == probe.facts
    obj = DESCRIBE["tor"](probe.facts[-2:], False)
    assert obj == {"subject": SUBJECT, "issuer": ISSUER}
    assert LABEL["tor"](obj) == f"Tor {SUBJECT}"


@pytest.mark.parametrize(
    ("subject", "issuer"),
    [
        (name("www.example.net"), name("www.example.com")),  # seven letters
        (name("www.wikipedia.net"), name("www.wikipedia.com")),  # one word
        (name(SUBJECT), name(SUBJECT)),  # self-signed
        (name(ISSUER), name(SUBJECT)),  # the wrong way round
        (name(SUBJECT), name("R3")),
        (name(SUBJECT.upper()), name(ISSUER)),
        (name("www.wordpress1site.net"), name("www.bigauthority.com")),  # 1 is not of the alphabet
        (name("www." + "a" * 21 + ".net"), name(ISSUER)),
        (name(SUBJECT, "more"), name(ISSUER)),
        (name(SUBJECT), name(ISSUER, kind=x509.NameOID.ORGANIZATION_NAME)),
        (name("mail.g6ghvisevf3ibuu5.net"), name(ISSUER)),
        (x509.Name([]), x509.Name([])),
    ],
)
def test_false_friends(subject, issuer):
    probe = told(talk(certificate(subject, issuer)))
    assert probe.app is None
    assert probe.facts[-1][0] == 16  # the certificate was read


def test_tls_1_3_hides_it():
    turns = talk(certificate(name(SUBJECT), name(ISSUER)))
    hidden = server_hello(b"\0\x2b\0\2\3\4")
    assert told([turns[0], (1, record(hidden + turns[1][1][5 + len(hidden) :]))]).app is None


def test_damage():
    der = certificate(name(SUBJECT), name(ISSUER))
    end = der.index(SUBJECT.encode()) + len(SUBJECT)
    for size in range(0, end, 3):
        assert told(talk(der[:size])).app is None
    for at in range(120):
        spoilt = told(talk(der[:at] + bytes([der[at] ^ 0xFF]) + der[at + 1 :]))
        assert spoilt.app in (None, "tor") and len(spoilt.facts) < 32
