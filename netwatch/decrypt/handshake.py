"""Handshake messages as far as keys depend on them (RFC 8446 section 4, RFC 5246 section 7.4).

The classifier has read the hellos for their fields; here they are read for randoms, suites and extensions. Bytes are
taken through Wire, which raises Broken at the end of what there is.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import NamedTuple

HELLO_REQUEST, CLIENT_HELLO, SERVER_HELLO, NEW_TICKET, END_OF_EARLY_DATA = 0, 1, 2, 4, 5
ENCRYPTED_EXTENSIONS, CERTIFICATE, CLIENT_KEY_EXCHANGE, FINISHED, KEY_UPDATE, COMPRESSED_CERT = 8, 11, 16, 20, 24, 25

EXT_ALPN, EXT_ETM, EXT_EMS, EXT_TICKET, EXT_EARLY_DATA, EXT_VERSIONS, EXT_CID = 16, 22, 23, 35, 42, 43, 54
MESSAGE_MOST = 262_144  # bytes; a longer message is passed over
CERTIFICATE_MOST = 65_536  # bytes of an inflated one
# SHA-256 of "HelloRetryRequest", RFC 8446 section 4.1.3
RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


class Broken(Exception):
    """A message that ends before it should."""


class Wire:
    """Bytes from the wire, taken from the front."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    @property
    def left(self) -> int:
        return len(self.data) - self.at

    def take(self, n: int) -> bytes:
        if n > self.left:
            raise Broken
        self.at += n
        return self.data[self.at - n : self.at]

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width), "big")

    def block(self, width: int) -> bytes:
        """What a length of `width` bytes announces."""
        return self.take(self.number(width))


class ClientHello(NamedTuple):
    """What keys depend on; `ticket` is what the client wants to resume with, up to TLS 1.2; `cid` bytes of connection
    ID it wants to be sent (RFC 9146)."""

    random: bytes
    session_id: bytes
    suites: list[int]
    ticket: bytes
    early_data: bool
    cid: int = 0


class ServerHello(NamedTuple):
    """The same of the server; `version` is the one agreed on."""

    version: int
    random: bytes
    session_id: bytes
    suite: int
    compression: int
    etm: bool
    ems: bool
    cid: int = 0

    @property
    def retry(self) -> bool:
        return self.random == RETRY_RANDOM


def _extensions(wire: Wire) -> dict[int, bytes]:
    """By type; those after a broken one are left out."""
    found: dict[int, bytes] = {}
    if wire.left < 2:
        return found
    block = Wire(wire.block(2))
    while block.left:
        kind = block.number(2)
        found[kind] = block.block(2)
    return found


def _cid_bytes(extensions: dict[int, bytes]) -> int:
    return (extensions.get(EXT_CID) or b"\0")[0]


def client_hello(body: bytes, dtls: bool = False) -> ClientHello:
    """Raises Broken."""
    wire = Wire(body)
    wire.take(2)
    random, session_id = wire.take(32), wire.block(1)
    if dtls:
        wire.block(1)
    suites = wire.block(2)
    wire.block(1)
    extensions = _extensions(wire)
    return ClientHello(random, session_id, [int.from_bytes(suites[i : i + 2], "big") for i in range(0, len(suites), 2)],
                       extensions.get(EXT_TICKET, b""), EXT_EARLY_DATA in extensions, _cid_bytes(extensions))


def offered_alpn(body: bytes) -> list[bytes]:
    """The protocols that a ClientHello offers, by preference. Raises Broken."""
    wire = Wire(body)
    wire.take(34)
    wire.block(1)
    wire.block(2)
    wire.block(1)
    names = Wire(Wire(_extensions(wire).get(EXT_ALPN, b"\0\0")).block(2))
    found = []
    while names.left:
        found.append(names.block(1))
    return found


def server_hello(body: bytes) -> ServerHello:
    """Raises Broken."""
    wire = Wire(body)
    version, random, session_id = wire.number(2), wire.take(32), wire.block(1)
    suite, compression = wire.number(2), wire.number(1)
    extensions = _extensions(wire)
    if len(extensions.get(EXT_VERSIONS, b"")) == 2:
        version = int.from_bytes(extensions[EXT_VERSIONS], "big")
    return ServerHello(version, random, session_id, suite, compression, EXT_ETM in extensions, EXT_EMS in extensions,
                       _cid_bytes(extensions))


def chosen_alpn(body: bytes) -> bytes:
    """The protocol that EncryptedExtensions name, b"" none. Raises Broken."""
    names = Wire(_extensions(Wire(body)).get(EXT_ALPN, b"\0\0"))
    names = Wire(names.block(2))
    return names.block(1) if names.left else b""


def leaf_certificate(body: bytes) -> bytes:
    """DER of the first entry of a TLS 1.3 Certificate, b"" of an empty one. Raises Broken."""
    wire = Wire(body)
    wire.block(1)
    entries = Wire(wire.block(3))
    return entries.block(3) if entries.left else b""


def inflated_certificate(body: bytes) -> bytes:
    """The Certificate inside a CompressedCertificate (RFC 8879), at most 64 KiB. Raises Broken."""
    wire = Wire(body)
    method, size = wire.number(2), wire.number(3)
    packed = wire.block(3)
    if size > CERTIFICATE_MOST:
        raise Broken
    try:
        inflated = _inflated(method, packed)
    except Exception as e:  # whatever the packers say of hostile input, there is no certificate to show
        raise Broken from e
    if len(inflated) != size:
        raise Broken
    return inflated


def _inflated(method: int, packed: bytes) -> bytes:
    """The first 64 KiB and a byte of it; brotli is used where it is installed in a version that can stop near there."""
    most = CERTIFICATE_MOST + 1
    if method == 1:
        return zlib.decompressobj().decompress(packed, most)
    if method == 2:
        import brotli

        return bytes(brotli.Decompressor().process(packed, output_buffer_limit=most))
    if method == 3:
        import zstandard

        return zstandard.ZstdDecompressor(max_window_size=1 << 20).stream_reader(packed).read(most)
    raise Broken


def encrypted_premaster(body: bytes) -> bytes:
    """The RSA-encrypted premaster secret of a ClientKeyExchange, b"" where it holds something else."""
    size = int.from_bytes(body[:2], "big")
    return body[2:] if len(body) == size + 2 and size >= 64 else b""


class Messages:
    """Handshake messages out of the records of one direction."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._pass_by = 0

    def take(self, fragment: bytes) -> Iterator[tuple[int, bytes]]:
        """(type, whole message with its header of 4 bytes) of those completed by the fragment."""
        if self._pass_by:
            passed = min(self._pass_by, len(fragment))
            self._pass_by -= passed
            fragment = fragment[passed:]
        self._rest += fragment
        while len(self._rest) >= 4:
            size = 4 + int.from_bytes(self._rest[1:4], "big")
            if size > MESSAGE_MOST:
                self._pass_by = max(size - len(self._rest), 0)
                del self._rest[:size]
            elif len(self._rest) >= size:
                message = bytes(self._rest[:size])
                del self._rest[:size]
                yield message[0], message
            else:
                break

    def clear(self) -> None:
        """Records were lost, or keys changed: what was begun will not be completed."""
        self._rest.clear()
        self._pass_by = 0
