"""Replace addresses, names and MACs of records by tokens: the same by the same, so that what belongs together still
does. Whether tokens can be undone is the affair of whoever makes them (tokens.py).

What a field is, the schema says (its privacy class). A text that it does not know is taken for a name, and so is a key
of its records, but for header fields that everybody sends: what is forgotten must not leak.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TypeVar

from netwatch.model.record import Record
from netwatch.privacy.tokens import PROFILES, Tokens
from netwatch.schema import Privacy, fields_of

MAC = re.compile(r"(?<![\w:])[0-9a-f]{2}(?::[0-9a-f]{2}){5}(?![\w:])", re.IGNORECASE)
IP6 = re.compile(r"(?<![\w.:])[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?:(?<=:)\d{1,3}(?:\.\d{1,3}){3})?(?![\w:])")
IP4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)")  # a port may follow
MASKED = "***"
PROFILE_OF = {Privacy.ADDRESS: "addresses", Privacy.NAME: "names"}
PLAIN = frozenset({"schema", "time", "first", "last", "since", "severity", "kind", "proto", "app", "link_types"})
OPEN = ""  # of no profile
OWN = {  # kinds without a schema
    "netwatch.expert/1": dict.fromkeys(("group", "protocol", "summary"), OPEN),
    "netwatch.egress/1": {"program": "names", "host": "names", "ip": "addresses"},
    "netwatch.diagnosis/1": dict.fromkeys((*(f"health.{name}.unmeasured" for name in
                                             ("handshakes", "answers", "dns", "connections")),
                                           "kernel_drops_unmeasured", "kernel_drops.reason", "kernel_drops.meaning"),
                                          OPEN),
}
EVERYBODYS = frozenset({"127.0.0.1", "::1", "0.0.0.0", "::", "255.255.255.255", "00:00:00:00:00:00",
                        "ff:ff:ff:ff:ff:ff"})  # loopback, unspecified, broadcast: they tell of nobody

HEADERS = ("request_headers", "response_headers")
COMMON = frozenset({
    "accept", "accept-charset", "accept-encoding", "accept-language", "accept-ranges", "age", "allow", "authorization",
    "cache-control", "connection", "content-disposition", "content-encoding", "content-language", "content-length",
    "content-location", "content-range", "content-type", "cookie", "date", "etag", "expect", "expires", "forwarded",
    "from", "grpc-accept-encoding", "grpc-message", "grpc-status", "host", "if-match", "if-modified-since",
    "if-none-match", "if-range", "if-unmodified-since", "keep-alive", "last-modified", "link", "location", "origin",
    "pragma", "proxy-authenticate", "proxy-authorization", "range", "referer", "retry-after", "server", "set-cookie",
    "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "vary", "via", "warning", "www-authenticate",
    "x-forwarded-for"})  # names of header fields that tell nothing of who sends them
Told = TypeVar("Told", str, int)
EVIDENCE = re.compile(r"[a-z][a-z_]{0,31}")  # keys that detectors give


class Redactor:
    """`profiles` of PROFILES; `kept`: values that stay as they are."""

    def __init__(self, tokens: Tokens, profiles: Iterable[str] = PROFILES, kept: frozenset[str] = frozenset()) -> None:
        self._tokens = tokens
        self._profiles = frozenset(profiles)
        self._kept = kept

    def record(self, record: Record, kind: str = "") -> Record:
        """The same with tokens. `kind`: of a record that does not say it."""
        kind = kind or str(record.get("schema", "")).removeprefix("netwatch.").partition("/")[0]
        own = OWN.get(str(record.get("schema")), {})
        return {self._key(key, key, kind): self._value(value, key, kind, own) for key, value in record.items()}

    def _key(self, key: str, path: str, kind: str) -> str:
        """A key of a record; what has no schema has keys of ours, or of no one."""
        above, _, _ = path.rpartition(".")
        ours = path == "evidence" or (above == "evidence" and EVIDENCE.fullmatch(key))
        known = path in paths(kind) or path in PLAIN or (above in HEADERS and key in COMMON)
        if ours or known or not classes(kind):
            return self._inside(key)
        return self._one(key)

    def value(self, value: object, path: str, kind: str) -> object:
        """What stands at that path of the records of a kind."""
        return self._value(value, path, kind, {})

    def _value(self, value: object, path: str, kind: str, own: Mapping[str, str]) -> object:
        if isinstance(value, dict):
            return {self._key(key, f"{path}.{key}", kind): self._value(each, f"{path}.{key}", kind, own)
                    for key, each in value.items()}
        if isinstance(value, list):
            return [self._value(each, path, kind, own) for each in value]
        privacy = classes(kind).get(path)
        if type(value) is int and privacy not in (None, Privacy.PUBLIC):
            return MASKED if privacy is Privacy.SECRET else self._token(PROFILE_OF[privacy], value)
        if not isinstance(value, str) or not value:
            return value
        if privacy is Privacy.SECRET:
            return MASKED
        if path in own:
            return self._token(own[path], value)
        if privacy is Privacy.PUBLIC or (privacy is None and path in PLAIN):
            return self._inside(value)
        return self._one(value, PROFILE_OF.get(privacy, "names") if privacy is not None else "names")

    def _one(self, value: str, otherwise: str = "names") -> str:
        """A value that is all of it an address, a MAC, or else what that profile is about."""
        if MAC.fullmatch(value):
            return self._token("macs", value)
        if _is_address(value):
            return self._token("addresses", value)
        for profile in (otherwise, "names"):       # what should be an address and is none may be a name
            if profile in self._profiles:
                return self._token(profile, value)
        return self._inside(value)

    def _inside(self, text: str) -> str:
        """Addresses in a text that is none."""
        text = MAC.sub(lambda found: self._token("macs", found[0]), text)
        for pattern in (IP6, IP4):
            text = pattern.sub(lambda found: self._token("addresses", found[0]) if _is_address(found[0]) else found[0],
                               text)
        return text

    def _token(self, profile: str, value: Told) -> Told | str:
        return value if profile not in self._profiles or value in self._kept else self._tokens.of(profile, value)

    def restored(self, value: object) -> object:
        """The same with these tokens undone; others stay."""
        if isinstance(value, dict):
            return {self._undo(key): self.restored(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.restored(each) for each in value]
        if not isinstance(value, str):
            return value
        whole = self._tokens.pattern.fullmatch(value)
        found = self._tokens.opened(whole) if whole is not None else None
        return self._undo(value) if found is None else found

    def _undo(self, text: str) -> str:
        return self._tokens.pattern.sub(lambda found: found[0] if (was := self._tokens.opened(found)) is None
                                        else str(was), text)


@cache
def classes(kind: str) -> dict[str, Privacy]:
    """The privacy class of each path in the records of a kind."""
    found = {field.key(kind): field.privacy for field in fields_of(kind)}
    if kind == "finding":  # whom it hits is told as of flows
        found = {f"subject.{path}": each for path, each in classes("flow").items()
                 if path.startswith("process.")} | found
    return found


@cache
def paths(kind: str) -> frozenset[str]:
    """Of the objects and values that the schema knows in the records of a kind."""
    return frozenset(path[:end] for path in classes(kind) for end in
                     (*(at for at, c in enumerate(path) if c == "."), len(path)))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True
