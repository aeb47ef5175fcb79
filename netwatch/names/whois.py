"""Whose an address is, as the registries have it (whois, RFC 3912): whom to ask next, and the fields that matter.

The registries write differently; what they write is text of strangers. Nothing here sends: the host does.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from netwatch.model.host import Host, Unavailable
from netwatch.model.record import Record
from netwatch.model.whois import IANA, SERVERS, RegistryAnswer
from netwatch.names.scopes import scope_of

ASKED_MOST = 3  # registries, IANA among them
POLL_S, WAIT_S = 0.05, 12.0
LINES_MOST, LINE_MOST, VALUE_MOST = 4_000, 1_000, 300  # of the text; characters of a line and of a field
REFERRALS = ("refer", "whois", "referralserver")
ALIASES = {  # field: what it is called by one registry or another, the best first
    "range": ("inetnum", "inet6num", "netrange"),
    "name": ("netname",),
    "organisation": ("org-name", "orgname", "owner", "organization", "organisation", "descr", "custname"),
    "country": ("country",),
    "abuse": ("orgabuseemail", "abuse-mailbox", "abuse contact"),
    "status": ("status", "nettype"),
    "origin": ("origin", "originas", "aut-num"),
    "changed": ("last-modified", "updated", "changed"),
}
FIELD = re.compile(r"[%#]?\s*([A-Za-z][A-Za-z0-9 _/-]{0,40}?)\s*:\s*(\S.*)")
ABUSE = re.compile(r"[%#]\s*Abuse contact for .{1,120} is '([^']{1,200})'", re.IGNORECASE)
NOT_GLOBAL = "it is of no registry"


@dataclass
class Found:
    """What is known so far. `registry`: who said it; `more`: why what came of it is not all, or leads no further."""

    address: str
    registry: str = ""
    asked: tuple[str, ...] = ()
    fields: dict[str, str] = field(default_factory=dict)
    text: tuple[str, ...] = ()
    more: str = ""

    def record(self) -> Record:
        """netwatch.whois/1, without `schema` and time."""
        told: Record = {"address": self.address, "asked": list(self.asked)}
        told |= {"registry": self.registry} if self.registry else {}
        told |= self.fields
        told |= {"reason": self.more} if self.more else {}
        return told | {"text": "\n".join(self.text)}


def refusal(address: str) -> str:
    """Why no registry is asked of that address; "" where one may be."""
    scope = scope_of(address)
    if scope is None:
        return f"{address} is no address"
    return "" if scope == "global" else f"{address} is {scope}: {NOT_GLOBAL}"


def look_up(host: Host, address: str, over: Callable[[], bool] = lambda: False) -> Found:
    """Ask IANA, then whom it refers to. Raises Unavailable, ValueError, OSError where nobody could be asked."""
    found, registry = Found(address), IANA
    while registry:
        try:
            answer = _answered(host, registry, address, over)
        except (OSError, Unavailable) as e:
            if not found.text:
                raise
            found.more = getattr(e, "strerror", None) or str(e)
            return found
        found.asked += (registry,)
        lines = lines_of(answer.data)
        if lines or not found.text:
            found.registry, found.text, found.fields = registry, lines, fields_of(lines)
        found.more = answer.reason
        registry, why = _next(lines, found.asked)
        found.more = found.more or why
    return found


def _answered(host: Host, registry: str, address: str, over: Callable[[], bool]) -> RegistryAnswer:
    host.ask_registry(registry, address)
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until and not over():
        answer = host.registry_answer()
        if answer is not None:
            return answer
        time.sleep(POLL_S)
    return RegistryAnswer(registry, b"", f"{SERVERS[registry]}: no answer in time")


def _next(lines: tuple[str, ...], asked: tuple[str, ...]) -> tuple[str, str]:
    """The registry that the text refers to, and why it is not asked where it is not."""
    server = referral(lines)
    registry = next((name for name, each in SERVERS.items() if each == server), "")
    if not server or registry in asked:
        return "", ""
    if not registry:
        return "", f"it refers to {server}, which is none of the registries that are asked"
    return (registry, "") if len(asked) < ASKED_MOST else ("", f"it refers to {server}, after {len(asked)} others")


def referral(lines: tuple[str, ...]) -> str:
    """The name of the server that the text refers to, "" for none."""
    for key, value in _pairs(lines):
        if key in REFERRALS:
            return re.sub(r"^r?whois://", "", value.lower()).partition("/")[0].partition(":")[0][:VALUE_MOST]
    return ""


def fields_of(lines: tuple[str, ...]) -> dict[str, str]:
    """Those of ALIASES that the text has, each as it stands first under its best name."""
    first: dict[str, str] = {}
    for key, value in _pairs(lines):
        first.setdefault(key, value[:VALUE_MOST])
    abuse = next((match[1] for line in lines if (match := ABUSE.match(line))), "")
    first |= {"abuse contact": abuse} if abuse and "abuse-mailbox" not in first else {}
    best = {name: next((key for key in keys if key in first), "") for name, keys in ALIASES.items()}
    return {name: first[key] for name, key in best.items() if key}


def _pairs(lines: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for line in lines:
        match = FIELD.fullmatch(line)
        if match:
            yield match[1].lower(), match[2].strip()


def lines_of(data: bytes) -> tuple[str, ...]:
    """The text, line by line, safe to show: no control characters, bounded in lines and their length."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    lines = [_clean(line.rstrip())[:LINE_MOST] for line in re.split(r"\r?\n|\r", text)[:LINES_MOST]]
    while lines and not lines[-1]:
        lines.pop()
    return tuple(lines)


def _clean(line: str) -> str:
    line = line[:4 * LINE_MOST].expandtabs()
    return line if line.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in line)
