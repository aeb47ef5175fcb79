"""Compressed captures as a stream of bytes, under a bound of memory.

gzip and zstd, told by their first bytes, several members or frames one after the other. What is given out per step is
bounded by how little goes in per step, so that a file made to expand a thousandfold costs time and not memory.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from typing import Protocol

from netwatch._fast.input.source import SourceError, SourceUnavailable

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
# told apart so that the message may name them; none is opened
OTHER_MAGICS = {b"\xfd7zXZ\0": "xz", b"BZh": "bzip2", b"\x04\x22\x4d\x18": "lz4", b"PK\x03\x04": "zip",
                b"7z\xbc\xaf\x27\x1c": "7z", b"LZIP": "lzip", b"\x1f\x9d": "compress", b"Rar!": "rar",
                b"\x5d\0\0": "lzma"}
GZIP_STEP = 4096  # expands at most 1032 times: 4 MB
ZSTD_STEP = 512  # 4 bytes can stand for a block of 128 KiB: 17 MB
ZSTD_WINDOW = 1 << 27  # bytes of history a frame may ask for, as the zstd program allows by default


class Member(Protocol):
    """One compressed piece of a file, as zlib and zstandard both have it."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def _gzip() -> Member:
    return zlib.decompressobj(31)


def _zstd() -> Member:
    import zstandard

    return zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW).decompressobj()


class Unpacker:
    """Decompresses what `feed(n)` gives, beginning with `head`. `taken` counts the compressed bytes fed."""

    def __init__(self, kind: str, feed: Callable[[int], bytes], head: bytes) -> None:
        self.kind = kind
        self.taken = len(head)
        self._feed = feed
        self._make = _gzip if kind == "gzip" else _zstd
        self._step = GZIP_STEP if kind == "gzip" else ZSTD_STEP
        self._packed = head
        self._ready = memoryview(b"")
        self._member: Member | None = None

    def read(self, n: int) -> bytes:
        """The next 1 to n bytes; b"" at the end. Raises SourceError when the data are damaged or end too early."""
        while not self._ready:
            if not self._packed:
                self._packed = self._feed(65536)
                self.taken += len(self._packed)
            if not self._packed:
                if self._member is not None:
                    raise SourceError(f"the {self.kind} data are cut short at compressed byte {self.taken}")
                return b""
            self._ready = memoryview(self._unpack_step())
        out, self._ready = self._ready[:n], self._ready[n:]
        return bytes(out)

    def _unpack_step(self) -> bytes:
        """What a few more compressed bytes expand to, which may be nothing."""
        if self._member is None:
            self._packed = self._packed.lstrip(b"\0")  # gzip files may be padded with zeros
            if not self._packed:
                return b""
            self._member = self._make()
        step, self._packed = self._packed[: self._step], self._packed[self._step :]
        try:
            out: bytes = self._member.decompress(step)
        except Exception as e:  # zlib.error, zstandard.ZstdError: the latter is not importable without the package
            at = self.taken - len(self._packed) - len(step)
            raise SourceError(f"the {self.kind} data are damaged near compressed byte {at} ({e})") from None
        if self._member.eof:
            self._packed = self._member.unused_data + self._packed
            self._member = None
        return out


class Joined(Unpacker):
    """Files that are read as one, one after the other: of pcapng a section each. It owns their descriptors."""

    def __init__(self, files: list[int]) -> None:
        self.kind, self.taken = "folder", 0
        self._files = files

    def read(self, n: int) -> bytes:
        """As of any; b"" at the end of the last one."""
        while self._files:
            piece = os.read(self._files[0], n)
            if piece:
                self.taken += len(piece)
                return piece
            os.close(self._files.pop(0))
        return b""

    def __del__(self) -> None:
        while self._files:
            os.close(self._files.pop())


def unpacker_for(head: bytes, feed: Callable[[int], bytes]) -> Unpacker | None:
    """An Unpacker when the head is that of a compressed file, else None. Raises SourceUnavailable without zstandard."""
    if head.startswith(GZIP_MAGIC):
        return Unpacker("gzip", feed, head)
    if not head.startswith(ZSTD_MAGIC):
        for magic, kind in OTHER_MAGICS.items():
            if head.startswith(magic):
                raise SourceError(f"not a capture file: {kind} compressed, which is not opened (gzip and zstd are)")
        return None
    try:
        import zstandard  # noqa: F401
    except ImportError:
        raise SourceUnavailable("zstd compressed: this needs the Python package zstandard") from None
    return Unpacker("zstd", feed, head)
