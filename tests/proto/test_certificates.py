"""Certificates are read as `cryptography` reads them, and what is broken is read as far as it is whole."""

from __future__ import annotations

import datetime
import random
from typing import Any

import pytest

from netwatch._fast.proto.tls.cert import describe_cert
from netwatch._fast.proto.tls.der import certificate

x509 = pytest.importorskip("cryptography.x509")
from cryptography.hazmat.primitives import hashes  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa  # noqa: E402
from cryptography.hazmat.primitives.serialization import Encoding  # noqa: E402

OIDS = x509.NameOID
DAYS = (datetime.datetime(1999, 12, 31, 23, 59, 59), datetime.datetime(2050, 1, 1), datetime.datetime(2026, 11, 29))
KEYS = {
    "RSA 2048": lambda: rsa.generate_private_key(65537, 2048), "DSA 1024": lambda: dsa.generate_private_key(1024),
    "EC secp256r1": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EC secp521r1": lambda: ec.generate_private_key(ec.SECP521R1()),
    "EC brainpoolP256r1": lambda: ec.generate_private_key(ec.BrainpoolP256R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate, "Ed448": ed448.Ed448PrivateKey.generate,
}
NAMES = [
    [[(OIDS.COMMON_NAME, "a.example")]],
    [[(OIDS.COUNTRY_NAME, "DE")], [(OIDS.ORGANIZATION_NAME, 'A, "B" + C; <D>\\')], [(OIDS.COMMON_NAME, " #x ")]],
    [[(OIDS.COMMON_NAME, "#1"), (OIDS.USER_ID, "u")], [(OIDS.EMAIL_ADDRESS, "m@b.example"), (OIDS.SURNAME, "Ä世")]],
]


def made(key: Any, name: Any, since: datetime.datetime) -> Any:
    name = x509.Name([x509.RelativeDistinguishedName([x509.NameAttribute(*each) for each in part]) for part in name])
    until = since + datetime.timedelta(days=400)
    kind = None if isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey) else hashes.SHA256()
    return (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(7).not_valid_before(since).not_valid_after(until).sign(key, kind))


@pytest.mark.parametrize("kind", KEYS)
def test_it_says_what_cryptography_says(kind: str) -> None:
    key = KEYS[kind]()
    for name in NAMES:
        for since in DAYS:
            cert = made(key, name, since)
            said = describe_cert(cert.public_bytes(Encoding.DER))
            assert said is not None and said["key"] == kind
            assert said["subject"] == said["issuer"] == cert.subject.rfc4514_string()
            assert said["not_before"] == f"{cert.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}"
            assert said["not_after"] == f"{cert.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize("count", [1, 512, 513, 600])
def test_more_names_than_are_shown_are_counted(count: int) -> None:
    key, name = KEYS["EC secp256r1"](), x509.Name([x509.NameAttribute(OIDS.COMMON_NAME, "a.example")])
    names = x509.SubjectAlternativeName([x509.DNSName(f"n{each}.example") for each in range(count)])
    cert = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(7).not_valid_before(DAYS[2]).not_valid_after(DAYS[1]).add_extension(names, critical=False)
            .sign(key, hashes.SHA256()))
    said = describe_cert(cert.public_bytes(Encoding.DER))
    assert said is not None and len(said["san"]) == min(count, 512)
    assert said.get("san_more", 0) == max(0, count - 512)


def test_what_is_broken_is_read_as_far_as_it_is_whole() -> None:
    der = made(KEYS["RSA 2048"](), NAMES[1], DAYS[2]).public_bytes(Encoding.DER)
    whole = certificate(der)
    assert whole is not None and whole.signed == "SHA256" and whole.key is not None and whole.key.bits == 2048
    draw = random.Random(7)
    for _ in range(3000):
        spoilt = bytearray(der)
        for _ in range(draw.randrange(1, 4)):
            spoilt[draw.randrange(len(der))] = draw.randrange(256)
        certificate(bytes(spoilt))
        describe_cert(bytes(spoilt[:draw.randrange(len(der))]))
