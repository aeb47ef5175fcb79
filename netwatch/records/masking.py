"""What is secret in the bytes that a flow said: what its record masks, and header fields that carry credentials."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netwatch._fast.engine import Engine
    from netwatch.run.pipeline import Pipeline

MASK = "***"
MOST = 64  # secrets of one flow
HEADERS = re.compile(rb"(?im)^((?:proxy-)?authorization:[ \t]*(?:[a-z0-9-]{1,20}[ \t]+)?|(?:set-)?cookie2?:[ \t]*)"
                     rb"([^\r\n]+)")


def secrets_of(pipeline: Pipeline, engine: Engine, row: int) -> tuple[bytes, ...]:
    """The values that the flow's record masks, as far as they are known now."""
    masked, whole = (pipeline.record(engine, row, show_secrets) for show_secrets in (False, True))
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
    covered = _covered(whole, secrets)
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


def _covered(data: bytes, secrets: tuple[bytes, ...]) -> list[tuple[int, int]]:
    """(start, end) of what is secret, in order, none touching the next."""
    spans = [match.span(2) for match in HEADERS.finditer(data)]
    for secret in secrets:
        word = rb"(?<![A-Za-z0-9_])" + re.escape(secret) + rb"(?![A-Za-z0-9_])"
        spans += [match.span() for match in re.finditer(word, data)]
    covered: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if covered and first <= covered[-1][1]:
            covered[-1] = covered[-1][0], max(last, covered[-1][1])
        else:
            covered.append((first, last))
    return covered
