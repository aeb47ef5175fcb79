"""BitTorrent: DHT by whole bencoding, uTP by both sides, the handshake over TCP; noise is never uTP."""

import random

import pytest
from cuts import same_however_cut
from datagrams import check_datagrams, flow, said
from messages import DHT_ASK, DHT_SAY, HANDSHAKE, HASH, utp

from netwatch._fast.out.probe import DONE, MORE_BYTES, Probe
from netwatch._fast.proto import bittorrent


def test_the_dht():
    obj = bittorrent.describe(said("bittorrent", [(0, DHT_ASK), (1, DHT_SAY)]).facts)
    assert obj == {
        "kind": "dht",
        "queries": ["get_peers"],
        "info_hash": HASH.hex(),
        "node_id": [(b"n" * 20).hex(), (b"m" * 20).hex()],
        "client": "uTorrent",
    }
    assert bittorrent.label(obj) == "BitTorrent dht get_peers"


@pytest.mark.parametrize(
    "data",
    [
        DHT_ASK[:-1],
        DHT_ASK + b"x",
        b"d" * 200 + b"e" * 200,
        b"d1:t2:aa1:y1:xe",
        b"d1:y1:qe12345678",
        b"d4:spami1e4:eggsi2ee",
        b"d1:t9999999:aa1:y1:qe",
        b"d1:ti1e1:y1:q",
        b"domain name service",
    ],
)
def test_bencoding_that_is_no_dht(data):
    assert flow("bittorrent", 4321).detect(data) == 0


def test_utp_opens():
    probe = flow("bittorrent", 4321)
    assert probe.detect(utp(4, 9, 1, 0), 0) == 0
    assert probe.detect(utp(2, 9, 5, 1), 1) == 85


def test_utp_joined_in_the_middle():
    probe = flow("bittorrent", 4321)
    assert probe.detect(utp(0, 10, 700, 30, b"e" * 100), 0) == 0
    assert probe.detect(utp(2, 9, 31, 700), 1) == 80


@pytest.mark.parametrize(
    "first, second",
    [
        (utp(4, 9, 1, 0), utp(2, 8, 5, 1)),
        (utp(4, 9, 1, 0), utp(2, 9, 5, 7)),
        (utp(0, 10, 700, 30, b"e"), utp(2, 12, 31, 700)),
        (utp(0, 10, 700, 30, b"e"), utp(2, 9, 31, 100)),
        (utp(2, 10, 700, 30, b"e"), utp(2, 9, 31, 700)),
        (utp(0, 10, 700, 30, b"e"), b"\x51" + utp(2, 9, 31, 700)[1:]),
    ],
)
def test_utp_that_does_not_agree(first, second):
    probe = flow("bittorrent", 4321)
    assert [probe.detect(first, 0), probe.detect(second, 1)] == [0, 0]


def test_noise_is_never_utp():
    rng = random.Random(7)
    for _ in range(20000):
        probe = flow("bittorrent", 4321)
        for i in range(8):
            assert probe.detect(bytes([rng.choice((1, 17, 33, 65)), 0]) + rng.randbytes(18 + 20 * (i & 1)), i & 1) == 0


def test_a_handshake_inside_utp():
    probe = said("bittorrent", [(0, utp(0, 10, 2, 5, HANDSHAKE))])
    obj = bittorrent.describe(probe.facts)
    assert (obj["kind"], obj["info_hash"], obj["client"]) == (["utp", "peer"], HASH.hex(), "qBittorrent")


def test_peers_over_tcp_however_cut():
    result = same_however_cut(lambda: Probe("bittorrent", dport=6881), [(0, HANDSHAKE + b"\0\0\0\1\2"), (1, HANDSHAKE)])
    obj = bittorrent.describe(result["facts"])
    assert (result["code"], obj["kind"], obj["info_hash"]) == (DONE, "peer", HASH.hex())
    assert Probe("bittorrent").detect(HANDSHAKE[:19]) == MORE_BYTES
    assert Probe("bittorrent").detect(b"\x13BitTornado") == 0


def test_trackers_and_local_discovery():
    assert flow("bittorrent", 4321).detect(bytes.fromhex("0000041727101980") + bytes(4) + b"tran") == 95
    local = b"BT-SEARCH * HTTP/1.1\r\nPort: 6881\r\nInfohash: " + HASH.hex().upper().encode() + b"\r\n\r\n"
    assert bittorrent.describe(said("bittorrent", [(0, local)]).facts)["info_hash"] == HASH.hex()


def test_hostile():
    check_datagrams("bittorrent", bittorrent)
