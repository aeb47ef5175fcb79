"""Flows joined in their middle: what a protocol says later names it on its own port, and noise there never does."""

import random
import struct

import pytest
from cuts import same_however_cut

from netwatch._fast.out.probe import NOT_MINE, Probe

KEYS = struct.pack(">IBB", 12, 10, 21) + bytes(10)
OFFER = b"\x14" + b"c" * 16 + struct.pack(">I", 26) + b"curve25519-sha256,ext-info" + bytes(36)
KEXINIT = struct.pack(">IB", len(OFFER) + 1 + 8 + (-(len(OFFER) + 13) % 8), 8 + (-(len(OFFER) + 13) % 8)) + OFFER
KEXINIT += bytes(8 + (-(len(OFFER) + 13) % 8))

SEALED = struct.pack(">I", 32) + bytes(range(0x65, 0x65 + 48))      # AES-GCM: what is sealed, and its tag

MEDIA = b"$\0\0\x14\x80\x60\0\1" + bytes(16)

LATER = [
    ("rtsp", 554, 1, MEDIA),
    ("rtsp", 9999, 0, MEDIA + b"$\1\0\x08\x80\xc9\0\1\0\0\0\xaa"),
    ("smtp", 25, 0, b"MAIL FROM:<a@x>\r\n"),
    ("smtp", 9999, 0, b"rcpt to:<b@y>\r\n"),
    ("smtp", 587, 0, b"RSET\r\n"),
    ("smtp", 25, 1, b"250 2.1.0 Ok\r\n"),
    ("smtp", 25, 1, b"354 End data with .\r\n"),
    ("ftp", 21, 0, b"PASS x\r\n"),
    ("ftp", 21, 0, b"EPSV\r\n"),
    ("ftp", 21, 0, b"RETR a b\r\n"),
    ("ftp", 21, 1, b"230 Login successful.\r\n"),
    ("ftp", 21, 1, b"150 Opening\r\n"),
    ("redis", 6379, 1, b"$5\r\nhello\r\n"),
    ("redis", 6379, 1, b":17\r\n"),
    ("redis", 6379, 1, b"$-1\r\n"),
    ("redis", 6379, 1, b"+OK\r\n"),
    ("redis", 6379, 1, b"|1\r\n+ttl\r\n:3600\r\n"),
    ("ssh", 22, 0, KEXINIT),
    ("ssh", 2222, 1, KEXINIT),
    ("ssh", 2222, 0, KEYS),
    ("ssh", 22, 0, SEALED),
    ("ssh", 22, 1, SEALED * 3),
    ("ssh", 22, 1, SEALED[:-16] + bytes(range(32))),
    ("git", 9418, 0, b"0000"),
    ("git", 9418, 0, b"0009done\n"),
    ("git", 9418, 1, b"0008NAK\n"),
    ("git", 9418, 1, b"0023\x02" + b"p" * 30),
    ("xmpp", 5222, 0, b"<iq type='get' id='1'/>"),
    ("imap", 143, 1, b"a1 OK FETCH completed\r\n"),
    ("imap", 143, 0, b"a7 UID STORE 1 +FLAGS (x)\r\n"),
    ("pop3", 110, 0, b"RETR 1\r\n"),
    ("pop3", 110, 1, b"-ERR no such message\r\n"),
    ("irc", 6667, 0, b"PRIVMSG #a :hello\r\n"),
    ("rdp", 3389, 1, b"\3\0\0\x0c\2\xf0\x80\x68\0\1\3\xeb"),
    ("http2", 80, 0, b"\0\0\4\x08\0\0\0\0\3\0\0\1\0"),
    ("kafka", 9092, 1, b"\0\0\0\x08\0\0\0\7\0\0\0\0"),
    ("mysql", 3306, 1, b"\1\0\0\1\2" + b"\2\0\0\2\3d" + b"\5\0\0\3\xfe\0\0\2\0"),
]


@pytest.mark.parametrize(("name", "port", "side", "data"), LATER)
def test_named_by_what_comes_later(name, port, side, data):
    make = lambda: Probe(name, dport=port)  # noqa: E731
    probe = make()
    probe.feed(side, data)
    assert probe.code != NOT_MINE
    same_however_cut(make, [(side, data)])


@pytest.mark.parametrize("name", sorted({case[0] for case in LATER}))
def test_noise_on_the_same_ports_is_nobody(name):
    rng = random.Random(name)
    for port in {case[1] for case in LATER if case[0] == name}:
        for _ in range(400):
            data = rng.randbytes(rng.choice((16, 20, 37, 52, 76, 300)))
            assert Probe(name, dport=port).detect(data) <= 0 or data[:1] == b"\0", data


def test_ftp_replies_are_no_imap_tags():
    assert Probe("imap", dport=21).detect(b"230 Login successful.\r\n") == 0
    assert Probe("imap", dport=143).detect(b"230 LOGIN fred pw\r\n") == 88


def peer(kind: int, *words: int, more: bytes = b"") -> bytes:
    """A message between peers (BEP 3)."""
    body = bytes([kind]) + struct.pack(f">{len(words)}I", *words) + more
    return struct.pack(">I", len(body)) + body


@pytest.mark.parametrize(("port", "data", "named"), [
    (4321, peer(20, more=b"\0d12:complete_agoi-1e1:md11:lt_donthavei7eee"), True),
    (4321, peer(20, more=b"\0dd"), False),
    (6881, peer(4, 7), True),
    (4321, peer(4, 7), False),
    (6881, peer(17, 0) + peer(1), True),
    (6881, peer(6, 0, 16384, 16384), True),
    (6881, peer(6, 0, 16384, 0), False),
    (6881, peer(7, 0, 16384, more=b"b" * 16384)[:1448], True),
    (6881, peer(7, 0, 77, more=b"b" * 16384)[:1448], False),
    (6881, peer(4, 7)[:-1] + b"\0\0", False),
    (6881, peer(1) + peer(2), False),
    (6881, peer(30, 7), False),
    (6881, bytes(40), False),
])
def test_messages_between_peers(port, data, named):
    assert (Probe("bittorrent", dport=port).detect(data) > 0) == named


@pytest.mark.parametrize(("line", "named"), [
    (b":alice!~alice@192.0.2.1 PART #lab :\r\n", True),
    (b":alice!a@h QUIT :gone\r\n", True),
    (b":alice PART #lab :\r\n", False),
    (b":alice!a@h NONSENSE #lab\r\n", False),
])
def test_what_irc_relays_to_others(line, named):
    assert (Probe("irc", dport=6667).detect(line) > 0) == named


@pytest.mark.parametrize(("side", "port", "data", "named"), [(1, 1080, b"\1\1", True), (1, 1080, b"\1\0", True),
                                                             (0, 1080, b"\1\1", False), (1, 9999, b"\1\1", False)])
def test_what_a_proxy_says_of_a_login(side, port, data, named):
    assert (Probe("socks", dport=port).detect(data, side) > 0) == named


@pytest.mark.parametrize(("data", "named"), [
    (MEDIA, True), (MEDIA * 3, True), (MEDIA * 2 + MEDIA[:9], True), (MEDIA[:9], False), (MEDIA + b"x", False),
    (MEDIA[:4] + b"\0" + MEDIA[5:], False), (b"$\x40" + MEDIA[2:], False), (b"$\0\0\1\x80", False),
    (b"$5\r\nhello\r\n", False),
])
def test_media_among_the_messages_of_rtsp(data, named):
    assert (Probe("rtsp", dport=554).detect(data, 1) > 0) == named
