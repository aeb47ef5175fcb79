"""How much of what hostile bytes unpack to is there at a time, of all connections together."""

from __future__ import annotations

CONTENT_MOST = 16 << 20  # bytes of content, with its codings undone, that are made of one chunk of frames
STATE_MOST = 64 << 20  # bytes that readers of HTTP/2, HTTP/3 and DoQ hold, of all connections; the oldest is let go
FIELDS_MOST = 1000  # header fields of one list that are kept
FIELD_COST = 120  # bytes that a field costs beside its text
ENTRY_COST = 250  # bytes that an entry of a table of header fields costs, its text included

Fields = list[tuple[bytes, bytes]]


class Room:
    """What is left of the content of a chunk, and how much was not made for want of room."""

    def __init__(self, most: int = CONTENT_MOST) -> None:
        self._most = self.left = most
        self.refused = 0  # pieces of content

    def renew(self) -> None:
        """The next chunk."""
        self.left = self._most

    def taken(self, made: bytes) -> bytes:
        self.left -= len(made)
        return made


def cost(fields: Fields) -> int:
    """About how many bytes of memory these fields are."""
    return sum(len(name) + len(value) for name, value in fields) + FIELD_COST * len(fields)
