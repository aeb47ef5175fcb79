"""DTLS: hellos from fragments in any order, cookies, certificates, all versions, and what is not DTLS."""

import itertools
import random
import struct

import pytest
from quicmake import ext, vector

from netwatch._fast.out.probe import DONE, MALFORMED, OK, Probe
from netwatch._fast.proto import dtls

RANDOM = b"R" * 32
EXTS = (
    ext(0, vector(2, b"\0" + vector(2, b"turn.example.org"))) + ext(16, vector(2, b"\6webrtc")) + ext(10, b"\0\2\0\x1d")
)
SID = b"S" * 8
CIPHERS = b"\0\4\xc0\x2b\xc0\x2f"


def record(kind, data, number=0, epoch=0, version=b"\xfe\xfd"):
    return bytes([kind]) + version + struct.pack(">HIH", epoch, 0, number) + vector(2, data)


def message(kind, body, number=0, at=0, size=None):
    part = body[at : len(body) if size is None else at + size]
    return (
        bytes([kind])
        + len(body).to_bytes(3, "big")
        + struct.pack(">H", number)
        + at.to_bytes(3, "big")
        + vector(3, part)
    )


def client_body(cookie=b"", exts=EXTS, version=b"\xfe\xfd"):
    return version + RANDOM + vector(1, SID) + vector(1, cookie) + CIPHERS + b"\1\0" + vector(2, exts)


def server_body(exts=b"", sid=SID, version=b"\xfe\xfd"):
    return version + b"Q" * 32 + vector(1, sid) + b"\xc0\x2b\0" + vector(2, exts)


CLIENT = record(22, message(1, client_body()))
VERIFY = record(22, message(3, b"\xfe\xff" + vector(1, b"cookie")), version=b"\xfe\xff")
AGAIN = record(22, message(1, client_body(b"cookie"), number=1), number=1)
SERVER = record(22, message(2, server_body(), number=1), number=1)
CERT = vector(3, vector(3, b"\x30\3\2\1\1"))
DARK = record(22, b"\xaa" * 40, epoch=1)


def probe_of(client=0):
    return Probe("dtls", datagram=True, dport=3478, client=client)


def told(*turns, client=0):
    probe = probe_of(client)
    for side, data in turns:
        probe.feed(side, data)
    return dtls.describe(probe.facts), probe


def test_handshake():
    turns = [
        (0, CLIENT),
        (1, VERIFY),
        (0, AGAIN),
        (1, SERVER),
        (0, record(20, b"\1") + DARK),
        (1, record(20, b"\1") + DARK),
    ]
    obj, probe = told(*turns, client=1)
    assert probe.initiator == 0 and probe.code == DONE and probe.malformed == 0
    tls = obj["tls"]
    assert obj["cookie"] == b"cookie".hex() and tls["sni"] == "turn.example.org" and tls["alpn"] == ["webrtc"]
    assert tls["version"] == "DTLS 1.2" and tls["cipher"] == "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
    assert tls["ja4"].startswith("dd2d0203wc_") and "ja3" not in tls and "ja3s" not in tls and tls["resumed"] is True
    assert dtls.label(obj) == "DTLS turn.example.org" and dtls.label({}) == "DTLS"
    assert [probe_of().detect(data, side) for side, data in turns] == [97, 97, 97, 97, 90, 90]


@pytest.mark.parametrize("seed", range(20))
def test_fragments_in_any_order(seed):
    rng = random.Random(seed)
    body = client_body(exts=EXTS + ext(0x4242, bytes(3000)))
    edges = sorted({0, len(body), *(rng.randrange(len(body)) for _ in range(8))})
    parts = [message(1, body, at=a, size=b - a) for a, b in itertools.pairwise(edges)]
    rng.shuffle(parts)
    whole = told((0, record(22, message(1, body))))[0]
    assert told(*((0, record(22, part)) for part in parts + parts))[0] == whole
    assert told(*((0, record(22, part)) for part in parts[1:]))[0] == {}
    assert told((0, b"".join(record(22, part) for part in parts)))[0] == whole


def test_a_certificate_from_fragments_and_a_full_handshake():
    body = CERT + b""
    parts = [record(22, message(11, body, number=2, at=a, size=4)) for a in range(0, len(body), 4)]
    probe = told((0, CLIENT), (1, SERVER), *((1, part) for part in reversed(parts)))[1]
    assert (16, b"\x30\3\2\1\1") in probe.facts and (15, b"\0") in probe.facts
    assert not [key for key, _ in told((0, CLIENT), (0, parts[0] + b"".join(parts[1:])))[1].facts if key == 16]
    long = vector(3, vector(3, bytes(7000)))
    for at in range(0, len(long), 1000):
        assert probe.feed(1, record(22, message(11, long, number=3, at=at, size=1000))) == OK


def test_version_13():
    versions = ext(43, b"\4\xfe\xfc\xfe\xfd")
    server = record(22, message(2, server_body(ext(43, b"\xfe\xfc"), sid=b"")))
    obj, probe = told((0, record(22, message(1, client_body(exts=EXTS + versions)))), (1, server + b"\x2e" + bytes(50)))
    assert obj["tls"]["version"] == "DTLS 1.3" and obj["tls"]["ja4"].startswith("dd3d") and probe.code == OK
    assert probe.feed(0, b"\x2e" + bytes(50)) == DONE
    assert probe_of().detect(server + b"\x2e" + bytes(50)) == 97


def test_cisco_version_and_capwap():
    old = record(22, message(1, client_body(version=b"\1\0")), version=b"\1\0")
    assert told((0, old))[0]["tls"]["ja4"].startswith("ds1")
    probe = probe_of()
    assert probe.detect(b"\1\0\0\0" + CLIENT) == 97 and probe.detect(b"\1\0\0\1" + CLIENT) == 0
    assert told((0, b"\1\0\0\0" + CLIENT))[0]["tls"]["sni"] == "turn.example.org"


def test_alerts_and_what_is_broken():
    obj, probe = told((0, CLIENT), (1, record(21, b"\2\x28")))
    assert obj["tls"]["alert"] == "handshake_failure"
    probe.feed(1, record(22, message(2, b"\xfe\xfd" + bytes(10))))
    assert probe.malformed == 1 and probe.code != MALFORMED
    later = record(22, message(1, client_body(exts=b""), number=5))
    earlier = record(22, message(1, client_body(), number=4))
    assert "sni" not in told((0, later), (0, earlier))[0]["tls"]


def test_truncation_anywhere():
    whole = CLIENT + AGAIN
    for size in range(len(whole)):
        obj, probe = told((0, whole[:size]), (1, SERVER[:size]))
        assert ("sni" in obj.get("tls", {})) == (size >= len(CLIENT)) and probe.code == OK


def test_bounded():
    probe = probe_of()
    for n in range(80):
        probe.feed(0, record(22, message(1, bytes(20000), number=n, at=15000, size=1000)))
    assert probe.code == DONE and probe.facts == []


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\3\3\0\x31" + bytes(49),
        b"\x80\x60" + bytes(170),
        b"\0\1\0\0\x21\x12\xa4\x42" + bytes(12),
        record(22, b"\1" + bytes(20)),
        record(22, message(40, b"x" * 30)),
        record(23, b"x" * 30),
        record(23, b"x" * 30, epoch=900),
        record(20, b"\2"),
        record(21, b"\3\x28"),
        record(21, b"x" * 40),
        DARK[:-1],
        DARK + b"\xff",
        record(22, b"\1\0\0\5\0\0\0\0\0\0\0\x09" + bytes(9)),
        b"\x16\xfe\xfd",
        b"\1\0\0\0",
        b"\1" * 40,
        b"\x17\xfe\xfd" + bytes(11),
    ],
)
def test_what_is_not_dtls(data):
    assert probe_of().detect(data) == 0


def test_a_flow_joined_in_the_middle():
    data = record(23, b"x" * 30, epoch=1, number=77)
    assert probe_of().detect(data) == 85 and probe_of().detect(data + data) == 85
    obj, probe = told((0, data), (1, data))
    assert obj == {} and probe.code == DONE


def sealed_with_cid(cid, size=40, number=0, epoch=1, count=1):
    """RFC 9146 section 4."""
    head = b"\x19\xfe\xfd" + struct.pack(">HIH", epoch, 0, number) + cid
    return (head + vector(2, bytes(range(size)))) * count


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("size", [1, 2, 8, 20])
def test_a_flow_joined_at_records_with_a_connection_id(size, count):
    cid = bytes(range(0x80, 0x80 + size))
    probe = probe_of()
    assert probe.detect(sealed_with_cid(cid, count=count)) == 85
    for cut in range(1, len(sealed_with_cid(cid, count=count)) - 1):
        data = sealed_with_cid(cid, count=count)[:cut]
        assert probe.detect(data) == 0 or len(data) % len(sealed_with_cid(cid)) == 0
    assert probe.detect(sealed_with_cid(cid, epoch=0)) == 0


def test_connection_ids_are_no_lengths():
    """Behind the header of such a record is none that could be read as another."""
    hidden = record(21, b"\2\50")
    sealed = b"\x19\xfe\xfd\0\1\0\0\0\0\0\0" + b"\0\2" + struct.pack(">H", len(hidden) + 20) + hidden + bytes(20)
    obj, probe = told((0, CLIENT), (1, SERVER), (0, sealed), (1, sealed))
    assert "alert" not in obj["tls"] and obj["tls"]["sni"] == "turn.example.org" and probe.malformed == 0


def test_noise_has_no_connection_ids():
    rng = random.Random(25)
    probe = probe_of()
    named = sum(probe.detect(b"\x19\xfe\xfd" + rng.randbytes(rng.randrange(20, 300))) > 0 for _ in range(20_000))
    assert named == 0
