"""One direction under one key: which number the next record has, also after some were lost."""

from __future__ import annotations

from netwatch.decrypt.records import NoIv, Protection, Unverified
from netwatch.decrypt.secrets import Bytes

HEAD = 5  # bytes of a record's header
LEAST = HEAD + 17  # bytes of the shortest record: a tag and something
AHEAD = 512  # numbers tried for one record
TRIES = 4096  # numbers tried in vain before nothing is looked for any more; what opens makes it new again


class Stalled(Exception):
    """A record needs a key that has not come yet."""


class Direction:
    """Opens records in their order. `hole` is set by open(): plaintext bytes missing before what it returned, 0 when
    their number is not known, -1 when none are."""

    def __init__(self, protection: Protection) -> None:
        self.protection = protection
        self.seq = 0
        self.hole = -1
        self._torn = False
        self._missing = 0
        self._tries = TRIES

    def tear(self, n: int) -> None:
        """n bytes of records did not open."""
        self._torn = True
        self._missing += n

    def lose(self, n: int) -> None:
        """n bytes of records will not come."""
        self.tear(n)
        self.protection.lose()

    def inherit(self, other: Direction) -> None:
        """Take over what was lost under the key before this one."""
        self._torn, self._missing, self._tries = other._torn, other._missing, other._tries

    def spend(self, other: Direction) -> None:
        """Attempts count, whoever made them."""
        self._tries = other._tries

    @property
    def torn(self) -> bool:
        return self._torn

    def open(self, head: bytes, body: Bytes) -> bytes:
        """The record's plaintext. Raises Unverified."""
        if self._torn:
            return self._hunt(head, body)
        plain = self.protection.open(self.seq, head, body)
        self.hole = -1
        self.seq += 1
        return plain

    def _hunt(self, head: bytes, body: Bytes) -> bytes:
        """As open(), where nobody knows how many records are missing."""
        if self.protection.chained:
            raise Unverified
        iv = self.protection.iv
        for ahead in range(min(self._missing // LEAST + 2, AHEAD, self._tries)):
            self._tries -= 1
            self.protection.iv = iv
            try:
                plain = self.protection.open(self.seq + ahead, head, body)
            except NoIv:
                self.seq += ahead + 1
                raise
            except Unverified:
                continue
            overhead = self.protection.overhead
            self.hole = max(self._missing - ahead * (HEAD + overhead), 0) if overhead >= 0 else 0
            self.seq += ahead + 1
            self._torn, self._missing, self._tries = False, 0, TRIES
            return plain
        raise Unverified
