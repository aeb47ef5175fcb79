"""Tokens that stand for values: sealed ones, which a key undoes wherever it is, and short ones, which are known to the
run that made them alone."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

PROFILES = ("addresses", "names", "macs")
MARKS = {"addresses": "addr", "names": "name", "macs": "mac"}
PROFILE_OF_MARK = {mark: profile for profile, mark in MARKS.items()}
KEY_BYTES = 32
SEALED = re.compile(r"\b(addr|name|mac)-([a-z2-7]{27,})\b")
SHORT = re.compile(r"\b(addr|name|mac)-(\d{1,9})\b")
NUMBER = b"number"  # goes with a token that stands for one: no text can be taken for it
MOST, LONGEST = 1_000_000, 4096  # tokens that are remembered, and characters of a text whose token is

Value = str | int


class Tokens(Protocol):
    """Two equal values of a profile have one token, a number and its text two. `pattern` finds tokens in a text."""

    pattern: re.Pattern[str]

    def of(self, profile: str, value: Value) -> str: ...

    def opened(self, token: re.Match[str]) -> Value | None:
        """What a token stands for, None where it is none of these."""


class Sealed:
    """A token is the value, encrypted by AES-SIV (RFC 5297), which is deterministic. `key` of KEY_BYTES."""

    pattern = SEALED

    def __init__(self, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV

        self._cipher: AESSIV = AESSIV(key)
        self._made: dict[tuple[str, Value], str] = {}

    def of(self, profile: str, value: Value) -> str:
        made = self._made.get((profile, value))
        if made is None:
            about = [profile.encode()] if isinstance(value, str) else [profile.encode(), NUMBER]
            sealed = self._cipher.encrypt(str(value).encode(), about)
            made = f"{MARKS[profile]}-{base64.b32encode(sealed).decode().rstrip('=').lower()}"
            if len(self._made) < MOST and (not isinstance(value, str) or len(value) <= LONGEST):
                self._made[profile, value] = made
        return made

    def opened(self, token: re.Match[str]) -> Value | None:
        text = self._decrypted(token)
        if text is not None:
            return text
        number = self._decrypted(token, NUMBER)
        return None if number is None else int(number)

    def _decrypted(self, token: re.Match[str], *kind: bytes) -> str | None:
        from cryptography.exceptions import InvalidTag

        padded = token[2].upper() + "=" * (-len(token[2]) % 8)
        try:
            return self._cipher.decrypt(base64.b32decode(padded), [PROFILE_OF_MARK[token[1]].encode(), *kind]).decode()
        except (InvalidTag, ValueError):
            return None


class Short:
    """Numbered as they come: `addr-12`. What comes beyond MOST, or is very long, is sealed with a key of its own.
    `learnt` is told of each text that gets one. Any thread may ask."""

    pattern = re.compile(f"{SHORT.pattern}|{SEALED.pattern}")

    def __init__(self, learnt: Callable[[str, str, str], None] = lambda profile, value, token: None) -> None:
        self._made: dict[tuple[str, type, Value], str] = {}
        self._stands: dict[str, Value] = {}
        self._count = dict.fromkeys(PROFILES, 0)
        self._beyond: Sealed | None = None
        self._lock = threading.Lock()
        self._learnt = learnt

    def of(self, profile: str, value: Value) -> str:
        made = self._made.get((profile, type(value), value))
        if made is not None:
            return made
        with self._lock:
            made = self._made.get((profile, type(value), value))
            if made is None:
                if len(self._made) >= MOST or (isinstance(value, str) and len(value) > LONGEST):
                    return self._sealed().of(profile, value)
                self._count[profile] += 1
                made = f"{MARKS[profile]}-{self._count[profile]}"
                self._stands[made] = value
                self._made[profile, type(value), value] = made
                if isinstance(value, str):
                    self._learnt(profile, value, made)
        return made

    def opened(self, token: re.Match[str]) -> Value | None:
        found = self._stands.get(token[0])
        if found is None and self._beyond is not None and (sealed := SEALED.fullmatch(token[0])) is not None:
            return self._beyond.opened(sealed)
        return found

    def _sealed(self) -> Sealed:
        import secrets

        if self._beyond is None:
            self._beyond = Sealed(secrets.token_bytes(KEY_BYTES))
        return self._beyond
