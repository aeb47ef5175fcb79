"""What a certificate says, as the `cert` object of a record (RFC 5280). `cryptography` is loaded on first use.

A certificate that its strict reader refuses in part still shows the rest; the host names are then found by a walk over
the DER that asks for nothing but whole elements.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import lru_cache

from netwatch._fast.base.text import clean
from netwatch.model.record import Record

SEQUENCE, OCTETS, OID, EXTENSIONS, DNS_NAME = 0x30, 0x04, 0x06, 0xA3, 0x82  # tags; RFC 5280 sections 4.1 and 4.2.1.6
ALT_NAME = b"\x55\x1d\x11"  # 2.5.29.17
MOST_NAMES = 512
KEPT = 512  # certificates whose objects are remembered: a server shows the same to everybody


def describe_cert(der: bytes) -> Record | None:
    """The `cert` object of a DER certificate; None when it cannot be read at all."""
    found = _described(der)
    return None if found is None else {key: value[:] if isinstance(value, list) else value
                                       for key, value in found.items()}


@lru_cache(maxsize=KEPT)
def _described(der: bytes) -> Record | None:
    if not any(tag == SEQUENCE for tag, _, _ in _elements(der, 0, len(der))):
        return None
    obj = _strict(der)
    if not obj.get("san") and (names := _walked_names(der)):
        obj["san"] = names
    if not obj:
        return None
    import hashlib

    return {**obj, "sha256": hashlib.sha256(der).hexdigest()}


def _strict(der: bytes) -> Record:
    """What `cryptography` reads of it; {} when that is nothing. Hostile input in somebody else's parser: any exception
    means that the field cannot be shown."""
    try:
        from cryptography import x509

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its words on odd certificates are not for our users
            cert = x509.load_der_x509_certificate(der)
    except Exception:
        return {}
    fields: dict[str, Callable[[], object]] = {
        "subject": lambda: _name_text(cert.subject),
        "issuer": lambda: _name_text(cert.issuer),
        "san": lambda: _alt_names(x509, cert),
        "not_before": lambda: f"{cert.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}",
        "not_after": lambda: f"{cert.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
        "key": lambda: _key_text(cert.public_key()),
    }
    obj = {}
    for name, read in fields.items():
        try:
            obj[name] = read()
        except Exception:
            continue
    return {name: value for name, value in obj.items() if value}


def _name_text(name: object) -> str:
    return clean(name.rfc4514_string().encode("utf-8", "replace"), 512)


def _key_text(key: object) -> str:
    """The public key's kind and size: "RSA 2048", "EC secp256r1", "Ed25519"."""
    curve = getattr(key, "curve", None)
    if curve is not None:
        return f"EC {curve.name}"
    kind = type(key).__name__.lstrip("_").removesuffix("PublicKey")
    size = getattr(key, "key_size", None)
    return f"{kind} {size}" if size else kind


def _alt_names(x509: object, cert: object) -> list[str]:
    """Subject alternative names (RFC 5280 section 4.2.1.6): host names, then addresses."""
    names = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    found = [clean(str(v).encode("utf-8", "replace"), 255) for v in names.get_values_for_type(x509.DNSName)]
    return found + [str(v) for v in names.get_values_for_type(x509.IPAddress)]


def _elements(der: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """(tag, start, end) of each element of a constructed value; ends where one does not fit (X.690 section 8.1)."""
    while at + 2 <= end:
        tag, size = der[at], der[at + 1]
        at += 2
        if size & 0x80:
            wide = size & 0x7F
            if wide == 0 or wide > 4 or at + wide > end:
                return
            size = int.from_bytes(der[at:at + wide], "big")
            at += wide
        if size > end - at:
            return
        yield tag, at, at + size
        at += size


def _inside(der: bytes, at: int, end: int, tag: int) -> Iterator[tuple[int, int]]:
    """The bounds of each element of a tag."""
    return ((start, stop) for found, start, stop in _elements(der, at, end) if found == tag)


def _walked_names(der: bytes) -> list[str]:
    """Host names of the subjectAltName extension, found without judging anything else in the certificate."""
    for start, stop in _inside(der, 0, len(der), SEQUENCE):
        for body, body_end in _inside(der, start, stop, SEQUENCE):
            for block, block_end in _inside(der, body, body_end, EXTENSIONS):
                for listed, listed_end in _inside(der, block, block_end, SEQUENCE):
                    for one, one_end in _inside(der, listed, listed_end, SEQUENCE):
                        if names := _names_of(der, one, one_end):
                            return names
            return []  # the first is the body; what follows is the signature
    return []


def _names_of(der: bytes, at: int, end: int) -> list[str]:
    """The host names of one extension, none when it is not subjectAltName."""
    if [der[a:b] for a, b in _inside(der, at, end, OID)] != [ALT_NAME]:
        return []
    found = []
    for value, value_end in _inside(der, at, end, OCTETS):
        for listed, listed_end in _inside(der, value, value_end, SEQUENCE):
            found += [clean(der[a:b], 255) for a, b in _inside(der, listed, listed_end, DNS_NAME)]
    return found[:MOST_NAMES]
