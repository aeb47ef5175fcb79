"""QPACK (RFC 9204) for somebody who only listens: header blocks of one sender unpacked by pylsqpack.

The size of the dynamic table is what the receiver's SETTINGS said: blocks that refer to it wait for these, and for the
encoder's instructions. What a block may grow to is bounded before it is unpacked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netwatch.decrypt.budget import Fields

if TYPE_CHECKING:
    from pylsqpack import Decoder

MAX_TABLE = 1 << 20  # bytes of a dynamic table that a peer may ask for
MAX_WAITING = 1 << 20  # bytes of instructions that wait for the SETTINGS
MAX_BLOCKED = 256  # streams that may wait for instructions
MAX_FIELDS = 1 << 24  # bytes that references into the table may make of one block
MAX_LINES = 4096  # field lines of one block
ENTRY_GROWTH = 4  # an entry is at most so many times the instructions that made it, Huffman and names taken together
OVERHEAD = 32  # bytes of an entry beside its text, section 3.2.1


class Refused(Exception):
    """A block that does not unpack, or would grow too large."""


class Unpacker:
    """The header blocks of one sender. `lost`: instructions are missing, so that no reference means anything."""

    def __init__(self) -> None:
        import pylsqpack

        self._lib = pylsqpack
        self._static = pylsqpack.Decoder(0, 0)
        self._decoder: Decoder | None = None
        self._capacity = 0
        self._instructions = b""
        self._told = 0  # bytes of instructions so far
        self._early: dict[int, bytes] = {}  # blocks that wait for the SETTINGS
        self._blocked: dict[int, int] = {}  # streams whose blocks wait, and bytes of these
        self._waiting = 0  # ... in all
        self.lost = False

    @property
    def held(self) -> int:
        """Bytes."""
        table = min(self._capacity, ENTRY_GROWTH * self._told) if self._decoder is not None else 0
        return len(self._instructions) + self._waiting + table

    def configure(self, capacity: int, blocked: int) -> list[int]:
        """The receiver's SETTINGS. Streams whose blocks can be asked for again by resume()."""
        if self._decoder is not None or capacity > MAX_TABLE:
            return []
        self._capacity = capacity
        self._decoder = self._lib.Decoder(capacity, min(blocked, MAX_BLOCKED))
        waiting, self._instructions = self._instructions, b""
        return list(dict.fromkeys([*self._feed(waiting), *self._early]))

    def instruct(self, data: bytes) -> list[int]:
        """Bytes of the sender's encoder stream; the streams that need to wait no longer."""
        self._told += len(data)
        if self._decoder is not None:
            return self._feed(data)
        if len(self._instructions) + len(data) > MAX_WAITING:
            self.lost = True
        else:
            self._instructions += data
        return []

    def unpack(self, stream: int, block: bytes) -> Fields | None:
        """The fields of a block, None when it must wait. Raises Refused."""
        found = self._unpack(stream, block)
        if found is None:
            self.forget(stream)
            self._blocked[stream] = len(block)
            self._waiting += len(block)
        return found

    def forget(self, stream: int) -> None:
        """No block of it waits any more."""
        self._waiting -= self._blocked.pop(stream, 0)

    def _unpack(self, stream: int, block: bytes) -> Fields | None:
        used = references(block)
        if block[:1] == b"\0":  # refers to nothing but the static table, section 4.5.1
            return self._decoded(self._static, stream, block)
        if self.lost:
            raise Refused
        if self._decoder is None:
            if len(self._early) >= MAX_BLOCKED:
                raise Refused
            self._early[stream] = block
            return None
        largest = min(self._capacity, ENTRY_GROWTH * self._told + OVERHEAD)
        if used * largest > MAX_FIELDS:
            raise Refused
        try:
            return self._decoded(self._decoder, stream, block)
        except self._lib.StreamBlocked:
            return None

    def resume(self, stream: int) -> Fields | None:
        """The fields of a block that waited. Raises Refused."""
        self.forget(stream)
        if stream in self._early:
            return self.unpack(stream, self._early.pop(stream))
        assert self._decoder is not None
        try:
            found: Fields = self._decoder.resume_header(stream)[1]
        except (self._lib.DecompressionFailed, self._lib.StreamBlocked, ValueError) as e:
            raise Refused from e
        return found

    def _feed(self, data: bytes) -> list[int]:
        if self.lost or not data or self._decoder is None:
            return []
        try:
            found: list[int] = self._decoder.feed_encoder(data)
        except self._lib.EncoderStreamError:
            self.lost = True
            return []
        return found

    def _decoded(self, decoder: Decoder, stream: int, block: bytes) -> Fields:
        try:
            found: Fields = decoder.feed_header(stream, block)[1]
        except self._lib.StreamBlocked:
            raise
        except (self._lib.DecompressionFailed, ValueError) as e:
            raise Refused from e
        return found


def references(block: bytes) -> int:
    """How many field lines of a block take bytes from a table (section 4.5). Raises Refused where it is cut, or has too
    many lines of any kind."""
    at = _number(block, _number(block, 0, 8)[1], 7)[1]
    count = lines = 0
    while at < len(block):
        first = block[at]
        count += 1
        lines += 1
        if lines > MAX_LINES:
            raise Refused
        if first & 0x80:
            at = _number(block, at, 6)[1]
        elif first & 0x40:
            at = _text(block, _number(block, at, 4)[1], 7)
        elif first & 0x20:
            at = _text(block, _text(block, at, 3), 7)
            count -= 1
        elif first & 0x10:
            at = _number(block, at, 4)[1]
        else:
            at = _text(block, _number(block, at, 3)[1], 7)
    return count


def _number(block: bytes, at: int, bits: int) -> tuple[int, int]:
    """An integer with a prefix of so many bits (RFC 7541 section 5.1), and where it ends."""
    if at >= len(block):
        raise Refused
    most = (1 << bits) - 1
    value = block[at] & most
    at += 1
    shift = 0
    while value >= most or shift:
        if at >= len(block) or shift > 56:
            raise Refused
        value += (block[at] & 0x7F) << shift
        shift += 7
        at += 1
        if not block[at - 1] & 0x80:
            break
    return value, at


def _text(block: bytes, at: int, bits: int) -> int:
    """Where a string ends."""
    size, at = _number(block, at, bits)
    if size > len(block) - at:
        raise Refused
    return at + size
