"""What is secret in the bytes that a flow said: what its record masks, and header fields that carry credentials."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from netwatch._fast.out.record import described_of

if TYPE_CHECKING:
    from netwatch._fast.engine import Engine

MASK = "***"
MOST = 64  # secrets of one flow
LONG = 6  # bytes from which a secret is masked wherever it stands; a shorter one as a word, or in a piece of its own
# names of form fields (WHATWG URL section 5, RFC 7578) and of JSON that call their value a secret
_NAMES = (rb"(?:[a-z0-9_.\[-]{0,40}[_.\[-])?(?:access_token|refresh_token|id_token|token|api_?key|pass|passwd|password|"
          rb"passphrase|pwd|passcode|otp|pin|secret|client_secret|credentials?)\]?")
FORMS = (re.compile(rb"(?i)(?:^|(?<=[&?;\r\n]))" + _NAMES + rb"=([^&;\s]+)"),
         re.compile(rb'(?i)"' + _NAMES + rb'"[ \t\r\n]{0,20}:[ \t\r\n]{0,20}"((?:[^"\\]|\\.)+)'),
         re.compile(rb'(?i)\bname="' + _NAMES + rb'"[^\r\n]{0,200}(?:\r\n[^\r\n]{1,400}){0,8}\r\n\r\n([^\r\n]+)'))
HEADERS = re.compile(rb"(?im)^((?:proxy-)?authorization:[ \t]*(?:[a-z0-9-]{1,20}[ \t]+)?|(?:set-)?cookie2?:[ \t]*|"
                     rb"x-(?:api-key|auth-token|csrf-token|amz-security-token):[ \t]*)"
                     rb"([^\r\n]+)")
URLS = (re.compile(rb"://([^/?#\s@]{1,400})@"), re.compile(rb"(?i)[?&;#]code=([^&;#\s]+)"))  # as their record has it


def secrets_of(engine: Engine, row: int) -> tuple[bytes, ...]:
    """The values that the record of a row's flow masks, as far as they are known now."""
    masked, whole = (described_of(engine, row, show_secrets) for show_secrets in (False, True))
    found = dict.fromkeys(_differences(masked, whole))
    return tuple(text.encode() for _, text in zip(range(MOST), found, strict=False))


def _differences(masked: object, whole: object) -> Iterator[str]:
    """Texts that stand where the other has something else."""
    if isinstance(masked, dict) and isinstance(whole, dict):
        for key, value in whole.items():
            yield from _differences(masked.get(key), value)
    elif isinstance(masked, list) and isinstance(whole, list) and len(masked) == len(whole):
        for one, other in zip(masked, whole, strict=True):
            yield from _differences(one, other)
    elif isinstance(whole, str) and isinstance(masked, str) and whole and whole != masked:
        yield whole


def masked(data: bytes, secrets: tuple[bytes, ...], same_length: bool = False) -> bytes:
    """The bytes without secrets; `same_length`: as many bytes as before, so that offsets stay."""
    return masked_pieces((data,), secrets, same_length)[0]


def masked_pieces(pieces: Sequence[bytes], secrets: tuple[bytes, ...], same_length: bool = False) -> list[bytes]:
    """The same of bytes that follow each other in pieces: a secret that lies in several is masked where it begins."""
    whole = b"".join(pieces)
    covered = _covered(whole, pieces, secrets)
    found = []
    start = 0
    for piece in pieces:
        end, at, parts = start + len(piece), start, []
        for first, last in covered:
            if last <= start or first >= end:
                continue
            parts.append(whole[at:max(first, start)])
            if same_length:
                parts.append(b"*" * (min(last, end) - max(first, start)))
            elif first >= start:
                parts.append(MASK.encode())
            at = min(last, end)
        found.append(b"".join((*parts, whole[at:end])))
        start = end
    return found


def _of_forms(data: bytes) -> list[tuple[int, int]]:
    """Where values stand that a form or JSON calls secret."""
    return [match.span(1) for pattern in FORMS for match in pattern.finditer(data)]


def masked_form(body: bytes) -> tuple[bytes, bool]:
    """The body of a request without what its form calls secret; whether there was any."""
    found = masked(body, ()) if _of_forms(body) else body
    return found, found != body


def _covered(data: bytes, pieces: Sequence[bytes], secrets: tuple[bytes, ...]) -> list[tuple[int, int]]:
    """(start, end) of what is secret in the data, which came in these pieces, in order, none touching the next."""
    spans = [match.span(2) for match in HEADERS.finditer(data)] + _of_forms(data)
    spans += [match.span(1) for pattern in URLS for match in pattern.finditer(data)]
    for secret in secrets:
        if len(secret) >= LONG:
            spans += [match.span() for match in re.finditer(re.escape(secret), data)]
            continue
        word = re.compile(rb"(?<![A-Za-z0-9_])" + re.escape(secret) + rb"(?![A-Za-z0-9_])")
        start = 0
        for piece in pieces:  # the next may begin with what looks like a letter: a type, a length
            spans += [(start + match.start(), start + match.end()) for match in word.finditer(piece)]
            start += len(piece)
        spans += [match.span() for match in word.finditer(data)]
    covered: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if covered and first <= covered[-1][1]:
            covered[-1] = covered[-1][0], max(last, covered[-1][1])
        else:
            covered.append((first, last))
    return covered
