"""The AEAD ciphers of TLS, DTLS and QUIC (RFC 5116, RFC 6655, RFC 8439), made by `cryptography` on first use."""

from __future__ import annotations

from typing import Protocol

from netwatch.decrypt.secrets import Bytes


class Aead(Protocol):
    """decrypt() raises unverified() when the tag does not fit; then nothing of the plaintext is known."""

    def decrypt(self, nonce: Bytes, data: Bytes, aad: Bytes | None) -> bytes: ...
    def encrypt(self, nonce: Bytes, data: Bytes, aad: Bytes | None) -> bytes: ...


def aead(name: str, key: Bytes) -> Aead:
    """A cipher with its key: "aes-gcm", "aes-ccm", "aes-ccm-8" or "chacha20-poly1305".

    Raises ValueError where the key's length is wrong or the cipher is not to be had here.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.ciphers import aead as ciphers

    made: Aead
    try:
        if name == "aes-gcm":
            made = ciphers.AESGCM(bytes(key))
        elif name == "chacha20-poly1305":
            made = ciphers.ChaCha20Poly1305(bytes(key))
        elif name == "aes-ccm":
            made = ciphers.AESCCM(bytes(key), 16)
        elif name == "aes-ccm-8":
            made = ciphers.AESCCM(bytes(key), 8)
        else:
            raise ValueError(f"{name}: no such AEAD cipher")
    except UnsupportedAlgorithm as e:
        raise ValueError(f"{name}: this machine's cryptography library lacks it") from e
    return made


def unverified() -> type[Exception]:
    """The exception of a tag or MAC that does not fit."""
    from cryptography.exceptions import InvalidTag

    return InvalidTag
