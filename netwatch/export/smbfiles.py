"""Files read and written over SMB2 and SMB3 in the clear (MS-SMB2), put together from READ and WRITE."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netwatch.export.extracted import CROWDED, HOLE, LONG, Found

if TYPE_CHECKING:
    from netwatch.decrypt.budget import Room
    from netwatch.model.record import Record

CREATE, CLOSE, READ, WRITE = 5, 6, 8, 9  # section 2.2.1
HEAD = 64  # bytes of a header
FRAME_MOST = 1 << 24  # bytes of a message behind its length (RFC 1002 section 4.3.1)
FILE_MOST = 1 << 26
FILES_MOST = 1000  # of one connection
ASKED_MOST = 1024  # requests that wait for their responses
SAME = b"\xff" * 16  # the file that the request before in the compound named (section 3.2.4.1.4)
OK = 0


class File:
    """One that is open: pieces by their offset."""

    def __init__(self, name: str, size: int) -> None:
        self.name, self.size = name, size
        self.pieces: dict[bool, dict[int, bytes]] = {False: {}, True: {}}  # read, written

    def whole(self, written: bool) -> bytes | None:
        """Its content from the beginning, None where something is missing."""
        found = bytearray()
        for at, piece in sorted(self.pieces[written].items()):
            if at > len(found):
                return None
            found[at:at + len(piece)] = piece
        if not found or (not written and len(found) < self.size):
            return None
        return bytes(found)


class SmbFiles:
    """One connection."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._rest: dict[int, bytearray] = {}
        self._dead: set[int] = set()
        self._asked: dict[int, tuple[int, bytes | str, int]] = {}  # message: command, what of, where
        self._files: dict[bytes, File] = {}
        self._done: list[File] = []
        self._spoiled: list[tuple[str, str]] = []  # names of those that are not kept, and why
        self._client = -1
        self._held = 0
        self._made = b""  # of the newest CREATE

    def take(self, side: int, data: bytes, missing: int) -> None:
        if missing:
            self._lost(side, HOLE)
        if side in self._dead:
            return
        if len(data) > self._room.left:
            self._lost(side, CROWDED)
            return
        self._room.left -= len(data)
        rest = self._rest.setdefault(side, bytearray())
        rest += data
        while len(rest) >= 4:
            size = int.from_bytes(rest[1:4], "big")
            if rest[0] or size > FRAME_MOST:
                self._lost(side, HOLE)
                self._drop(rest, len(rest))
                return
            if len(rest) < 4 + size:
                return
            self._messages(side, bytes(rest[4:4 + size]))
            self._drop(rest, 4 + size)

    def _lost(self, side: int, why: str) -> None:
        """Nothing more of a side is read: which files that concerns nobody can say."""
        if side not in self._dead:
            self._dead.add(side)
            self._spoiled.append(("", why))

    def _drop(self, rest: bytearray, count: int) -> None:
        del rest[:count]
        self._room.left += count

    def finish(self, flow: Record, initiator: int) -> Iterator[Found]:
        for file in (*self._done, *self._files.values()):
            for written in (False, True):
                content = file.whole(written)
                if content is not None:
                    yield Found("smb", file.name, content, written == (self._client == initiator))
                elif file.pieces[written]:
                    yield Found("smb", file.name, b"", written == (self._client == initiator), missing=HOLE)
        for name, why in self._spoiled:
            yield Found("smb", name, b"", self._client == initiator, missing=why)
        self._room.left += self._held + sum(map(len, self._rest.values()))

    def _messages(self, side: int, data: bytes) -> None:
        """A compound's messages, each where the one before says."""
        last: bytes | int = b""
        for _ in range(100):
            if len(data) < HEAD or data[:4] != b"\xfeSMB":
                return
            step = int.from_bytes(data[20:24], "little")
            message = data[:step] if step else data
            command, number = int.from_bytes(message[12:14], "little"), int.from_bytes(message[24:32], "little")
            if message[16] & 1:
                self._answer(command, number, message)
            else:
                self._client = side if self._client < 0 else self._client
                last = self._ask(command, number, message, last)
            if not step or step < HEAD:
                return
            data = data[step:]

    def _ask(self, command: int, number: int, message: bytes, last: bytes | int) -> bytes | int:
        """A request; which file it is about, by its identifier or by the number of the CREATE in the same compound."""
        body = message[HEAD:]
        if command == CREATE and len(body) >= 48:
            at, size = int.from_bytes(body[44:46], "little"), int.from_bytes(body[46:48], "little")
            self._wait(number, (command, message[at:at + size].decode("utf-16-le", "replace"), 0))
            return number
        if command == READ and len(body) >= 32:
            of = self._which(body[16:32], last)
            self._wait(number, (command, of, int.from_bytes(body[8:16], "little")))
        elif command == WRITE and len(body) >= 32:
            of = self._which(body[16:32], last)
            at, size = int.from_bytes(body[2:4], "little"), int.from_bytes(body[4:8], "little")
            self._keep(of, True, int.from_bytes(body[8:16], "little"), message[at:at + size], size)
        elif command == CLOSE and len(body) >= 24:
            of = self._which(body[8:24], last)
            self._wait(number, (command, of, 0))
        else:
            return last
        return of

    def _which(self, named: bytes, last: bytes | int) -> bytes:
        return named if named != SAME else last if isinstance(last, bytes) else self._made

    def _wait(self, number: int, asked: tuple[int, bytes | str, int]) -> None:
        if len(self._asked) >= ASKED_MOST:
            del self._asked[next(iter(self._asked))]
        self._asked[number] = asked

    def _answer(self, command: int, number: int, message: bytes) -> None:
        body = message[HEAD:]
        status = int.from_bytes(message[8:12], "little")
        if status == 0x103:  # STATUS_PENDING: the answer is still to come
            return
        asked, of, at = self._asked.pop(number, (-1, b"", 0))
        if asked != command or status != OK:
            return
        if command == CREATE and len(body) >= 80 and isinstance(of, str):
            self._made = body[64:80]
            if len(self._files) + len(self._done) < FILES_MOST:
                self._files[self._made] = File(of, int.from_bytes(body[48:56], "little"))
        elif command == READ and len(body) >= 16 and isinstance(of, bytes):
            first, size = body[2], int.from_bytes(body[4:8], "little")
            self._keep(self._made if of in (b"", SAME) else of, False, at, message[first:first + size], size)
        elif command == CLOSE and isinstance(of, bytes) and of in self._files:
            self._done.append(self._files.pop(of))

    def _keep(self, of: bytes, written: bool, at: int, data: bytes, size: int) -> None:
        """A piece of a file, within the bounds; one that is not whole spoils it."""
        file = self._files.get(of)
        if file is None:
            return
        why = HOLE if len(data) != size else LONG if at + size > FILE_MOST else \
            CROWDED if size > self._room.left else ""
        if why:
            self._spoiled.append((self._files.pop(of).name, why))
            return
        before = len(file.pieces[written].get(at, b""))
        file.pieces[written][at] = data
        self._held += size - before
        self._room.left -= size - before
