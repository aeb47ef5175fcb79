"""The last minutes of the table of flows, second by second, in memory of a bounded size.

A minute begins with a piece that stands alone; the pieces behind it say what changed (_fast/view/tape.pyx). What flows
say and addons tell of them are texts, kept once: a text goes with the last minute in which a flow has it.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import zstandard

from netwatch._fast.view.reel import Reel as Back
from netwatch._fast.view.tape import Tape, counts_of, surroundings
from netwatch.model.record import Record
from netwatch.model.session import Moment

if TYPE_CHECKING:
    from netwatch._fast.engine import Engine
    from netwatch._fast.view.attached import RowCodes

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS
LEVEL = 1  # of zstd: the time is that of the engine's thread
TEXTS = 1 << 30  # bytes of those of one row on disk
EACH = 200  # bytes that a piece and a text cost besides what is in them


class Piece(NamedTuple):
    """What changed up to a moment, or all there was at it."""

    at_ns: int
    alone: bool
    data: bytes  # zstd of what Tape.piece() gave
    size: int  # ... and how long that was
    counts: tuple[int, ...]  # see tape.counts_of()
    left_out: int  # flows that were not looked at: there were too many


class Kept(NamedTuple):
    """All that an engine is put back from: the pieces in their order, up to that of the moment; `texts` finds a text;
    `interfaces` of a run that is over, None: those that there are now."""

    moment: Moment
    pieces: tuple[Piece, ...]
    texts: Callable[[int], bytes | None]
    around: bytes
    interfaces: Sequence[Record] | None = None


@dataclass
class Minute:
    """From one piece that stands alone to the next. `texts`: those that go with it, if no later one has them."""

    pieces: list[Piece] = field(default_factory=list)
    texts: set[int] = field(default_factory=set)
    size: int = 0


class Reel:
    """The pieces of one engine, at most `most` bytes of them, and of what goes with them; the oldest make room."""

    def __init__(self, engine: Engine, most: int, flows: int, learnt: Iterable[RowCodes] = ()) -> None:
        """`flows`: rows of the table that are looked at, at most; `learnt`: see Tape."""
        self._engine, self._most = engine, most
        self._tape = Tape(engine, flows, learnt)
        self._minutes: deque[Minute] = deque()
        self._texts: dict[int, bytes] = {}
        self._last = 0  # number given to a text
        self._pack, self._size = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True), 0
        self.let_go = 0  # moments that made room
        self.frames = 0  # that had been seen at the newest moment

    @property
    def left_out(self) -> int:
        """Rows of the table that are not looked at: there are too many."""
        return int(self._tape.left_out)

    @property
    def rows(self) -> int:
        """Rows of the table that are looked at: what a moment costs."""
        return int(self._tape.rows)

    @property
    def size(self) -> int:
        """Bytes that it holds."""
        return self._size + int(self._tape.size)

    def __len__(self) -> int:
        return sum(len(minute.pieces) for minute in self._minutes)

    @property
    def span(self) -> tuple[int, int] | None:
        """The oldest moment and the newest, None before the first."""
        if not self._minutes:
            return None
        return self._minutes[0].pieces[0].at_ns, self._minutes[-1].pieces[-1].at_ns

    def take(self, tell: Callable[[int], object]) -> set[int]:
        """Put down what has changed; the numbers of the texts that are new. `tell` says what addons know of the flow in
        a row: what JSON can hold."""
        counts = counts_of(self._engine)
        self.frames = counts[2]
        begins = not self._minutes or counts[0] >= self._minutes[-1].pieces[0].at_ns + MINUTE_NS
        made: set[int] = set()
        for row in self._tape.look():
            said = self._tape.facts(row)
            text = len(said).to_bytes(4, "little") + said + json.dumps(tell(row), separators=(",", ":")).encode()
            known = self._tape.text(row)
            if self._texts.get(known) != text:
                self._last += 1
                self._texts[self._last] = text
                self._size += len(text) + EACH
                made.add(self._last)
                self._tape.told(row, self._last)
        data = self._tape.piece(begins)
        if begins:
            self._minutes.append(Minute())
        minute = self._minutes[-1]
        minute.pieces.append(Piece(counts[0], begins, self._pack.compress(data), len(data), counts, self.left_out))
        minute.texts |= made
        size = len(minute.pieces[-1].data) + EACH
        minute.size += size
        self._size += size
        while self.size > self._most and len(self._minutes) > 1:
            self._drop()
        return made

    @property
    def newest(self) -> Piece:
        """The last that was put down."""
        return self._minutes[-1].pieces[-1]

    def texts(self, numbers: Iterable[int]) -> dict[int, bytes]:
        """Those of these numbers."""
        return {number: self._texts[number] for number in numbers}

    def texts_of(self, piece: Piece) -> dict[int, bytes]:
        """Those of all flows in a piece that stands alone and is kept."""
        return self.texts(self._of(piece))

    def _drop(self) -> None:
        """The oldest minute, and the texts that no later one has."""
        gone = self._minutes.popleft()
        first = self._minutes[0]
        kept = gone.texts & self._of(first.pieces[0])
        first.texts |= kept
        for number in gone.texts - kept:
            self._size -= len(self._texts.pop(number)) + EACH
        self._size -= gone.size
        self.let_go += len(gone.pieces)

    def _of(self, piece: Piece) -> set[int]:
        """The texts of a piece that stands alone."""
        back = Back()
        back.apply(unpacked(piece), True, 1 << 31)
        return {text for _, _, text in back.texts()}

    def at(self, ns: int) -> Kept | None:
        """The newest moment at or before `ns`, else the oldest there is; None where there is none."""
        if not self._minutes:
            return None
        number = max(0, bisect_right([minute.pieces[0].at_ns for minute in self._minutes], ns) - 1)
        pieces = self._minutes[number].pieces
        n = max(1, bisect_right([piece.at_ns for piece in pieces], ns))
        after = pieces[n:n + 1] or (self._minutes[number + 1].pieces[:1] if number + 1 < len(self._minutes) else [])
        at_ns = pieces[n - 1].at_ns
        before = [piece for piece in pieces[:n] if piece.at_ns < at_ns][-1:] or \
            (self._minutes[number - 1].pieces[-1:] if number else [])
        moment = Moment(at_ns, after[0].at_ns if after else None, at_ns - before[0].at_ns if before else 0,
                        self._minutes[0].pieces[0].at_ns, self._minutes[-1].pieces[-1].at_ns, pieces[n - 1].left_out)
        return Kept(moment, tuple(pieces[:n]), self._texts.get, surroundings(self._engine))


def unpacked(piece: Piece) -> bytes:
    """What Tape.piece() gave. ValueError for what is none."""
    return inflated(piece.data, piece.size)


def inflated(data: bytes, size: int) -> bytes:
    """What was packed, and had so many bytes. ValueError for what is damaged."""
    try:
        if zstandard.frame_content_size(data) != size:
            raise ValueError("a moment of another size")
        return zstandard.ZstdDecompressor().decompress(data, max_output_size=size)
    except (zstandard.ZstdError, MemoryError) as e:
        raise ValueError(f"a moment that is damaged: {e}") from None


def given(texts: Mapping[int, bytes]) -> bytes:
    """Texts by number, packed; b"" for none."""
    if not texts:
        return b""
    out = b"".join(number.to_bytes(4, "little") + len(text).to_bytes(4, "little") + text
                   for number, text in texts.items())
    return len(out).to_bytes(4, "little") + zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(out)


def taken(data: object, most: int = TEXTS) -> dict[int, bytes]:
    """What given() packed, of at most so many bytes. ValueError for what it did not."""
    if not isinstance(data, bytes) or len(data) < 4:
        raise ValueError("no texts")
    size, at, found = min(int.from_bytes(data[:4], "little"), most), 0, {}
    text = inflated(data[4:], size)
    while at + 8 <= len(text):
        end = at + 8 + int.from_bytes(text[at + 4:at + 8], "little")
        found[int.from_bytes(text[at:at + 4], "little")] = text[at + 8:end]
        at = end
    if at != len(text):
        raise ValueError("texts that are damaged")
    return found


def parted(text: bytes) -> tuple[bytes, bytes]:
    """What a flow says, and what addons told of it as JSON. ValueError for what is none."""
    n = int.from_bytes(text[:4], "little")
    if n > len(text) - 4:
        raise ValueError("a text that is damaged")
    return text[4:4 + n], text[4 + n:]
