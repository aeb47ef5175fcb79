"""The table of flows by the second as a stream, for a terminal elsewhere: pieces of a Reel and what goes with them.

A line says what follows and whose layout it has; then each message is a length (4 bytes, little-endian), that many
bytes of JSON (HEAD), and the bytes whose sizes that says: a piece, texts, what lies around. Who reads takes the stream
for hostile: everything is bounded, and what is no message is a ValueError.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from netwatch import __version__
from netwatch._fast.flow.series import COUNTED
from netwatch.history.moments import MARK, WORD, interfaces_of
from netwatch.history.tape import Piece, given, taken
from netwatch.model.record import Record

MAGIC = b"netwatch tables 1 "
LINE_MOST = HEAD_MOST = 1 << 16
DATA_MOST = 1 << 26  # bytes of a piece, and of its texts, packed and not
SECONDS = 60  # of counts in one message
AT_MOST = 1 << 62  # ns, of a moment
NEAR_S = 60  # between it and the seconds that are counted
HERE_MOST = 256  # addresses of that machine
DROPS = ("kernel_drops", "interface_drops", "ring_drops")
LENGTH = 4


class Message(NamedTuple):
    """A moment as it came. `first`: the second that the first of `counts`, one for each second that is over, is of."""

    piece: Piece
    texts: dict[int, bytes]
    around: bytes
    first: int
    counts: list[list[int]]
    drops: dict[str, int]
    here: list[bytes]
    interfaces: list[Record]


class Outlet:
    """Writes to a descriptor, which is its own from now on, in a thread of its own: a line that is slow keeps nobody
    waiting. While `busy`, no moment should be taken: the next one then tells of more. The thread begins with the first
    moment, when the process has shut itself in: walls stand around threads that begin behind them."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._news = threading.Condition()
        self._next: bytes | None = None
        self._closing = False
        self._around = b""
        self.error: OSError | None = None  # nobody reads any more
        self.moments = self.bytes = 0  # that went out
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        return (self._thread is not None and self._next is not None) or self.error is not None

    def put(self, piece: Piece, texts: Mapping[int, bytes], around: bytes, about: Mapping[str, object]) -> None:
        """The newest moment; `about`: first, counts, drops, here, interfaces and apps of a Message's HEAD."""
        said = b"" if around == self._around else around
        self._around = around
        blobs = piece.data, given(texts), said
        head = json.dumps({"at": piece.at_ns, "alone": piece.alone, "size": piece.size, "counted": piece.counts,
                           "left_out": piece.left_out, "sizes": [len(blob) for blob in blobs], **about},
                          separators=(",", ":")).encode()
        with self._news:
            self._next = b"".join((*self._begin(), len(head).to_bytes(LENGTH, "little"), head, *blobs))
            self.moments += 1
            self._news.notify()

    def _begin(self) -> Sequence[bytes]:
        """Start the thread, where it does not run; the line that stands before all else."""
        if self._thread is not None:
            return ()
        self._thread = threading.Thread(target=self._work, name="tables", daemon=True)
        self._thread.start()
        return (MAGIC, json.dumps({"mark": MARK, "version": __version__}).encode(), b"\n")

    def close(self, patience_s: float = 2.0) -> None:
        """Write what waits, as far as there is time."""
        with self._news:
            self._closing = True
            self._news.notify()
        if self._thread is None:
            os.close(self._descriptor)
        else:
            self._thread.join(patience_s)

    def _work(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._next is not None or self._closing)
                data = self._next
            if data is None:
                break
            try:
                at = 0
                while at < len(data):
                    at += os.write(self._descriptor, data[at:at + 65536])
            except OSError as e:
                self.error = e
                break
            self.bytes += len(data)
            with self._news:
                self._next = None
        os.close(self._descriptor)


class Inlet:
    """Bytes as they come to messages. Raises ValueError for what an Outlet of the same layout did not write."""

    def __init__(self) -> None:
        self._got = bytearray()
        self._around = b""
        self._begun = self._alone = False

    def take(self, data: bytes) -> Iterator[Message]:
        """The messages that are whole by now."""
        self._got += data
        if not self._begun:
            end = self._got.find(b"\n", 0, LINE_MOST)
            if end < 0 and len(self._got) < LINE_MOST and MAGIC.startswith(self._got[:len(MAGIC)]):
                return
            check_line(bytes(self._got[:max(end, 0)]))
            del self._got[:end + 1]
            self._begun = True
        while (message := self._one()) is not None:
            yield message

    def _one(self) -> Message | None:
        if len(self._got) < LENGTH:
            return None
        size = int.from_bytes(self._got[:LENGTH], "little")
        if not 0 < size <= HEAD_MOST:
            raise ValueError("a message that cannot be")
        if len(self._got) < LENGTH + size:
            return None
        head = _object(bytes(self._got[LENGTH:LENGTH + size]))
        sizes = _numbers(head.get("sizes"), 3, DATA_MOST)
        end = LENGTH + size + sum(sizes)
        if len(self._got) < end:
            return None
        blobs, at = [], LENGTH + size
        for each in sizes:
            blobs.append(bytes(self._got[at:at + each]))
            at += each
        del self._got[:end]
        return self._message(head, *blobs)

    def _message(self, head: Record, data: bytes, texts: bytes, around: bytes) -> Message:
        at, size, left_out, first = (_number(head.get(key), most) for key, most in
                                     (("at", AT_MOST), ("size", DATA_MOST), ("left_out", WORD), ("first", 1 << 40)))
        alone, counts, here, drops = (head.get(key) for key in ("alone", "counts", "here", "drops"))
        if not (isinstance(alone, bool) and isinstance(counts, list) and len(counts) <= SECONDS
                and isinstance(here, list) and len(here) <= HERE_MOST and isinstance(drops, dict)):
            raise ValueError("a message of another form")
        if counts and abs(first - at // 10**9) > SECONDS + NEAR_S:
            raise ValueError("counts of seconds far from the moment")
        if not alone and not self._alone:
            raise ValueError("a piece that leads on from none")
        self._alone, self._around = True, around or self._around
        addresses = [bytes.fromhex(each) for each in here if isinstance(each, str)]
        if any(len(each) not in (4, 16) for each in addresses):
            raise ValueError("an address that is none")
        return Message(
            Piece(at, alone, data, size, _numbers(head.get("counted"), 6, WORD), left_out),
            taken(texts, DATA_MOST) if texts else {}, self._around, first,
            [list(_numbers(each, len(COUNTED), WORD)) for each in counts],
            {key: _number(drops.get(key), WORD) for key in DROPS}, addresses, _interfaces(head))


def check_line(line: bytes) -> None:
    """What the stream begins with. ValueError, in a line for the user, for another's."""
    if not line.startswith(MAGIC):
        raise ValueError("what came is no table of flows")
    said = _object(line[len(MAGIC):])
    if said.get("mark") != MARK:
        there = "".join(c for c in str(said.get("version"))[:32] if c.isprintable())
        raise ValueError(f"netwatch {there} there lays tables out otherwise than {__version__} here: both must be the "
                         "same, or attach without --tables")


def _interfaces(head: Record) -> list[Record]:
    """Those of the source there, as far as screens ask for them."""
    found = interfaces_of(json.dumps({"interfaces": head.get("interfaces"), "apps": head.get("apps")}))
    kept: list[Record] = []
    for each in found[:HERE_MOST]:
        name = each.get("name")
        kept.append({"name": "".join(c for c in name[:64] if c.isprintable()) if isinstance(name, str) else "",
                     "link": _number(each.get("link"), 0xffff), "snaplen": _number(each.get("snaplen"), 1 << 31),
                     "description": "", "resolution": 1_000_000_000})
    return kept


def _object(text: bytes) -> Record:
    try:
        found = json.loads(text)
    except RecursionError:
        raise ValueError("a head that is too deep") from None
    if not isinstance(found, dict):
        raise ValueError("a head that is none")
    return found


def _number(value: object, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError("a number that cannot be")
    return value


def _numbers(values: object, count: int, most: int) -> tuple[int, ...]:
    if not isinstance(values, Sequence) or isinstance(values, str) or len(values) != count:
        raise ValueError("numbers that are others")
    return tuple(_number(each, most) for each in values)
