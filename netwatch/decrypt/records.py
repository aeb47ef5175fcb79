"""Record protection: one class for each way in which TLS and DTLS have sealed records.

open() takes the record's 64-bit sequence number (in DTLS with the epoch in front), its type and version (3 bytes) and
its body, and gives the plaintext. It raises Unverified, and says nothing of the content, where a tag, MAC or padding
does not fit.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from netwatch.decrypt.aead import aead, unverified
from netwatch.decrypt.secrets import Bytes, expand_label
from netwatch.decrypt.suites import Suite

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, CipherContext


class Unverified(Exception):
    """The record was not sealed with this key and number."""


class NoIv(Unverified):
    """The record is what was sent, but its beginning cannot be opened: the record before it was not seen."""


class Protection:
    """`overhead`: bytes that sealing adds to a record's body where that is the same for all records, else -1.
    `chained`: a record can only be opened when all before it were. `iv`: the next record's, where it brings none."""

    overhead = -1
    chained = False
    iv = b""

    def open(self, seq: int, head: bytes, body: Bytes) -> bytes:
        raise NotImplementedError

    def lose(self) -> None:
        """Records were lost before the next one."""


class Aead13(Protection):
    """TLS 1.3 (RFC 8446 section 5.2) for one traffic secret. The content type is still behind the plaintext."""

    def __init__(self, suite: Suite, secret: Bytes, prefix: str = "tls13 ") -> None:
        self._cipher = aead(suite.cipher, expand_label(secret, "key", suite.key, suite.digest, prefix=prefix))
        self._iv = int.from_bytes(expand_label(secret, "iv", 12, suite.digest, prefix=prefix), "big")
        self._decrypt = self._cipher.decrypt
        self._failure = unverified()
        self.overhead = suite.tag + 1

    def open(self, seq: int, head: bytes, body: Bytes) -> bytes:
        try:
            return self._decrypt((self._iv ^ seq).to_bytes(12, "big"), body, head + len(body).to_bytes(2, "big"))
        except (self._failure, ValueError) as e:
            raise Unverified from e


class Aead12(Protection):
    """The AEAD suites of TLS 1.2 (RFC 5288, RFC 6655, RFC 7905)."""

    def __init__(self, suite: Suite, key: Bytes, fixed_iv: Bytes) -> None:
        self._cipher = aead(suite.cipher, key)
        self._explicit = 12 - suite.fixed_iv
        self._salt = bytes(fixed_iv)
        self._failure = unverified()
        self.overhead = self._explicit + suite.tag

    def open(self, seq: int, head: bytes, body: Bytes) -> bytes:
        size = len(body) - self.overhead
        if size < 0:
            raise Unverified
        explicit = self._explicit
        number = seq.to_bytes(8, "big")
        if explicit:
            nonce = self._salt + bytes(body[:explicit])
            body = body[explicit:]
        else:
            nonce = (int.from_bytes(self._salt, "big") ^ seq).to_bytes(12, "big")
        try:
            return self._cipher.decrypt(nonce, body, number + head + size.to_bytes(2, "big"))
        except (self._failure, ValueError) as e:
            raise Unverified from e


class Block(Protection):
    """CBC suites (RFC 5246 section 6.2.3.2), MAC before encryption or after it (RFC 7366).

    With `implicit` (TLS 1.0) a record's IV is the last block of the one before it. Without it each brings its own.
    """

    def __init__(self, suite: Suite, key: Bytes, first_iv: Bytes, mac_key: Bytes, *, etm: bool, implicit: bool) -> None:
        self._algorithm = _block_cipher(suite.cipher, key)
        self._block = suite.fixed_iv
        self._mac = _Mac(suite, mac_key)
        self._etm = etm
        self._implicit = implicit
        self._trusted = True  # the IV is that of a record that verified
        self.iv = bytes(first_iv) if implicit else b""

    def open(self, seq: int, head: bytes, body: Bytes) -> bytes:
        sealed = bytes(body)
        trusted, self._trusted = self._trusted, False
        if self._etm:
            sealed, tag = sealed[: -self._mac.size], sealed[-self._mac.size :]
            self._mac.check(seq, head, sealed, tag)
        iv, data = (self.iv, sealed) if self._implicit else (sealed[: self._block], sealed[self._block :])
        if not data or len(data) % self._block or len(iv) != self._block:
            raise Unverified
        if self._implicit:
            self.iv = data[-self._block :]
        if self._etm:
            self._trusted = True
            if self._implicit and not trusted:  # RFC 7366 puts a MAC on the record, and its IV is in another
                raise NoIv
            return self._unpadded(self._decrypt(iv, data))
        plain = self._unpadded(self._decrypt(iv, data))
        plain, tag = plain[: -self._mac.size], plain[-self._mac.size :]
        self._mac.check(seq, head, plain, tag)
        return plain

    def lose(self) -> None:
        self._trusted = False

    def _decrypt(self, iv: bytes, data: bytes) -> bytes:
        from cryptography.hazmat.primitives.ciphers import Cipher, modes

        decryptor = Cipher(self._algorithm, modes.CBC(iv)).decryptor()
        return bytes(decryptor.update(data) + decryptor.finalize())

    def _unpadded(self, plain: bytes) -> bytes:
        """Without padding, each byte of which says how long it is."""
        size = plain[-1] + 1
        least = 0 if self._etm else self._mac.size
        if size + least > len(plain) or plain[-size:] != plain[-1:] * size:
            raise Unverified
        return plain[:-size]


class Stream(Protection):
    """RC4 and NULL suites (RFC 5246 section 6.2.3.1): no padding, a MAC over what was said."""

    def __init__(self, suite: Suite, key: Bytes, mac_key: Bytes) -> None:
        self._mac = _Mac(suite, mac_key)
        self.chained = suite.cipher != "NULL"
        self.overhead = suite.mac_bytes
        self._cipher: CipherContext | None = _rc4(key) if self.chained else None

    def open(self, seq: int, head: bytes, body: Bytes) -> bytes:
        data = bytes(body) if self._cipher is None else bytes(self._cipher.update(bytes(body)))
        if len(data) < self._mac.size:
            raise Unverified
        plain, tag = data[: len(data) - self._mac.size], data[len(data) - self._mac.size:]
        self._mac.check(seq, head, plain, tag)
        return plain


class _Mac:
    """The MAC of RFC 5246 section 6.2.3.1."""

    def __init__(self, suite: Suite, key: Bytes) -> None:
        self._key = bytes(key)
        self._digest = suite.mac
        self.size = suite.mac_bytes

    def check(self, seq: int, head: bytes, data: bytes, tag: bytes) -> None:
        made = hmac.digest(self._key, seq.to_bytes(8, "big") + head + len(data).to_bytes(2, "big") + data, self._digest)
        if not hmac.compare_digest(made, tag):
            raise Unverified


def _block_cipher(name: str, key: Bytes) -> BlockCipherAlgorithm:
    """Raises ValueError where the library at hand has no such cipher."""
    from cryptography.hazmat.decrepit.ciphers import algorithms as old
    from cryptography.hazmat.primitives.ciphers import algorithms

    if name.startswith("AES"):
        return algorithms.AES(bytes(key))
    found = {"CAMELLIA_128": "Camellia", "CAMELLIA_256": "Camellia", "3DES_EDE": "TripleDES", "SEED": "SEED",
             "IDEA": "IDEA", "DES": "TripleDES", "DES40": "TripleDES"}.get(name, "")
    made = getattr(old, found, None) or getattr(algorithms, found, None)
    if made is None:
        raise ValueError(f"{name}: this machine's cryptography library lacks it")
    cipher: BlockCipherAlgorithm = made(bytes(key) * 3 if name.startswith("DES") else bytes(key))
    return cipher


def _rc4(key: Bytes) -> CipherContext:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
    from cryptography.hazmat.primitives.ciphers import Cipher

    try:
        return Cipher(ARC4(bytes(key)), None).decryptor()
    except UnsupportedAlgorithm as e:
        raise ValueError("RC4: this machine's cryptography library lacks it") from e


def protection12(suite: Suite, version: int, key: Bytes, iv: Bytes, mac_key: Bytes, etm: bool) -> Protection:
    """The protection of a suite up to TLS 1.2; `version` decides about IVs. Raises ValueError without its cipher."""
    if suite.kind == "aead":
        return Aead12(suite, key, iv)
    if suite.kind == "block":
        return Block(suite, key, iv, mac_key, etm=etm, implicit=version == 0x0301)
    return Stream(suite, key, mac_key)
