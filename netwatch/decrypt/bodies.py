"""Content codings (RFC 9110 section 8.4) undone piece by piece, never to more than a bound.

A body is hostile: a kilobyte may say a gigabyte. What is over the bound is not made, and what does not decode is shown
as it came.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netwatch.decrypt.budget import Room

LIMIT = 1 << 20  # bytes of one body that are made at most


class Body:
    """One message's content on its way through."""

    def __init__(self, coding: str = "", limit: int = LIMIT) -> None:
        """`coding`: the content-encoding, "" for none; of several, and of unknown ones, the content stays as it is."""
        self._left = limit
        self._decode = _decoder(coding.strip().lower())
        self._raw_head = coding.strip().lower() == "deflate"

    def feed(self, data: bytes, room: Room) -> bytes:
        """What the next bytes of the body say, at most what is left of its bound. Where there is not as much room, the
        rest of the body is not made."""
        most = min(self._left, room.left)
        if self._left <= 0 or not data:
            return b""
        found = (data[:most] if self._decode is None else self._decoded(data, most)) if most > 0 else b""
        self._left -= len(found)
        room.left -= len(found)
        if room.left <= 0:
            room.refused += 1
            self._left = 0
        return found

    def _decoded(self, data: bytes, most: int) -> bytes:
        assert self._decode is not None
        try:
            found = self._decode(data, most)
        except Exception as e:  # each codec has its own class of error
            if self._raw_head and isinstance(e, zlib.error):  # deflate without its zlib header, as some servers send it
                self._raw_head = False
                self._decode = _inflater(-zlib.MAX_WBITS)
                return self._decoded(data, most)
            self._decode = None
            return data[:most]
        self._raw_head = False
        return found


Decode = Callable[[bytes, int], bytes]


def _inflater(bits: int) -> Decode:
    state = zlib.decompressobj(bits)

    def decode(data: bytes, most: int) -> bytes:
        return state.decompress(data, most)

    return decode


def _brotli() -> Decode | None:
    try:
        import brotli
    except ImportError:
        return None
    state = brotli.Decompressor()

    def decode(data: bytes, most: int) -> bytes:
        found: bytes = state.process(data, output_buffer_limit=most)
        return found[:most]

    return decode


def _zstd() -> Decode | None:
    try:
        import zstandard
    except ImportError:
        return None
    state = zstandard.ZstdDecompressor(max_window_size=8 << 20).decompressobj()  # RFC 9659

    def decode(data: bytes, most: int) -> bytes:
        out = bytearray()
        for at in range(0, len(data), 256):  # no more than 64 blocks of 128 KiB come of one piece
            out += state.decompress(data[at : at + 256])
            if len(out) >= most:
                break
        return bytes(out[:most])

    return decode


def _decoder(coding: str) -> Decode | None:
    if coding in ("gzip", "x-gzip"):
        return _inflater(16 + zlib.MAX_WBITS)
    if coding == "deflate":
        return _inflater(zlib.MAX_WBITS)
    if coding == "br":
        return _brotli()
    if coding == "zstd":
        return _zstd()
    return None
