"""TLS not begun as usual: SSL 2.0 hellos, records of any size, handshakes joined late, certificates of both sides."""

import pytest
from cuts import at_once, same_however_cut, told
from test_tls import (
    CLIENT,
    CLIENT_KEY,
    SSL2,
    alpn,
    client_hello,
    ext,
    make,
    record,
    server_hello,
    sni,
    vector,
)

from netwatch._fast.out.probe import DONE, MORE, OK
from netwatch._fast.proto.tls import text as tls


def test_behind_an_ssl2_hello_the_answer_is_read():
    result = same_however_cut(make, [(0, SSL2)])
    assert (result["code"], result["facts"]) == (OK, [(CLIENT_KEY, b"\3\1")])
    answer = record(server_hello(version=b"\3\1", cipher=0x2F), version=b"\3\1")
    obj = tls.describe(same_however_cut(make, [(0, SSL2), (1, answer)])["facts"])
    assert (obj["version"], obj["cipher"]) == ("TLS 1.0", "TLS_RSA_WITH_AES_128_CBC_SHA")
    assert "ja3s" in obj and "ja3" not in obj and "ja4" not in obj
    assert same_however_cut(make, [(0, SSL2), (1, b"\x80\x20\4" + b"x" * 31)])["code"] == DONE


def message(kind, body):
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


LEAF = b"\x30\x82\x01\x00" + b"c" * 256
LEAVES = message(11, vector(3, vector(3, LEAF)))


@pytest.mark.parametrize("size", range(1, 12))
@pytest.mark.parametrize("hello", [0, 1])
def test_hellos_cut_into_records_of_any_size(size, hello):
    whole = (client_hello(sni(b"www.example.com") + alpn(b"h2")), server_hello(ext(43, b"\3\4")))[hello]
    cut = b"".join(record(whole[i : i + size]) for i in range(0, len(whole), size))
    first = record(whole[:size]) + record(whole[size:])
    wanted = tls.describe(told(make, [(hello, record(whole))], at_once)["facts"])
    assert tls.describe(same_however_cut(make, [(hello, first)])["facts"]) == wanted
    assert tls.describe(told(make, [(hello, cut)], at_once)["facts"]) == wanted
    assert make().detect(cut) == make().detect(record(whole))


@pytest.mark.parametrize(
    "data",
    [
        record(message(4, b"\0\0\1\0" + vector(2, b"t" * 180))),
        record(LEAVES),
        record(LEAVES + message(12, b"\3\0\x1d" + b"k" * 60) + message(14, b"")),
        record(message(12, b"\3\0\x1d" + b"k" * 60)),
        record(message(13, b"r" * 30) + message(14, b"")),
        record(message(14, b"")),
        record(message(16, vector(1, b"p" * 32))),
        record(message(22, b"\1" + vector(3, b"o" * 90))),
        *(record(b"\x07" * size, 21) for size in (18, 22, 26, 32, 40, 48)),
        record(b"\x07" * 26, 21) + record(b"\x07" * 26, 21),
    ],
)
def test_joined_anywhere_in_a_handshake_or_at_its_end(data):
    assert make().detect(data) >= 75
    assert same_however_cut(make, [(1, data)])["code"] in (OK, MORE)


@pytest.mark.parametrize(
    "data",
    [
        record(b"\x10\0\0\x30" + b"p" * 33),
        record(message(14, b"x") + b"\x63\0\0\0"),
        record(b"\x0b\0\1\0" + b"\0\0\x20\0\0\x10" + b"\x30\x82" + b"x" * 60),
        record(b"\x07" * 27, 21),
        record(b"\x07" * 26, 21) + b"xyz",
    ],
)
def test_lengths_that_do_not_agree_are_no_handshake(data):
    assert make().detect(data) == 0


def test_whose_a_certificate_is():
    answer = record(server_hello() + LEAVES + message(14, b""))
    for turns in ([(0, CLIENT), (1, answer), (0, record(LEAVES))], [(1, answer), (0, record(LEAVES))]):
        result = same_however_cut(make, turns)
        assert dict(result["facts"])[21] == dict(result["facts"])[16] == LEAF
    assert dict(same_however_cut(make, [(1, record(LEAVES))])["facts"])[16] == LEAF


@pytest.mark.parametrize("draft", range(14, 22))
def test_the_shorter_server_hellos_of_drafts(draft):
    body = bytes([0x7F, draft]) + b"Q" * 32 + b"\x13\1" + vector(2, ext(51, b"\0\x1d" + vector(2, b"k" * 32)))
    obj = tls.describe(same_however_cut(make, [(0, CLIENT), (1, record(message(2, body)))])["facts"])
    assert obj["cipher"] == "TLS_AES_128_GCM_SHA256"
    assert len(obj["ja3s"]) == 32
