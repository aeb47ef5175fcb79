"""QUIC: the vectors of RFC 9001 and 9369, hellos in any order, every kind of packet, damage, and what is not QUIC."""

import itertools
import random

import pytest
from quicmake import (
    CID,
    DRAFT_24,
    DRAFT_29,
    T050,
    V1,
    V2,
    client_hello,
    close,
    crypto,
    ext,
    keys,
    padded,
    seal,
    server_hello,
    varint,
    vector,
)

from netwatch._fast.out.names import STATES
from netwatch._fast.out.probe import DONE, OK, Probe
from netwatch._fast.proto.quic import wire as quic
from netwatch._fast.proto.quic.crypt import keys_of, opened
from netwatch._fast.proto.quic.text import describe, label

RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
SHORT = b"\x4f" + b"s" * 40
SERVER_PAYLOAD = (  # RFC 9001 appendix A.3
    "02000000000600405a020000560303eefce7f7b37ba1d1632e96677825ddf73988cfc79825df566dc5430b9a045a1200130100002e00330024"
    "001d00209d3c940d89690b84d08a60993c144eca684d1081287c834d5311bcf32bb9da1a002b00020304"
)
SERVER_V1 = (
    "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf73c"
    "3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f5889"
    "1850abbdca3d20398c276456cbc42158407dd074ee"
)
SERVER_V2 = (  # RFC 9369 appendix A.3
    "dc6b3343cf0008f067a5502a4262b5004075d92faaf16f05d8a4398c47089698baeea26b91eb761d9b89237bbf87263017915358230035f7fd"
    "3945d88965cf17f9af6e16886c61bfc703106fbaf3cb4cfa52382dd16a393e42757507698075b2c984c707f0a0812d8cd5a6881eaf21ceda98"
    "f4bd23f6fe1a3e2c43edd9ce7ca84bed8521e2e140"
)
CLIENT_CRYPTO = (  # RFC 9001 appendix A.2
    "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c00000413011302010000c000000010"
    "000e00000b6578616d706c652e636f6dff01000100000a00080006001d0017001800100007000504616c706e00050005010000000000330026"
    "0024001d00209370b2c9caa47fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b0003020304000d0010000e040305030603"
    "0203080408050806002d00020101001c00024001003900320408ffffffffffffffff05048000ffff07048000ffff0801100104800075300901"
    "100f088394c8f03e51570806048000ffff"
)


def probe_of(client=0):
    return Probe("quic", datagram=True, dport=443, client=client)


def told(*turns, client=0):
    """The `quic` object after these (side, datagram) turns, and the probe."""
    probe = probe_of(client)
    for side, data in turns:
        probe.feed(side, data)
    return describe(probe.facts), probe


def state(probe):
    return STATES[probe.state]


def hello(**options):
    return seal(padded(crypto(client_hello())), **options)


def answer(payload=None, **options):
    return seal(b"\2\0\0\0\0" + (payload or crypto(server_hello())), server=True, scid=b"server01", **options)


# --- the published vectors ---


def test_initial_keys_of_rfc_9001_and_9369():
    (key, iv, hp), server = keys_of(V1, CID)
    assert (key.hex(), iv.hex()) == ("1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c")
    assert hp.hex() == "9f50449e04a0e810283a1e9933adedd2"
    assert [x.hex() for x in server] == [
        "cf3a5331653c364c88f0f379b6067e37",
        "0ac1493ca1905853b0bba03e",
        "c206b8d9b9f0f37644430b490eeaa314",
    ]
    client, server = keys_of(V2, CID)
    assert [x.hex() for x in client] == [
        "8b1a0bc121284290a29e0971b5cd045d",
        "91f73e2351d8fa91660e909f",
        "45b95e15235d6f45a6b19cbcb0294ba9",
    ]
    assert [x.hex() for x in server] == [
        "82db637861d55e1d011f19ea71d5d2a7",
        "dd13c276499c0249d3310652",
        "edf6d05c83121201b436e16877593c3a",
    ]
    assert keys_of(0x1234, CID) is None


@pytest.mark.parametrize(("version", "packet"), [(V1, SERVER_V1), (V2, SERVER_V2)])
def test_server_initial_of_the_rfcs(version, packet):
    assert opened(version, CID, True, bytes.fromhex(packet), 18).hex() == SERVER_PAYLOAD
    assert opened(version, CID, False, bytes.fromhex(packet), 18) is None


def test_client_initial_of_rfc_9001():
    packet = seal(padded(bytes.fromhex(CLIENT_CRYPTO)), number=2)
    assert packet[:22].hex() == "c000000001088394c8f03e5157080000449e7b9aec34"
    assert packet[-16:].hex() == "e221af44860018ab0856972e194cd934"
    obj, probe = told((0, packet), (1, bytes.fromhex(SERVER_V1)))
    assert obj["sni"] == "example.com" and obj["alpn"] == ["alpn"] and obj["idle_timeout_ms"] == 30000
    assert obj["ja4"] == "q13d0211an_" + obj["ja4"].partition("_")[2] and obj["dcid"] == CID.hex()
    assert obj["tls"]["cipher"] == "TLS_AES_128_GCM_SHA256" and state(probe) == "QUIC_HANDSHAKE"


@pytest.mark.parametrize("version", [DRAFT_24, DRAFT_29, T050])
def test_other_salts(version):
    assert keys_of(version, CID) == (keys(version, CID, b"client in"), keys(version, CID, b"server in"))


@pytest.mark.parametrize(("number", "size", "expected"), [(0xAC5C02, 2, 0xABE8B4), (0x1F0, 1, 0x1EE), (255, 1, 256)])
def test_packet_numbers_are_made_whole(number, size, expected):
    """The first is the example of RFC 9000 appendix A.2."""
    packet = seal(padded(b"\1"), number=number, number_size=size)
    assert opened(V1, CID, False, packet, len(packet) - 1162 - 16 - size, expected) == padded(b"\1")


# --- hellos ---


@pytest.mark.parametrize("version", [V1, V2, DRAFT_29])
def test_handshake(version):
    probe = probe_of(client=1)
    datagrams = [(0, hello(version=version)), (1, answer(version=version)), (0, SHORT)]
    assert probe.detect(datagrams[0][1]) == 96 and probe.detect(datagrams[1][1], 1) == 96
    for side, data in datagrams:
        probe.feed(side, data)
        probe.ts += 5_000_000
    obj = describe(probe.facts)
    assert obj["version"] == {V1: "1", V2: "2", DRAFT_29: "draft-29"}[version]
    assert obj["version_id"] == f"0x{version:08x}"
    assert obj["handshake_us"] == 10000 and state(probe) == "QUIC_CONNECTED" and probe.code == DONE
    assert probe.initiator == 0 and obj["stack"] == ["tls", "http3"] and label(obj) == "QUIC www.example.com"
    assert obj["tls"]["version"] == "TLS 1.3" and obj["tls"]["resumed"] is False and len(obj["tls"]["ja3s"]) == 32
    assert len(obj["ja3"]) == 32 and probe.malformed == 0


def test_hello_in_pieces_in_any_order():
    message = client_hello(more=ext(0x4242, bytes(3000)))
    rng = random.Random(7)
    whole = told((0, seal(crypto(message))))[0]
    for _ in range(20):
        edges = sorted({0, len(message), *(rng.randrange(len(message)) for _ in range(30))})
        parts = [(a, message[a:b]) for a, b in itertools.pairwise(edges)]
        rng.shuffle(parts)
        turns = []
        for i in range(0, len(parts), 6):
            frames = b"".join(crypto(data, at) + b"\0\1\0" for at, data in parts[i : i + 6])
            turns.append((0, seal(padded(frames), number=i)))
        assert told(*turns)[0] == whole
        if len(turns) > 1:
            assert "sni" not in told(*turns[:-1])[0]


def test_pieces_that_overlap_do_not_change_what_came_first():
    message = client_hello()
    first = seal(padded(crypto(message[:120])))
    second = seal(padded(crypto(b"\xff" * 60, 60)), number=1)
    third = seal(padded(crypto(message[100:], 100)), number=2)
    assert told((0, first), (0, second), (0, third))[0]["sni"] == "www.example.com"


def test_pieces_are_bounded():
    far = seal(padded(crypto(b"x" * 100, 16_300)))
    beyond = seal(padded(crypto(b"x", 1 << 60)), number=1)
    scattered = seal(b"".join(crypto(b"x", 2 * i + 1) for i in range(400)), number=2)
    assert told((0, far), (0, beyond), (0, scattered), (0, hello(number=3)))[1].code == OK
    huge = seal(padded(crypto(b"\1\xff\xff\xff")))
    assert "sni" not in told((0, huge), (0, hello(number=1)))[0]


def test_early_data_retry_and_coalesced_packets():
    early = b"\xd0\0\0\0\1" + vector(1, CID) + b"\0" + varint(40) + bytes(40)
    handshake = b"\xe0\0\0\0\1\0" + vector(1, b"server01") + varint(30) + bytes(30)
    obj, probe = told((0, hello() + early))
    assert obj["early_data"] is True and state(probe) == "QUIC_0RTT"
    obj, probe = told((0, hello()), (1, answer() + handshake + SHORT + bytes(100)))
    assert "tls" in obj and state(probe) == "QUIC_HANDSHAKE" and "handshake_us" not in obj
    retry = b"\xf0\0\0\0\1\0" + vector(1, b"newplace") + b"token" + bytes(16)
    lost = seal(padded(crypto(b"\1")))
    obj, probe = told((0, lost), (1, retry))
    assert obj["retry"] is True and state(probe) == "QUIC_RETRY"
    again = hello(cid=b"newplace", token=b"token", number=1)
    obj, probe = told((0, hello()), (1, retry), (0, again), (1, answer(cid=b"newplace")))
    assert obj["dcid"] == CID.hex() and "ja3s" in obj["tls"]


def test_server_changes_the_version():
    """Compatible version negotiation (RFC 9368): the keys of the new version are from the same connection ID."""
    obj, _ = told((0, hello()), (1, answer(version=V2)))
    assert obj["version"] == "2" and "ja3s" in obj["tls"]


def test_version_negotiation():
    offer = b"\x80\0\0\0\0\0" + vector(1, CID) + V1.to_bytes(4, "big") + b"\x1a\x2a\x3a\x4a"
    strange = b"\xc0\x1a\x2a\x3a\x4a" + vector(1, CID) + b"\0" + bytes(1200)
    probe = probe_of()
    assert probe.detect(offer, 1) == 85 and probe.detect(strange) == 60 and probe.detect(strange[:1000]) == 0
    obj, _ = told((0, strange), (1, offer))
    assert obj["version"] == "0x1a2a3a4a" and obj["offered"] == ["1", "0x1a2a3a4a"] and "stack" not in obj
    assert told((0, strange), (1, offer), (0, hello()))[0]["version"] == "1"


def test_second_hello_after_a_retry_request():
    asked, given = server_hello(RETRY_RANDOM), server_hello()
    turns = [(0, hello()), (1, answer(crypto(asked))), (1, answer(crypto(given, len(asked)), number=1))]
    assert "version" not in told(*turns[:2])[0]["tls"] and told(*turns)[0]["tls"]["version"] == "TLS 1.3"
    first, second = client_hello(), client_hello(more=ext(44, vector(2, b"cookie")))
    again = (0, seal(padded(crypto(second, len(first))), number=1))
    obj, _ = told(*turns[:2], again, turns[2])
    assert obj["hello_retry"]["ja4"] != obj["ja4"] == told(*turns)[0]["ja4"]
    assert "hello_retry" not in told(*turns)[0] and list(obj["tls"]["hello_retry"]) == ["ja3s"]


def test_close():
    obj, probe = told((0, hello()), (1, answer(close(0x128, b"no\x07way"))))
    assert obj["close"] == {"code": 0x128, "side": "server", "reason": "no\ufffdway"}
    assert state(probe) == "QUIC_CLOSED" and probe.code == DONE
    obj, _ = told((0, seal(padded(close((1 << 62) - 1)))))
    assert obj["close"] == {"code": (1 << 62) - 1, "side": "client"}


def test_joined_at_the_server_or_in_the_middle():
    obj, probe = told((1, answer()), (0, SHORT), (1, SHORT))
    assert set(obj) == {"version", "version_id"} and probe.code == OK
    assert probe.detect(SHORT) == 0
    for _ in range(80):
        probe.feed(0, SHORT)
    assert probe.code == DONE


def test_transport_parameters():
    agent = varint(0x3129) + vector(1, b"Chrome/99")
    assert told((0, seal(crypto(client_hello(parameters=agent + b"\1\2\x40\x64")))))[0]["user_agent"] == "Chrome/99"
    message = client_hello(more=ext(0xFFA5, vector(2, b"\0\1\0\2\x47\xd0"))).replace(b"\0\x39\0\6", b"\x99\x99\0\6")
    assert told((0, seal(crypto(message), version=DRAFT_24)))[0]["idle_timeout_ms"] == 2000
    assert "idle_timeout_ms" not in told((0, seal(crypto(message), version=DRAFT_29)))[0]
    broken = client_hello(parameters=b"\1\x20\0")
    assert "idle_timeout_ms" not in told((0, seal(crypto(broken))))[0]


def test_t050_frames():
    ack = bytes([0x40 | 0x20 | 5]) + bytes(2 + 2) + b"\1" + bytes(2) + bytes(3) + b"\2" + bytes(8)
    frames = ack + b"\x08\0" + varint(len(client_hello())) + client_hello()
    assert told((0, seal(padded(frames), version=T050)))[0]["sni"] == "www.example.com"


# --- Google's own ---


def chlo(**tags):
    ends, values = b"", b""
    for name, value in tags.items():
        values += value
        ends += name.encode().ljust(4, b"\0") + len(values).to_bytes(4, "little")
    return b"CHLO" + len(tags).to_bytes(2, "little") + b"\0\0" + ends + values


@pytest.mark.parametrize(
    ("head", "version"),
    [
        (b"\x0d" + CID + b"Q043\1", "Q043"),
        (b"\x09" + CID + b"Q035\1", "Q035"),
        (b"\x1dabcdefghQ024\1\0", "Q024"),
        (b"\x01Q039\1", "Q039"),
        (b"\xc3Q046\x50" + CID + b"\0\0\0\1", "Q046"),
    ],
)
def test_google(head, version):
    data = head + bytes(12) + b"\x80\x01" + chlo(PAD=b"--", SNI=b"www.example.com", VER=b"Q043", UAID=b"Chrome/62 x")
    probe = probe_of()
    assert probe.detect(data) == 92
    assert probe.feed(0, data) == DONE
    obj = describe(probe.facts)
    assert obj["version"] == version and obj["gquic_sni"] == "www.example.com" and obj["user_agent"] == "Chrome/62 x"
    assert "stack" not in obj and "tls" not in obj
    for size in range(len(data)):
        describe(told((0, data[:size]))[1].facts)


def test_google_tags_that_do_not_add_up():
    bad = b"CHLO\3\0\0\0SNI\0\x05\0\0\0UAID\1\0\0\0VER\0\xff\xff\xff\xff" + b"x" * 20
    data = b"\x0d" + CID + b"Q043\1" + bytes(12) + b"\x80\1" + bad
    assert "user_agent" not in told((0, data))[0]


# --- damage and false friends ---


def test_damage_is_never_believed():
    data = hello()
    for at in range(0, len(data), 7):
        broken = data[:at] + bytes([data[at] ^ 0x20]) + data[at + 1 :]
        assert "sni" not in told((0, broken))[0]
    for size in range(len(data)):
        assert "sni" not in told((0, data[:size]))[0]
    assert probe_of().detect(data[:100]) == 75


def test_every_truncation_of_the_payload():
    payload = b"\2\0\0\1\0\1\1" + crypto(client_hello()) + close(1, b"why")
    hello_end = len(payload) - len(close(1, b"why"))
    for size in range(len(payload)):
        obj, probe = told((0, seal(payload[:size] or b"\0")))
        assert probe.code == OK and "close" not in obj and ("sni" in obj) == (size >= hello_end)


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x60" + bytes(170),
        b"\x80\xc8\0\6" + bytes(24),
        b"\0\1\0\0\x21\x12\xa4\x42" + bytes(12),
        b"\x16\xfe\xfd" + bytes(60),
        b"\1\0\0\0" + bytes(144),
        b"\xc0\0\0\0\1\x15" + bytes(1200),
        b"\xff" * 1200,
        b"\xc0\xff\0\0\x15\x08" + bytes(1200),
        b"\x41" + bytes(200),
        b"\x0d" + b"Q" * 60,
        b"\1Q0x3" + bytes(40),
        b"\x80\0\0\0\0\0\0" + b"\1\2\3\4" * 3,
        b"\x80\0\0\0\0\0\0\0\0\0",
        b"\xc3Q046\x05" + bytes(40),
        b"\x80",
        b"\xc0" * 6,
    ],
)
def test_what_is_not_quic(data):
    assert probe_of().detect(data) == 0


def test_one_module_holds_it_all():
    assert quic.describe is describe and quic.FACT_FIELDS["quic.sni"].key == 1
