"""DTLS 1.3: what another implementation sealed, dimpl 0.9.0 (itself tried against wolfSSL), whose secrets were printed;
and what is sealed here as RFC 9147 says, in the forms that it does not use."""

from __future__ import annotations

import hashlib
import random
import struct
from pathlib import Path

import pytest
from opening import opened, plaintext
from wire import Timed, eth, ip4, udp

from netwatch.decrypt.aead import aead
from netwatch.decrypt.quickeys import masker
from netwatch.decrypt.secrets import expand_label
from netwatch.decrypt.suites import suite_of

HERE = Path(__file__).parent
CAPTURES = ("aes128", "aes256", "chacha")
ASKED = [f"question {i}" for i in range(40)]
ANSWERED = [f"answer {i}" for i in range(40)]
EPOCH_1 = bytes((22, 0xFE, 0xFD))


def sealed_by_another(name: str) -> tuple[list[Timed], list[bytes]]:
    """Its datagrams, and the lines of its key log. Each side has renewed its keys some times (ten records each)."""
    data, at, frames = (HERE / f"dtls13-{name}.pcap").read_bytes(), 24, []
    while at < len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        frames.append((len(frames) * 1_000_000, bytes(12) + b"\x08\0" + data[at + 16 : at + 16 + size]))
        at += 16 + size
    return frames, (HERE / f"dtls13-{name}.keys").read_bytes().splitlines()


@pytest.mark.parametrize("name", CAPTURES)
def test_what_another_sealed(name: str) -> None:
    frames, keys = sealed_by_another(name)
    found = opened(frames, keys)
    assert plaintext(found) == {"out": "".join(ASKED), "in": "".join(ANSWERED)}
    assert found.flow["tls"]["version"] == "DTLS 1.3" and found.flow["tls"]["cert"]["subject"] == "CN=DTLS Peer,O=DTLS"
    assert found.flow["decrypt"] == {"keys": "keylog", "bytes": sum(map(len, ASKED + ANSWERED))}


@pytest.mark.parametrize("seed", range(12))
def test_lost_doubled_and_in_any_order(seed: int) -> None:
    """Of the datagrams behind the handshake: what comes is opened once, however often, nothing else is said."""
    chance = random.Random(seed)
    frames, keys = sealed_by_another(chance.choice(CAPTURES))
    begun, rest = frames[:7], frames[7:]
    lost = set(chance.sample(range(len(rest)), chance.choice((0, 3, 10))))
    kept = [frame for i, frame in enumerate(rest) if i not in lost for _ in range(chance.choice((1, 1, 2)))]
    order = sorted(range(len(kept)), key=lambda i: i + chance.uniform(0, 4))
    timed = begun + [(10_000_000 + n, kept[i][1]) for n, i in enumerate(order)]
    said = plaintext(opened(timed, keys))
    for way, parts in (("out", ASKED), ("in", ANSWERED)):
        left = said[way]
        for part in sorted(parts, key=len, reverse=True):
            left = left.replace(part, "", 1)
        assert left == ""
        assert sum(part in said[way] for part in parts) >= 40 - 2 * len(lost)


@pytest.mark.parametrize("seed", range(8))
def test_what_was_changed_says_nothing(seed: int) -> None:
    chance = random.Random(seed)
    frames, keys = sealed_by_another("aes128")
    changed = []
    for time, frame in frames[7:]:
        data = bytearray(frame)
        for at in range(14 + 28, len(data), 20):  # the least record takes 22: each is hit
            data[min(at + chance.randrange(20), len(data) - 1)] ^= 1 << chance.randrange(8)
        changed.append((time, bytes(data)))
    said = plaintext(opened(frames[:7] + changed, keys))
    assert said == {}


JUNK = (b"\x27\0\0\0" * 400, b"\x27" + bytes(60), b"\x17\xfe\xfd" + b"\0\1" + bytes(6) + b"\0\x20" + bytes(32))


@pytest.mark.parametrize("junk", range(len(JUNK)))
@pytest.mark.parametrize("at", [1, 3, 7, 20])
def test_what_anybody_can_send_ends_nothing(at: int, junk: int) -> None:
    """RFC 9147 section 4.5.2: such records are dropped, and the connection goes on."""
    frames, keys = sealed_by_another("aes128")
    forged = eth(ip4(17, udp(40000, 4433, JUNK[junk]), src="192.0.2.1", dst="192.0.2.2"))
    times = 1 if junk == 0 else 300 if at == 20 else 200  # 256 before anything was opened: the keys are thought wrong
    found = opened(frames[:at] + [(frames[at][0], forged)] * times + frames[at:], keys)
    assert plaintext(found) == {"out": "".join(ASKED), "in": "".join(ANSWERED)}


def test_what_comes_again_is_taken_once() -> None:
    frames, keys = sealed_by_another("aes256")
    again = frames + [(frames[-1][0] + 1, frame) for _, frame in frames[7:]]
    assert plaintext(opened(again, keys)) == {"out": "".join(ASKED), "in": "".join(ANSWERED)}


def test_without_all_secrets() -> None:
    frames, keys = sealed_by_another("aes128")
    found = opened(frames, [line for line in keys if not line.startswith(b"SERVER_TRAFFIC")])
    assert plaintext(found) == {"out": "".join(ASKED)}
    assert found.flow["decrypt"]["failed"] and found.flow["decrypt"]["reason"] == "a secret is not there"
    assert plaintext(opened(frames, [])) == {}


class Sender:
    """Seals application records, as RFC 9147 section 4 says."""

    def __init__(self, secret: bytes, updates: int = 0) -> None:
        suite = suite_of(0x1301)
        assert suite
        for _ in range(updates):
            secret = expand_label(secret, "traffic upd", 32, prefix="dtls13")
        self._epoch = 3 + updates
        self._key, self._iv, sn = (expand_label(secret, label, n, prefix="dtls13")
                                   for label, n in (("key", 16), ("iv", 12), ("sn", 16)))
        self._mask = masker(suite, sn)
        self._number = 0

    def seal(self, text: bytes, *, cid: bytes = b"", long: bool = True, length: bool = True, padding: int = 0) -> bytes:
        first = 0x20 | (0x10 if cid else 0) | (8 if long else 0) | (4 if length else 0) | self._epoch & 3
        number = self._number.to_bytes(8, "big")
        cut = number[-2:] if long else number[-1:]
        inner = text + b"\x17" + bytes(padding)
        head = bytes((first,)) + cid
        behind = (len(inner) + 16).to_bytes(2, "big") if length else b""
        nonce = (int.from_bytes(self._iv, "big") ^ self._number).to_bytes(12, "big")
        body = aead("aes-gcm", self._key).encrypt(nonce, inner, head + cut + behind)
        self._number += 1
        masked = bytes(a ^ b for a, b in zip(cut, self._mask(body[:16]), strict=False))
        return head + masked + behind + body


def hello(kind: int, body: bytes, number: int = 0) -> bytes:
    """A handshake message in a record of its own."""
    head = bytes((kind,)) + len(body).to_bytes(3, "big") + bytes((0, number)) + bytes(3) + len(body).to_bytes(3, "big")
    return EPOCH_1 + bytes(8) + (len(head) + len(body)).to_bytes(2, "big") + head + body


def extensions(**blocks: bytes) -> bytes:
    found = b"".join(int(name[1:]).to_bytes(2, "big") + len(data).to_bytes(2, "big") + data
                     for name, data in blocks.items())
    return len(found).to_bytes(2, "big") + found


def begun(to_client: bytes, to_server: bytes) -> list[tuple[int, bytes]]:
    """Both hellos; each side asks to be sent a connection ID."""
    random_ = bytes(range(32))
    client = b"\xfe\xfd" + random_ + b"\0\0" + b"\0\2\x13\1" + b"\1\0" + extensions(
        x43=b"\2\xfe\xfc", x54=bytes((len(to_client),)) + to_client)
    server = b"\xfe\xfd" + bytes(32) + b"\0" + b"\x13\1" + b"\0" + extensions(
        x43=b"\xfe\xfc", x54=bytes((len(to_server),)) + to_server)
    return [(0, hello(1, client)), (1, hello(2, server))]


def frames_of(said: list[tuple[int, bytes]]) -> list[Timed]:
    ends = (("192.0.2.1", 40000), ("192.0.2.2", 4433))
    return [(n * 1_000_000, eth(ip4(17, udp(ends[side][1], ends[1 - side][1], data), src=ends[side][0],
                                    dst=ends[1 - side][0]))) for n, (side, data) in enumerate(said)]


@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize("cids", [(b"", b""), (b"\x0cc", b"sss"), (b"", b"only-to-server")])
def test_every_form_of_the_header(cids: tuple[bytes, bytes], long: bool) -> None:
    """With and without connection IDs, lengths and padding; several records of a datagram, the last without a length;
    over 256 records, so that a short number wraps; after updates that were not seen."""
    to_client, to_server = cids
    secret = {0: bytes([1]) * 32, 1: bytes([2]) * 32}
    chance = random.Random(7)
    said, words = begun(to_client, to_server), {0: b"", 1: b""}
    for updates in (0, 1, 2):
        senders = {side: Sender(secret[side], updates) for side in (0, 1)}
        for n in range(300):
            side = chance.randrange(2)
            datagram = b""
            for last in (False, True):
                text = b"<%d.%d>" % (updates, n)
                datagram += senders[side].seal(text, cid=(to_server, to_client)[side], long=long, padding=n % 3,
                                               length=not last or chance.random() < 0.5)
                words[side] += text
            said.append((side, datagram))
    keys = [b"%s_TRAFFIC_SECRET_0 %s %s" % (who, bytes(range(32)).hex().encode(), secret[side].hex().encode())
            for side, who in ((0, b"CLIENT"), (1, b"SERVER"))]
    found = {record["dir"]: (record["bytes"], record["sha256"])
             for record in opened(frames_of(said), keys).by_kind["streams"] if record["source"] == "decrypted"}
    assert found == {way: (len(words[side]), hashlib.sha256(words[side]).hexdigest())
                     for side, way in ((0, "out"), (1, "in"))}
