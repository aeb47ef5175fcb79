"""What a certificate says, as the `cert` object of a record (RFC 5280). What cannot be read of it is left out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import ip_address

from netwatch._fast.base.text import clean
from netwatch._fast.proto.tls.der import OID, SEQUENCE, Certificate, Key, certificate, elements, inside
from netwatch.model.record import Record

OCTETS, EXTENSIONS, DNS_NAME, IP_ADDRESS = 0x04, 0xA3, 0x82, 0x87  # tags; RFC 5280 sections 4.1 and 4.2.1.6
ALT_NAME = b"\x55\x1d\x11"  # 2.5.29.17
MOST_NAMES = 512
NAME_CHARS = 512
KEPT = 512  # certificates whose objects are remembered: a server shows the same to everybody


def describe_cert(der: bytes) -> Record | None:
    """The `cert` object of a DER certificate; None when it cannot be read at all."""
    found = _described(der)
    return None if found is None else {key: value[:] if isinstance(value, list) else value
                                       for key, value in found.items()}


@lru_cache(maxsize=KEPT)
def read_cert(der: bytes) -> Certificate | None:
    """What it says, remembered: a server shows the same to everybody. None when it is no certificate."""
    return certificate(der)


def name_text(name: str | None) -> str:
    """A name as records show it; "" when it could not be read."""
    return clean((name or "").encode("utf-8", "replace"), NAME_CHARS)


@lru_cache(maxsize=KEPT)
def _described(der: bytes) -> Record | None:
    if not any(tag == SEQUENCE for tag, _, _ in elements(der, 0, len(der))):
        return None
    obj: Record = {}
    if (cert := read_cert(der)) is not None:
        obj = {"subject": name_text(cert.subject), "issuer": name_text(cert.issuer)}
    names = _alt_names(der)
    obj |= {"san": names[:MOST_NAMES], "san_more": max(0, len(names) - MOST_NAMES)}
    if cert is not None:
        obj |= {"not_before": cert.not_before and f"{cert.not_before:%Y-%m-%dT%H:%M:%SZ}",
                "not_after": cert.not_after and f"{cert.not_after:%Y-%m-%dT%H:%M:%SZ}", "key": _key_text(cert.key)}
    obj = {name: value for name, value in obj.items() if value}
    return {**obj, "sha256": hashlib.sha256(der).hexdigest()} if obj else None


def _key_text(key: Key | None) -> str:
    """The public key's kind and size: "RSA 2048", "EC secp256r1", "Ed25519"."""
    if key is None:
        return ""
    return f"{key.kind} {key.curve or key.bits}" if key.bits else key.kind


def _alt_names(der: bytes) -> list[str]:
    """Subject alternative names (RFC 5280 section 4.2.1.6): host names, then addresses."""
    for start, stop in inside(der, 0, len(der), SEQUENCE):
        for body, body_end in inside(der, start, stop, SEQUENCE):
            for block, block_end in inside(der, body, body_end, EXTENSIONS):
                for listed, listed_end in inside(der, block, block_end, SEQUENCE):
                    for one, one_end in inside(der, listed, listed_end, SEQUENCE):
                        if names := _names_of(der, one, one_end):
                            return names
            return []  # the first is the body; what follows is the signature
    return []


def _names_of(der: bytes, at: int, end: int) -> list[str]:
    """The names of one extension, none when it is not subjectAltName."""
    if [der[a:b] for a, b in inside(der, at, end, OID)] != [ALT_NAME]:
        return []
    return [*(clean(each, 255) for each in _alternatives(der, at, end, DNS_NAME)),
            *(str(ip_address(each)) for each in _alternatives(der, at, end, IP_ADDRESS)
              if len(each) in (4, 16))]


def _alternatives(der: bytes, at: int, end: int, tag: int) -> Iterator[bytes]:
    for value, value_end in inside(der, at, end, OCTETS):
        for listed, listed_end in inside(der, value, value_end, SEQUENCE):
            yield from (der[a:b] for a, b in inside(der, listed, listed_end, tag))
