"""Files that other protocols than HTTP carry: messages and attachments of SMTP, what FTP, SMB2 and TFTP transfer.

All of it is the wire's: sizes are bounded, names are text and no paths, and what was not seen whole is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from netwatch.decrypt.budget import Room
from netwatch.export.extracted import CROWDED, HOLE, LONG, OPEN, Found
from netwatch.export.smbfiles import SmbFiles
from netwatch.model.event import Event
from netwatch.model.record import Record

FILE_MOST = 1 << 26  # bytes of one file
HELD_MOST = 1 << 28  # bytes of files whose connections are not over
CONNECTIONS_MOST = 20_000
LINE_MOST = 4096  # of a command or a reply
PARTS_MOST = 200  # of one message
ABOUT = frozenset({"id", "first", "src", "dst", "ended", "ftp-data", "tftp", "smb", "tcp_flags_out",
                   "tcp_flags_in"})  # keys of flow records


class Carrier(Protocol):
    """One connection whose protocol carries files."""

    def take(self, side: int, data: bytes, missing: int) -> None:
        """The next bytes of a side, before which some are missing."""

    def finish(self, flow: Record, initiator: int) -> Iterator[Found]:
        """The files of the connection, which is over."""


class Plain:
    """A connection that is one file: FTP's for data, TFTP."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._data: dict[int, bytearray] = {}
        self._newest = 0  # bytes of the newest piece, which of TFTP is a block
        self._missing = ""  # why it is not all there

    def take(self, side: int, data: bytes, missing: int) -> None:
        kept = self._data.setdefault(side, bytearray())
        self._newest = len(data)
        self._missing = self._missing or (HOLE if missing else LONG if len(kept) + len(data) > FILE_MOST else
                                          CROWDED if len(data) > self._room.left else "")
        if not self._missing:
            kept += data
            self._room.left -= len(data)

    def finish(self, flow: Record, initiator: int) -> Iterator[Found]:
        self._room.left += sum(map(len, self._data.values()))
        name = _named(flow)
        if len(self._data) != 1 or not name:
            return
        (side, data), = self._data.items()
        over = self._newest < _block(flow["tftp"]) if "tftp" in flow else "FIN" in flow.get(
            "tcp_flags_out" if side == initiator else "tcp_flags_in", ())
        missing = self._missing or ("" if over else OPEN)
        yield Found("tftp" if "tftp" in flow else "ftp", name, b"" if missing else bytes(data), side == initiator,
                    missing=missing)


def _named(flow: Record) -> str:
    """What the file of a connection is called; "" where it is none."""
    ftp, tftp = flow.get("ftp-data", {}), flow.get("tftp", {})
    if ftp.get("command") in ("RETR", "STOR", "STOU", "APPE"):
        return str(ftp.get("file", "")) or "unnamed"
    file = tftp.get("file", "")
    return str(file[0] if isinstance(file, list) and file else file) if "error" not in tftp else ""


def _block(tftp: Record) -> int:
    """The size of its blocks: the last one is shorter (RFC 1350 section 2, RFC 2348)."""
    sizes = [each.partition("=")[2] for each in tftp.get("options", ()) if each.lower().startswith("blksize=")]
    return int(sizes[-1]) if sizes and sizes[-1].isdigit() else 512


class Mail:
    """SMTP (RFC 5321) as a client speaks it: the message behind each DATA or BDAT (RFC 3030)."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._rest = bytearray()
        self._reply = bytearray()
        self._inside = False  # between DATA and the dot
        self._chunk = 0  # bytes of BDAT still to come
        self._last = False
        self._parts = bytearray()  # what came by BDAT so far
        self._searched = 0  # bytes of a message in which its end is not
        self._asked = False  # DATA was said
        self._agreed = 0  # replies of 354 that no message was sent to yet
        self._silent = True  # nothing of the server's was seen
        self._dead: dict[int, str] = {}  # sides of which no more is read, and why
        self._client = -1
        self._done: list[bytes] = []

    def take(self, side: int, data: bytes, missing: int) -> None:
        if missing:
            self._give_up(side, HOLE)
        if side in self._dead:
            return
        if self._client < 0:  # the server speaks first, with a number
            self._client = 1 - side if data[:3].isdigit() else side
        if side != self._client:
            self._answered(data)
            return
        if len(data) > self._room.left or len(self._rest) + len(self._parts) + len(data) > FILE_MOST:
            self._give_up(side, CROWDED if len(data) > self._room.left else LONG)
            return
        self._rest += data
        self._room.left -= len(data)
        while self._rest and self._step():
            pass

    def finish(self, flow: Record, initiator: int) -> Iterator[Found]:
        sent = self._client == initiator
        for message in self._done:
            yield Found("smtp", _subject(message) + ".eml", message, sent, "message/rfc822")
            for name, kind, part in _attachments(message):
                yield Found("smtp", name, part, sent, kind)
        missing = self._dead.get(self._client, OPEN if self._inside or self._chunk or self._parts else "")
        if missing:  # a message, or more of them
            yield Found("smtp", "", b"", sent, "message/rfc822", missing)
        self._room.left += len(self._rest) + len(self._parts) + sum(map(len, self._done))
        self._done.clear()

    def _give_up(self, side: int, why: str) -> None:
        self._dead.setdefault(side, why)

    def _answered(self, data: bytes) -> None:
        self._silent = False
        self._reply += data
        *lines, rest = bytes(self._reply).split(b"\n")
        self._reply[:] = rest[-LINE_MOST:]
        self._agreed += sum(line.startswith(b"354") for line in lines)

    def _step(self) -> bool:
        """False when more bytes are needed."""
        if self._chunk:
            return self._bdat()
        if self._asked:
            self._asked = False
            if self._agreed or self._silent:
                self._agreed -= self._agreed > 0
                self._inside = True
        if self._inside:
            return self._content()
        end = self._rest.find(b"\n")
        if end < 0:
            if len(self._rest) > LINE_MOST:
                self._give_up(self._client, HOLE)
            return False
        words = bytes(self._rest[:end]).upper().split()
        self._drop(end + 1)
        if words == [b"DATA"]:
            self._asked = True
        elif len(words) >= 2 and words[0] == b"BDAT" and words[1].isdigit() and len(words[1]) < 12:
            self._chunk, self._last = int(words[1]), words[-1] == b"LAST"
            return bool(self._chunk) or self._bdat()
        elif words[:1] in ([b"STARTTLS"], [b"RSET"]):
            self._room.left += len(self._parts)
            self._parts.clear()
        return True

    def _bdat(self) -> bool:
        count = min(self._chunk, len(self._rest))
        self._parts.extend(self._rest[:count])
        del self._rest[:count]
        self._chunk -= count
        if self._chunk == 0 and self._last:
            self._done.append(bytes(self._parts))
            self._parts.clear()
            self._last = False
        return bool(self._rest)

    def _content(self) -> bool:
        """Up to the line that is a dot alone (RFC 5321 section 4.5.2)."""
        if self._rest.startswith(b".\r\n"):
            end, size = 0, 3
        else:
            found = self._rest.find(b"\r\n.\r\n", max(0, self._searched - 4))
            self._searched = len(self._rest)
            if found < 0:
                return False
            end, size = found + 2, found + 5
        message = (b"\r\n" + self._rest[:end]).replace(b"\r\n..", b"\r\n.")[2:]
        del self._rest[:size]
        self._room.left += size - len(message)
        self._done.append(message)
        self._inside = False
        self._searched = 0
        return True

    def _drop(self, count: int) -> None:
        del self._rest[:count]
        self._room.left += count


def _subject(message: bytes) -> str:
    return _headers(message, "subject") or "message"


def _headers(message: bytes, name: str) -> str:
    """The value of a header field, decoded (RFC 2047)."""
    from email import policy
    from email.parser import BytesHeaderParser

    try:
        head = message[: 1 << 16].partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        return str(BytesHeaderParser(policy=policy.default).parsebytes(head).get(name, ""))
    except Exception:  # the library's, of what nobody should write
        return ""


def _attachments(message: bytes) -> Iterator[tuple[str, str, bytes]]:
    """(name, kind, content) of the parts that have a name (RFC 2183)."""
    from email import message_from_bytes

    try:
        parts = [part for part, _ in zip(message_from_bytes(message).walk(), range(PARTS_MOST), strict=False)]
        for part in parts:
            name = part.get_filename()
            content = part.get_payload(decode=True) if name and not part.is_multipart() else None
            if isinstance(content, bytes) and content:
                yield str(name), part.get_content_type(), content
    except Exception:  # the library's, and recursion, of what nobody should write
        return


MAKERS: dict[str, Callable[[Room], Carrier]] = {"ftp-data": Plain, "tftp": Plain, "smtp": Mail, "smb": SmbFiles}


class Carried:
    """The files of all connections that are not over."""

    def __init__(self) -> None:
        self._open: dict[tuple[int, int], Carrier] = {}
        self._room = Room(HELD_MOST)
        self.left_out = 0  # connections for which there was no room

    def bytes_came(self, event: Event) -> bool:
        """A piece of a stream; False when the protocol is none of these."""
        if event.app not in MAKERS or event.stream >= 0:
            return False
        key = (id(event.engine), event.row)
        found = self._open.get(key)
        if found is None and len(self._open) >= CONNECTIONS_MOST:
            self.left_out += 1
        elif found is None:
            found = self._open[key] = MAKERS[event.app](self._room)
        if found is not None:
            found.take(event.side, event.payload, event.extra)
        return True

    def ended(self, engine: object, row: int) -> Carrier | None:
        """The connection that is over, if it carried files."""
        return self._open.pop((id(engine), row), None)
