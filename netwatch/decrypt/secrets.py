"""From secrets to keys: HKDF-Expand-Label (RFC 8446 section 7.1) and the PRFs of TLS 1.0 to 1.2 (RFC 5246 section 5).

HMAC is the standard library's, so that nothing heavy is loaded. Hashes are named as hashlib names them.
"""

from __future__ import annotations

import hashlib
import hmac

Bytes = bytes | bytearray | memoryview

MASTER_BYTES = 48


def extract(salt: Bytes, secret: Bytes, digest: str = "sha256") -> bytes:
    """HKDF-Extract (RFC 5869 section 2.2)."""
    return hmac.digest(bytes(salt), bytes(secret), digest)


def expand(secret: Bytes, info: bytes, length: int, digest: str = "sha256") -> bytes:
    """HKDF-Expand (RFC 5869 section 2.3) to `length` bytes, at most 255 blocks of the hash."""
    out = block = b""
    key = bytes(secret)
    for i in range(1, -(-length // hashlib.new(digest).digest_size) + 1):
        block = hmac.digest(key, block + info + bytes((i,)), digest)
        out += block
    return out[:length]


def expand_label(secret: Bytes, label: str, length: int, digest: str = "sha256", context: bytes = b"",
                 prefix: str = "tls13 ") -> bytes:
    """HKDF-Expand-Label: `length` bytes for the label. QUIC's labels begin with "quic "; DTLS 1.3's prefix is
    "dtls13" (RFC 9147 section 5.9)."""
    name = (prefix + label).encode("ascii")
    info = length.to_bytes(2, "big") + bytes((len(name),)) + name + bytes((len(context),)) + context
    return expand(secret, info, length, digest)


def prf(digest: str, secret: Bytes, label: bytes, seed: bytes, length: int) -> bytes:
    """The PRF of TLS 1.2 with its suite's hash; "md5-sha1" for the one of TLS 1.0 and 1.1 (RFC 4346 section 5)."""
    if digest != "md5-sha1":
        return _p_hash(digest, bytes(secret), label + seed, length)
    half = (len(secret) + 1) // 2
    left = _p_hash("md5", bytes(secret[:half]), label + seed, length)
    right = _p_hash("sha1", bytes(secret[len(secret) - half:]), label + seed, length)
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def _p_hash(digest: str, secret: bytes, seed: bytes, length: int) -> bytes:
    """P_hash of RFC 5246 section 5."""
    out, a = b"", seed
    while len(out) < length:
        a = hmac.digest(secret, a, digest)
        out += hmac.digest(secret, a + seed, digest)
    return out[:length]


def transcript_hash(digest: str, messages: Bytes) -> bytes:
    """The hash of handshake messages, for the digests prf() knows."""
    if digest == "md5-sha1":
        return hashlib.md5(messages, usedforsecurity=False).digest() + hashlib.sha1(
            messages, usedforsecurity=False).digest()
    return hashlib.new(digest, messages).digest()


def master_secret(digest: str, premaster: Bytes, client_random: bytes, server_random: bytes,
                  session_hash: bytes | None = None) -> bytearray:
    """The master secret (RFC 5246 section 8.1); with a session hash the extended one (RFC 7627 section 4)."""
    if session_hash is not None:
        return bytearray(prf(digest, premaster, b"extended master secret", session_hash, MASTER_BYTES))
    return bytearray(prf(digest, premaster, b"master secret", client_random + server_random, MASTER_BYTES))


def key_block(digest: str, master: Bytes, client_random: bytes, server_random: bytes, length: int) -> bytes:
    """The key material of a connection (RFC 5246 section 6.3)."""
    return prf(digest, master, b"key expansion", server_random + client_random, length)
