"""Secrets from NSS key logs (RFC 9850) and pcapng decryption secrets blocks, found again by who they belong to.

Lines come from files that may grow, from blocks, in any order, and may be hostile: what is not a secret is counted and
forgotten. Secrets are kept in bytearrays, and zeroed when they are dropped. What Python's own temporary objects held of
a line (the bytes read, the slice cut from them) cannot be zeroed; it is freed at once.
"""

from __future__ import annotations

import collections
import io
from collections.abc import Iterable
from typing import NamedTuple

MAX_OWNERS = 131_072  # connections whose secrets are held; the oldest makes room
MAX_LABELS = 32  # secrets of one connection
MAX_LINE = 4096  # bytes; ECH_CONFIG is the longest honest one
MAX_SECRET = 512  # bytes; a Diffie-Hellman premaster secret of 4096 bits
TLS_KEY_LOG = 0x544C534B  # ng 4.7.1: the one type of secrets block that holds such lines

MASTER = "CLIENT_RANDOM"  # the master secret up to TLS 1.2
PREMASTER = "PMS_CLIENT_RANDOM"
RSA = "RSA"  # the owner is the beginning of the encrypted premaster secret
SESSION = "SESSION_ID"  # the owner is a session ID; a master secret as `openssl s_client` prints it
IGNORED = frozenset({"EXPORTER_SECRET", "EARLY_EXPORTER_SECRET", "ECH_SECRET", "ECH_CONFIG"})

_RANDOM_LABELS = frozenset({
    MASTER, PREMASTER, "CLIENT_EARLY_TRAFFIC_SECRET", "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    "SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0",
})
_LENGTHS = {MASTER: (48, 48), RSA: (48, 48), SESSION: (48, 48), PREMASTER: (1, MAX_SECRET)}
_TRAFFIC_LENGTHS = (32, 48)  # SHA-256, SHA-384
_ENCRYPTED_PREMASTER = 8  # bytes of it that name a line


class Line(NamedTuple):
    """One secret: what it is, whose, and its bytes."""

    label: str
    owner: bytes
    secret: bytearray


class Secrets:
    """The secrets of one connection by label; `origin` says where the first came from: "keylog" or "dsb"."""

    __slots__ = ("by_label", "origin")

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.by_label: dict[str, bytearray] = {}

    def get(self, label: str) -> bytearray | None:
        return self.by_label.get(label)

    def wipe(self) -> None:
        for secret in self.by_label.values():
            wipe(secret)
        self.by_label.clear()


def wipe(secret: bytearray) -> None:
    """Overwrite with zeros; the length stays."""
    secret[:] = bytes(len(secret))


def parse_line(line: bytes) -> Line | None:
    """The secret that a line holds; None for empty lines, comments and labels that open no record.

    Raises ValueError for anything else. Chrome's old QUIC_ labels are the same secrets.
    """
    words = line.rstrip(b"\\").split()  # as pasted from a shell command
    if not words or words[0].startswith(b"#"):
        return None
    label = words[0].decode("ascii").removeprefix("QUIC_")
    if label in IGNORED:
        return None
    if len(words) != 3:
        raise ValueError("a key log line has three words")
    if label == RSA and words[1].startswith(b"Session-ID:"):
        return _line(SESSION, words[1].removeprefix(b"Session-ID:"), words[2].removeprefix(b"Master-Key:"))
    if label != RSA and label not in _RANDOM_LABELS:
        raise ValueError("no label of a secret that opens records")
    return _line(label, words[1], words[2])


def _as_line(label: str, owner: bytes, secret: bytearray) -> bytes:
    """What parse_line() reads."""
    if label == SESSION:
        return f"RSA Session-ID:{owner.hex()} Master-Key:{secret.hex()}\n".encode()
    return f"{label} {owner.hex()} {secret.hex()}\n".encode()


def _line(label: str, owner_hex: bytes, secret_hex: bytes) -> Line:
    """From the two hexadecimal words. Raises ValueError when a length is not what the label says."""
    owner, secret = bytes.fromhex(owner_hex.decode("ascii")), bytearray.fromhex(secret_hex.decode("ascii"))
    if label == RSA:
        fits = len(owner) == _ENCRYPTED_PREMASTER
    elif label == SESSION:
        fits = 0 < len(owner) <= 32
    else:
        fits = len(owner) == 32
    low, high = _LENGTHS.get(label, (0, 0))
    fits = fits and (low <= len(secret) <= high if high else len(secret) in _TRAFFIC_LENGTHS)
    if not fits:
        raise ValueError("a length is wrong")
    return Line(label, owner, secret)


class KeyLog:
    """All secrets known by now. `malformed` counts lines that are none, `dropped` connections that made room."""

    def __init__(self, most: int = MAX_OWNERS) -> None:
        self.malformed = 0
        self.dropped = 0
        self._most = most
        self._owners: collections.OrderedDict[bytes, Secrets] = collections.OrderedDict()
        self._fresh: set[bytes] = set()
        self._asked: dict[bytes, int] = {}  # owners whose secrets were asked for: how many of them were handed on

    def __len__(self) -> int:
        return len(self._owners)

    def of(self, owner: bytes) -> Secrets | None:
        """The secrets of a client random (32 bytes), an encrypted premaster secret's first 8 bytes, or a session ID."""
        secrets = self._owners.get(owner)
        if secrets is not None:
            self._asked.setdefault(owner, 0)
        return secrets

    def get(self, owner: bytes, label: str) -> bytearray | None:
        """One secret. It belongs to the key log: it may be zeroed as soon as the next line is taken."""
        secrets = self.of(owner)
        return secrets.get(label) if secrets else None

    def used_lines(self) -> bytes:
        """The secrets of connections that were asked about, as lines of a key log: those that are new since the last
        call."""
        lines = []
        for owner, told in self._asked.items():
            secrets = self._owners.get(owner)
            if secrets is not None and len(secrets.by_label) > told:
                self._asked[owner] = len(secrets.by_label)
                lines += [_as_line(label, owner, secret) for label, secret in list(secrets.by_label.items())[told:]]
        return b"".join(lines)

    def take_lines(self, lines: Iterable[bytes], origin: str) -> None:
        """Remember what the lines say; those that make no sense are counted. Where two contradict, the later counts."""
        for line in lines:
            try:
                found = parse_line(line) if len(line) <= MAX_LINE else _too_long()
            except ValueError:
                self.malformed += 1
                continue
            if found is not None:
                self._keep(found, origin)

    def take_unfinished(self, line: bytes, origin: str) -> None:
        """The same for a last line without its end: it may be whole, or grow."""
        malformed = self.malformed
        self.take_lines((line,), origin)
        self.malformed = malformed

    def take_block(self, kind: int, data: bytes) -> None:
        """Remember the lines of a pcapng decryption secrets block; those of other types hold none."""
        if kind == TLS_KEY_LOG:
            lines = io.BytesIO(data.replace(b"\r", b"\n"))
            self.take_lines((line.rstrip(b"\n") for line in lines), "dsb")

    def fresh(self) -> set[bytes]:
        """Owners that were told something new since the last call."""
        found, self._fresh = self._fresh, set()
        return found

    def forget(self, owner: bytes) -> None:
        """Zero and drop an owner's secrets."""
        secrets = self._owners.pop(owner, None)
        if secrets is not None:
            secrets.wipe()

    def close(self) -> None:
        """Zero and drop everything."""
        for secrets in self._owners.values():
            secrets.wipe()
        self._owners.clear()
        self._fresh.clear()
        self._asked.clear()

    def _keep(self, line: Line, origin: str) -> None:
        secrets = self._owners.get(line.owner)
        if secrets is None:
            if len(self._owners) >= self._most:
                oldest, found = self._owners.popitem(last=False)
                found.wipe()
                self._asked.pop(oldest, None)
                self.dropped += 1
            secrets = self._owners[line.owner] = Secrets(origin)
        old = secrets.by_label.get(line.label)
        if old == line.secret:
            wipe(line.secret)
            return
        if old is None and len(secrets.by_label) >= MAX_LABELS:
            self.malformed += 1
            return
        if old is not None:
            wipe(old)
        secrets.by_label[line.label] = line.secret
        self._fresh.add(line.owner)


def _too_long() -> Line | None:
    raise ValueError("a line is too long")
