"""TLS, continued: handshakes that are retried, hellos that are odd at their end, certificates sound and refused."""

import datetime
import hashlib

import pytest
from cuts import at_once, same_however_cut, told
from test_tls import (
    CLIENT,
    RETRY_RANDOM,
    SERVER13,
    alpn,
    client_hello,
    ext,
    listed,
    make,
    record,
    server_hello,
    sni,
    vector,
)

from netwatch._fast.proto.tls import text as tls
from netwatch._fast.proto.tls.cert import describe_cert

RETRY = record(server_hello(ext(43, b"\3\4") + ext(51, b"\0\x18"), random=RETRY_RANDOM))


def test_the_hello_after_a_retry_has_its_own_fingerprints():
    first = client_hello(alpn(b"h2") + ext(10, vector(2, listed("001d,0018"))))
    second = client_hello(sni(b"late.example") + alpn(b"h3") + ext(44, b"\0\1c"), ciphers=listed("1303"))
    turns = [(0, record(first)), (1, RETRY), (0, record(second)), (1, SERVER13)]
    obj = tls.describe(same_however_cut(make, turns)["facts"])
    alone = [tls.describe(told(make, [(0, record(hello))], at_once)["facts"]) for hello in (first, second)]
    assert (obj["sni"], obj["alpn"], obj["version"]) == ("late.example", ["h2"], "TLS 1.3")
    assert (obj["ja3"], obj["ja4"]) == (alone[0]["ja3"], alone[0]["ja4"])
    retry = obj["hello_retry"]
    assert (retry["ja3"], retry["group"]) == (alone[1]["ja3"], "secp384r1")
    # the name and ALPN of the second hello are in its fingerprint
    assert retry["ja4"] == alone[1]["ja4"] != obj["ja4"]
    assert retry["ja3s"] == hashlib.md5(b"771,4865,43-51").hexdigest()


def test_a_retried_handshake_is_two_records():
    second = client_hello(sni(b"late.example"), ciphers=listed("1303"))
    turns = [(0, record(client_hello(alpn(b"h2")))), (1, RETRY)]
    obj = tls.describe(told(make, turns, at_once)["facts"])
    assert tls.handshakes(obj) == [
        {
            "alpn": ["h2"],
            "ja3": obj["ja3"],
            "ja4": obj["ja4"],
            "ja3s": obj["hello_retry"]["ja3s"],
            "hello_retry": {"group": "secp384r1"},
        }
    ]
    server = record(server_hello(ext(51, b"\0\x18\0\1x") + ext(43, b"\3\4")))
    obj = tls.describe(told(make, [*turns, (0, record(second)), (1, server)], at_once)["facts"])
    first, last = tls.handshakes(obj)
    assert first["ja3s"] == obj["hello_retry"]["ja3s"] != last["ja3s"] == obj["ja3s"]
    assert (first["ja4"], last["ja4"]) == (obj["ja4"], obj["hello_retry"]["ja4"])
    assert "version" not in first and last["version"] == "TLS 1.3" and "hello_retry" not in last
    plain = tls.describe(told(make, [(0, CLIENT), (1, SERVER13)], at_once)["facts"])
    assert tls.handshakes(plain) == [plain]


def test_a_second_hello_that_nobody_asked_for_fills_gaps_only():
    first, second = record(client_hello(alpn(b"h2"))), record(client_hello(sni(b"x") + alpn(b"h3"), ciphers=b"\x13\3"))
    obj = tls.describe(same_however_cut(make, [(0, first), (0, second), (1, SERVER13)])["facts"])
    assert "hello_retry" not in obj
    assert obj["ja4"] == tls.describe(told(make, [(0, first)], at_once)["facts"])["ja4"]


def test_bytes_after_the_last_extension_are_counted_and_leave_the_fingerprint():
    result = same_however_cut(make, [(0, record(client_hello(sni(b"x") + b"\0")))])
    assert result["malformed"] == 1
    whole = told(make, [(0, record(client_hello(sni(b"x"))))], at_once)
    assert tls.describe(result["facts"])["ja4"] == tls.describe(whole["facts"])["ja4"]


def test_a_servers_fingerprint_needs_the_types_alone():
    odd = same_however_cut(make, [(0, CLIENT), (1, record(server_hello(ext(43) + ext(16, b"\xff") + ext(23))))])
    assert odd["malformed"] == 1
    obj = tls.describe(odd["facts"])
    assert (obj["ja3s"], obj["version"]) == (hashlib.md5(b"771,4865,43-16-23").hexdigest(), "TLS 1.2")
    cut = record(server_hello(ext(23) + b"\0\x17\0\xff"))
    assert "ja3s" not in tls.describe(told(make, [(0, CLIENT), (1, cut)], at_once)["facts"])


def certificate(names):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    day = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(day)
        .not_valid_after(day + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), False)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.DER)


def test_the_leaf_certificate():
    pytest.importorskip("cryptography")
    leaf = certificate(["a.example", "*.b.example"])
    chain = b"\x0b" + vector(3, vector(3, vector(3, leaf) + vector(3, b"\x30" * 20000)))
    flight = server_hello(cipher=0xC02F) + chain + b"\x0e\0\0\0"
    turns = [(0, CLIENT), (1, record(flight[:9000]) + record(flight[9000:]))]
    obj = tls.describe(told(make, turns, at_once)["facts"])
    assert told(make, turns, lambda d: [d[i : i + 11] for i in range(0, len(d), 11)]) == told(make, turns, at_once)
    cert = obj["cert"]
    assert (cert["subject"], cert["san"], cert["key"]) == ("CN=a.example", ["a.example", "*.b.example"], "EC secp256r1")
    assert (cert["not_before"], cert["not_after"]) == ("2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z")
    assert len(cert["sha256"]) == 64
    for size in range(0, len(leaf), 7):
        assert describe_cert(leaf[:size]) is None


def test_a_certificate_that_is_refused_still_shows_its_names():
    pytest.importorskip("cryptography")
    leaf = certificate(["a.example", "*.b.example"])
    key = leaf.index(b"\x2a\x86\x48\xce\x3d\x02\x01")  # the key's algorithm
    spoilt = describe_cert(leaf[:key] + b"\x2a\x86\x48\xce\x3d\x02\x7f" + leaf[key + 7 :])
    assert spoilt["san"] == ["a.example", "*.b.example"] and "key" not in spoilt
    version = leaf.index(b"\xa0\x03\x02\x01\x02") + 4
    spoilt = describe_cert(leaf[:version] + b"\x77" + leaf[version + 1 :])
    assert spoilt["san"] == ["a.example", "*.b.example"] and "subject" not in spoilt
    assert describe_cert(b"\x30\x00") is None and describe_cert(b"\x31\x00") is None
    for at in range(len(leaf)):
        describe_cert(leaf[:at] + bytes([leaf[at] ^ 0xFF]) + leaf[at + 1 :])
