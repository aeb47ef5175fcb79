"""QUIC packet protection (RFC 9001 section 5, RFC 9369 section 3.3): keys of one sender at one level, and their use."""

from __future__ import annotations

from collections.abc import Callable

from netwatch._fast.proto.quic.crypt import initial_salt
from netwatch.decrypt.aead import Aead, aead, unverified
from netwatch.decrypt.quicwire import LONG, V2
from netwatch.decrypt.records import Unverified
from netwatch.decrypt.secrets import Bytes, expand_label, extract
from netwatch.decrypt.suites import Suite, suite_of

SAMPLE = 16
INITIAL_SUITE = 0x1301  # TLS_AES_128_GCM_SHA256


def whole_number(following: int, cut: int, bits: int) -> int:
    """The packet number whose low bits are `cut`, nearest to the one expected (RFC 9000 appendix A.3)."""
    window = 1 << bits
    guess = following & -window | cut
    if guess + window // 2 <= following:
        return guess + window
    if guess > following + window // 2 and guess >= window:
        return guess - window
    return guess


class PacketKeys:
    """Keys from one traffic secret, and from those that follow it in key updates (RFC 9001 section 6)."""

    def __init__(self, suite: Suite, secret: Bytes, version: int) -> None:
        """Raises ValueError where the suite's cipher is not to be had."""
        self.suite = suite
        self._quic = "quicv2 " if version == V2 else "quic "
        self._mask = masker(suite, self._expand(bytes(secret), "hp", suite.key))
        self._now = 0  # key updates so far
        self._generations = {0: self._generation(bytes(secret))}

    def open(self, packet: bytes, number_at: int, following: int) -> tuple[int, bytes]:
        """(packet number, frames) of a whole packet; `following` is one past the largest number so far. Raises
        Unverified."""
        sample = packet[number_at + 4 : number_at + 4 + SAMPLE]
        if len(sample) < SAMPLE:
            raise Unverified
        mask = self._mask(sample)
        is_long = packet[0] & LONG
        first = packet[0] ^ mask[0] & (0x0F if is_long else 0x1F)
        n = (first & 3) + 1
        cut = bytes(a ^ b for a, b in zip(packet[number_at : number_at + n], mask[1:], strict=False))
        number = whole_number(following, int.from_bytes(cut, "big"), 8 * n)
        head = bytes((first,)) + packet[1:number_at] + cut
        body = packet[number_at + n :]
        for generation in (0,) if is_long else self._likely(first >> 2 & 1):
            cipher, iv, _ = self._of(generation)
            try:
                plain = cipher.decrypt((iv ^ number).to_bytes(12, "big"), body, head)
            except unverified():
                continue
            self._settle(generation)
            return number, plain
        raise Unverified

    def _likely(self, phase: int) -> tuple[int, ...]:
        """Generations of this key phase, the likeliest first; an update may have been lost, or overtaken."""
        now = self._now
        if now & 1 == phase:
            return now, now + 2
        return (now + 1, now - 1) if now - 1 in self._generations else (now + 1,)

    def _of(self, generation: int) -> tuple[Aead, int, bytes]:
        for each in range(self._now + 1, generation + 1):
            if each not in self._generations:
                secret = self._generations[each - 1][2]
                self._generations[each] = self._generation(self._expand(secret, "ku", len(secret)))
        return self._generations[generation]

    def _settle(self, generation: int) -> None:
        if generation > self._now:
            self._now = generation
            self._generations = {each: keys for each, keys in self._generations.items() if each >= generation - 1}

    def _generation(self, secret: bytes) -> tuple[Aead, int, bytes]:
        cipher = aead(self.suite.cipher, self._expand(secret, "key", self.suite.key))
        return cipher, int.from_bytes(self._expand(secret, "iv", 12), "big"), secret

    def _expand(self, secret: bytes, label: str, n: int) -> bytes:
        return expand_label(secret, self._quic + label, n, self.suite.digest)


def initial_keys(version: int, dcid: bytes) -> tuple[PacketKeys, PacketKeys] | None:
    """The client's and the server's for a client's first destination connection ID (RFC 9001 section 5.2); None for a
    version whose salt is not known."""
    salt, suite = initial_salt(version), suite_of(INITIAL_SUITE)
    if not salt or suite is None:
        return None
    secret = extract(salt, dcid)
    client, server = (PacketKeys(suite, expand_label(secret, f"{who} in", 32), version) for who in ("client", "server"))
    return client, server


def masker(suite: Suite, key: bytes) -> Callable[[bytes], bytes]:
    """Header protection (RFC 9001 section 5.4; of DTLS, RFC 9147 section 4.2.3): five bytes or more from a sample."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    if suite.cipher == "chacha20-poly1305":
        return lambda sample: Cipher(algorithms.ChaCha20(key, sample), None).encryptor().update(bytes(5))
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update
