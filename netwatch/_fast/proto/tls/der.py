"""What a certificate says, read from its DER (X.690, RFC 5280 section 4.1) without judging it.

Every value that is whole is read; what does not fit, or is of a kind that is not known here, is None. Names are written
as RFC 4514 has them, the most special part first.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

INTEGER, BITS, OID, SEQUENCE, SET, EXPLICIT_0 = 0x02, 0x03, 0x06, 0x30, 0x31, 0xA0  # tags
VERSIONS = (b"\x02\x01\x00", b"\x02\x01\x01", b"\x02\x01\x02")
UTC_TIME, BMP, UNIVERSAL = 0x17, 0x1E, 0x1C
MOST_BYTES = 4096  # of a modulus or a prime
SHORT = {"2.5.4.3": "CN", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.6": "C",
         "2.5.4.9": "STREET", "0.9.2342.19200300.100.1.25": "DC", "0.9.2342.19200300.100.1.1": "UID"}  # RFC 4514
ESCAPED = {ord(each): "\\" + each for each in '\\"+,;<>'} | {0: "\\00"}  # section 2.4
CURVES = {  # name and bits, RFC 5480 section 2.1.1.1, SEC 2, RFC 5639
    "1.2.840.10045.3.1.7": ("secp256r1", 256), "1.3.132.0.34": ("secp384r1", 384), "1.3.132.0.35": ("secp521r1", 521),
    "1.3.132.0.33": ("secp224r1", 224), "1.2.840.10045.3.1.1": ("secp192r1", 192), "1.3.132.0.10": ("secp256k1", 256),
    "1.3.36.3.3.2.8.1.1.7": ("brainpoolP256r1", 256), "1.3.36.3.3.2.8.1.1.11": ("brainpoolP384r1", 384),
    "1.3.36.3.3.2.8.1.1.13": ("brainpoolP512r1", 512), "1.3.132.0.1": ("sect163k1", 163),
    "1.3.132.0.15": ("sect163r2", 163), "1.3.132.0.26": ("sect233k1", 233), "1.3.132.0.27": ("sect233r1", 233),
    "1.3.132.0.16": ("sect283k1", 283), "1.3.132.0.17": ("sect283r1", 283)}
RSA, DSA, EC = "1.2.840.113549.1.1.1", "1.2.840.10040.4.1", "1.2.840.10045.2.1"
PLAIN = {"1.3.101.110": "X25519", "1.3.101.111": "X448", "1.3.101.112": "Ed25519", "1.3.101.113": "Ed448",  # RFC 8410
         "2.16.840.1.101.3.4.3.17": "MLDSA44", "2.16.840.1.101.3.4.3.18": "MLDSA65",
         "2.16.840.1.101.3.4.3.19": "MLDSA87"}  # RFC 9881
HASHES = {  # of algorithms that sign (RFC 3279, 4055, 5758)
    "1.2.840.113549.1.1.2": "MD2", "1.2.840.113549.1.1.4": "MD5", "1.2.840.113549.1.1.5": "SHA1",
    "1.3.14.3.2.29": "SHA1", "1.2.840.10040.4.3": "SHA1", "1.2.840.10045.4.1": "SHA1",
    "1.2.840.113549.1.1.11": "SHA256", "1.2.840.113549.1.1.12": "SHA384", "1.2.840.113549.1.1.13": "SHA512",
    "1.2.840.10045.4.3.2": "SHA256", "1.2.840.10045.4.3.3": "SHA384", "1.2.840.10045.4.3.4": "SHA512"}


class Key(NamedTuple):
    """A public key: RSA, DSA, EC or the name of an algorithm that has one size; `curve` of EC."""

    kind: str
    bits: int
    curve: str = ""


class Certificate(NamedTuple):
    """What it says; None is what could not be read. `signed` is the hash of its signature."""

    issuer: str | None
    subject: str | None
    not_before: datetime | None
    not_after: datetime | None
    key: Key | None
    signed: str | None


def elements(der: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
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


def inside(der: bytes, at: int, end: int, tag: int) -> Iterator[tuple[int, int]]:
    """The bounds of each element of a tag."""
    return ((start, stop) for found, start, stop in elements(der, at, end) if found == tag)


def certificate(der: bytes) -> Certificate | None:
    """None: it is none of a version there is, or ends before its public key."""
    for start, stop in inside(der, 0, len(der), SEQUENCE):
        for body, body_end in inside(der, start, stop, SEQUENCE):
            parts = list(elements(der, body, body_end))
            if parts and parts[0][0] == EXPLICIT_0:
                if der[parts[0][1]:parts[0][2]] not in VERSIONS:
                    return None
                del parts[0]
            if [tag for tag, _, _ in parts[:6]] != [INTEGER, *[SEQUENCE] * 5]:
                return None
            _, signed, issuer, valid, subject, key = (part[1:] for part in parts[:6])
            times = list(elements(der, *valid))
            since, until = (_time(der, *each) for each in times[:2]) if len(times) > 1 else (None, None)
            return Certificate(_name(der, *issuer), _name(der, *subject), since, until, _key(der, *key),
                               HASHES.get(_first_oid(der, *signed)))
        return None
    return None


def _oid(der: bytes, at: int, end: int) -> str:
    """As dotted numbers (X.690 section 8.19)."""
    numbers, number = [], 0
    for byte in der[at:min(end, at + 64)]:
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    if not numbers:
        return ""
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]]))


def _first_oid(der: bytes, at: int, end: int) -> str:
    return next((_oid(der, *each) for each in inside(der, at, end, OID)), "")


def _time(der: bytes, tag: int, at: int, end: int) -> datetime | None:
    """UTCTime and GeneralizedTime, which end in Z (RFC 5280 section 4.1.2.5)."""
    text = der[at:end]
    if tag == UTC_TIME:
        text = (b"19" if text[:1] >= b"5" else b"20") + text
    if len(text) != 15 or text[14:] != b"Z" or not text[:14].isdigit():
        return None
    try:
        month, day, hour, minute, second = (int(text[i:i + 2]) for i in range(4, 14, 2))
        return datetime(int(text[:4]), month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def _name(der: bytes, at: int, end: int) -> str | None:
    parts = ["+".join(_attribute(der, *each) for each in inside(der, *one, SEQUENCE))
             for one in inside(der, at, end, SET)]
    return ",".join(reversed(parts))


def _attribute(der: bytes, at: int, end: int) -> str:
    """Type and value."""
    kind = _first_oid(der, at, end)
    tag, start, stop = next((each for each in elements(der, at, end) if each[0] != OID), (0, at, at))
    value = der[start:stop]
    if tag == BITS:
        return f"{SHORT.get(kind, kind)}=#{value.hex()}"
    if tag in (BMP, UNIVERSAL):
        text = value.decode("utf-16-be" if tag == BMP else "utf-32-be", "replace")
    else:
        try:
            text = value.decode()
        except UnicodeDecodeError:
            text = value.decode("latin-1")
    text = text.translate(ESCAPED)
    if text[:1] in (" ", "#"):
        text = "\\" + text
    if text[-1:] == " ":
        text = text[:-1] + "\\ "
    return f"{SHORT.get(kind, kind)}={text}"


def _key(der: bytes, at: int, end: int) -> Key | None:
    """A SubjectPublicKeyInfo (RFC 3279 section 2.3, RFC 5480, RFC 8410)."""
    parts = list(elements(der, at, end))
    if [tag for tag, _, _ in parts[:2]] != [SEQUENCE, BITS]:
        return None
    algorithm, key = (part[1:] for part in parts[:2])
    kinds = [_oid(der, *each) for each in inside(der, *algorithm, OID)] or [""]
    if kinds[0] in PLAIN:
        return Key(PLAIN[kinds[0]], 0)
    if kinds[0] == EC:
        curve = CURVES.get(kinds[1]) if len(kinds) > 1 else None
        return Key("EC", curve[1], curve[0]) if curve else None
    if kinds[0] not in (RSA, DSA):
        return None
    around = (key[0] + 1, key[1]) if kinds[0] == RSA else algorithm  # the modulus, or the prime of the parameters
    for start, stop in inside(der, *around, SEQUENCE):
        for first, last in inside(der, start, stop, INTEGER):
            number = int.from_bytes(der[first:min(last, first + MOST_BYTES)], "big")
            return Key("RSA" if kinds[0] == RSA else "DSA", number.bit_length())
    return None
