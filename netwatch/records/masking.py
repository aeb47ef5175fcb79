"""What is secret in the bytes that a flow said: what its record masks, and header fields that carry credentials."""

from __future__ import annotations

import re
from collections.abc import Iterator
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
    def cover(secret: bytes) -> bytes:
        return b"*" * len(secret) if same_length else MASK.encode()

    data = HEADERS.sub(lambda found: found[1] + cover(found[2]), data)
    for secret in secrets:
        data = re.sub(rb"(?<![A-Za-z0-9_])" + re.escape(secret) + rb"(?![A-Za-z0-9_])", lambda found: cover(found[0]),
                      data)
    return data
