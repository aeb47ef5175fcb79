"""Both ends of a QUIC connection with made-up secrets: packets of every level, with ciphers that are not the product's.

Initials are quicmake's. A datagram is (side, bytes); `frames` makes a capture's of them.
"""

from __future__ import annotations

import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from quicmake import CID, V1, V2, client_hello, crypto, ext, padded, seal, server_hello, varint, vector
from wire import A4, B4, eth, ip4, spaced, udp

CLIENT, SERVER = 0, 1
EARLY, HANDSHAKE, ONE_RTT = 1, 2, 5
SUITES = {0x1301: ("sha256", 16), 0x1302: ("sha384", 32), 0x1303: ("sha256", 32)}
RANDOM = b"R" * 32  # of quicmake's hello
SCIDS = (b"clientid", b"serverid")
LABELS = {(CLIENT, EARLY): "CLIENT_EARLY_TRAFFIC_SECRET", (CLIENT, HANDSHAKE): "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
          (SERVER, HANDSHAKE): "SERVER_HANDSHAKE_TRAFFIC_SECRET", (CLIENT, ONE_RTT): "CLIENT_TRAFFIC_SECRET_0",
          (SERVER, ONE_RTT): "SERVER_TRAFFIC_SECRET_0"}

Datagram = tuple[int, bytes] | tuple[int, bytes, int]


def frames(datagrams: list[Datagram], port: int = 40000) -> list[tuple[int, bytes]]:
    """Each a millisecond after the other; a third item is the client's port, where it has another."""
    out = []
    for side, data, *other in datagrams:
        sport = other[0] if other else port
        ends = (sport, 443, A4, B4) if side == CLIENT else (443, sport, B4, A4)
        out.append(eth(ip4(17, udp(ends[0], ends[1], data), ends[2], ends[3])))
    return spaced(out)


def stream(number: int, data: bytes, offset: int = 0, fin: bool = False) -> bytes:
    """A STREAM frame."""
    return bytes([0x0E | fin]) + varint(number) + varint(offset) + varint(len(data)) + data


def new_cid(number: int, cid: bytes) -> bytes:
    return b"\x18" + varint(number) + b"\0" + vector(1, cid) + bytes(16)


class Peer:
    """What both ends send; `updates` are the key updates of each so far."""

    def __init__(self, suite: int = 0x1301, version: int = V1, alpn: bytes = b"h3") -> None:
        self.suite, self.version, self.alpn = suite, version, alpn
        self.digest, self.key_bytes = SUITES[suite]
        self.updates = [0, 0]
        self.cids = list(SCIDS)
        self._numbers: dict[tuple[int, int], int] = {}

    def secret(self, side: int, level: int) -> bytes:
        return hashlib.new(self.digest, f"{side} {level} {self.suite}".encode()).digest()

    def lines(self, wrong: bool = False) -> list[bytes]:
        """The key log."""
        out = []
        for (side, level), label in LABELS.items():
            secret = self.secret(side, level)
            secret = secret[::-1] if wrong else secret
            out.append(f"{label} {RANDOM.hex()} {secret.hex()}".encode())
        return out

    def expand(self, secret: bytes, label: str, n: int) -> bytes:
        name = ("tls13 " + ("quicv2 " if self.version == V2 else "quic ") + label).encode()
        info = struct.pack(">H", n) + vector(1, name) + b"\0"
        out = block = b""
        while len(out) < n:
            block = hmac.digest(secret, block + info + bytes([len(out) // len(secret) + 1]), self.digest)
            out += block
        return out[:n]

    def packet(self, side: int, level: int, payload: bytes, number: int | None = None) -> bytes:
        """One packet of a level but the first."""
        space = (side, 5 if level == EARLY else level)
        number = self._numbers.get(space, 0) if number is None else number
        self._numbers[space] = max(self._numbers.get(space, 0), number + 1)
        payload += bytes(max(0, 8 - len(payload)))
        base = secret = self.secret(side, level)
        cut = (number & 0xFFFF).to_bytes(2, "big")
        if level == ONE_RTT:
            for _ in range(self.updates[side]):
                secret = self.expand(secret, "ku", len(secret))
            head = bytes([0x41 | (self.updates[side] & 1) << 2]) + self.cids[1 - side]
        else:
            kind = (level + (self.version == V2)) & 3
            head = bytes([0xC1 | kind << 4]) + self.version.to_bytes(4, "big")
            head += vector(1, CID if level == EARLY else self.cids[1 - side]) + vector(1, self.cids[side])
            head += struct.pack(">H", 0x4000 | len(payload) + 18)
        nonce = (int.from_bytes(self.expand(secret, "iv", 12), "big") ^ number).to_bytes(12, "big")
        cipher = ChaCha20Poly1305 if self.suite == 0x1303 else AESGCM
        sealed = cipher(self.expand(secret, "key", self.key_bytes)).encrypt(nonce, payload, head + cut)
        mask = self._mask(self.expand(base, "hp", self.key_bytes), sealed[2:18])
        first = head[0] ^ mask[0] & (0x1F if level == ONE_RTT else 0x0F)
        return bytes([first]) + head[1:] + bytes(a ^ b for a, b in zip(cut, mask[1:], strict=False)) + sealed

    def _mask(self, key: bytes, sample: bytes) -> bytes:
        if self.suite == 0x1303:
            return Cipher(algorithms.ChaCha20(key, sample), None).encryptor().update(bytes(5))
        return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(sample)

    def hello(self) -> Datagram:
        """The client's first Initial."""
        suites = self.suite.to_bytes(2, "big")
        hello = client_hello(alpn=vector(1, self.alpn)).replace(b"\0\2\x13\1", b"\0\2" + suites, 1)
        return CLIENT, seal(padded(crypto(hello)), version=self.version, scid=self.cids[CLIENT])

    def answer(self) -> Datagram:
        """The server's Initial and Handshake in one datagram."""
        hello = server_hello().replace(b"\0\x13\1\0", b"\0" + self.suite.to_bytes(2, "big") + b"\0", 1)
        first = seal(crypto(hello), version=self.version, server=True, dcid=self.cids[CLIENT], scid=self.cids[SERVER])
        names = ext(16, vector(2, vector(1, self.alpn)))
        return SERVER, first + self.packet(SERVER, HANDSHAKE, crypto(b"\x08" + vector(3, vector(2, names))))

    def said(self, side: int, payload: bytes, **words: int) -> Datagram:
        """A 1-RTT datagram."""
        return side, self.packet(side, ONE_RTT, payload, **words)
