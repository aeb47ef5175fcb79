"""What a cipher suite is made of, read off its IANA name."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from netwatch._fast.proto.tls.names import CIPHERS

_HEAD = re.compile(r"^TLS_(?:\w+?_WITH_)?")
_AEAD = re.compile(r"(AES_128|AES_256|CHACHA20)_(GCM|CCM_8|CCM|POLY1305)(?:_(SHA\d+))?$")
_BLOCK = re.compile(r"((?:AES|CAMELLIA)_(?:128|256)|3DES_EDE|SEED|IDEA|DES|DES40)_CBC_(SHA|SHA256|SHA384)$")
_STREAM = re.compile(r"(NULL|RC4_128|RC4_40)_(MD5|SHA|SHA256|SHA384)$")
_AEAD_NAMES = {"GCM": "aes-gcm", "CCM": "aes-ccm", "CCM_8": "aes-ccm-8", "POLY1305": "chacha20-poly1305"}
_KEY_BYTES = {"AES_128": 16, "AES_256": 32, "CHACHA20": 32, "CAMELLIA_128": 16, "CAMELLIA_256": 32, "3DES_EDE": 24,
              "SEED": 16, "IDEA": 16, "NULL": 0, "RC4_128": 16, "DES": 8, "RC4_40": 16, "DES40": 8}
_MACS = {"MD5": ("md5", 16), "SHA": ("sha1", 20), "SHA256": ("sha256", 32), "SHA384": ("sha384", 48)}
_BLOCK_BYTES = {"3DES_EDE": 8, "IDEA": 8, "DES": 8, "DES40": 8}
_EXPORT_BYTES = 5


class Suite(NamedTuple):
    """Lengths are in bytes. `digest` is the hash of the key schedule (of the PRF, from TLS 1.2 on)."""

    kind: str  # "aead", "block" or "stream"
    cipher: str
    key: int
    fixed_iv: int  # the part of the nonce, or the first IV of TLS 1.0, that comes from the key block
    mac: str
    mac_bytes: int
    tag: int
    digest: str
    material: int  # bytes of a key that come from the key block; fewer than `key` in an export suite


@lru_cache(512)
def suite_of(number: int) -> Suite | None:
    """The suite with this number, None where we do not know it or cannot have its cipher."""
    name = CIPHERS.get(number, "")
    rest = _HEAD.sub("", name)
    digest = "sha384" if rest.endswith("SHA384") else "sha256"
    if found := _AEAD.match(rest):
        cipher = _AEAD_NAMES[found[2]]
        tag, key = 8 if cipher == "aes-ccm-8" else 16, _KEY_BYTES[found[1]]
        return Suite("aead", cipher, key, 12 if found[2] == "POLY1305" else 4, "", 0, tag, digest, key)
    if found := _BLOCK.match(rest) or _STREAM.match(rest):
        kind = "block" if "_CBC_" in rest else "stream"
        fixed = _BLOCK_BYTES.get(found[1], 16) if kind == "block" else 0
        key = _KEY_BYTES[found[1]]
        material = _EXPORT_BYTES if "EXPORT" in name else key
        return Suite(kind, found[1], key, fixed, *_MACS[found[2]], 0, digest, material)
    return None


def is_tls13(number: int) -> bool:
    """Suites of TLS 1.3 have numbers of their own (RFC 8446 appendix B.4)."""
    return number >> 8 == 0x13
