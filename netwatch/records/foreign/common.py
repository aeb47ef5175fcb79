"""What the words of other programs are made of: times, numbers of flows, names."""

from __future__ import annotations

import hashlib

from netwatch.filter.values import time_span
from netwatch.model.record import Record

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def seconds(time: str | None) -> float | None:
    """Since 1970, to the microsecond."""
    span = time_span(time) if time else None
    return None if span is None else round(span[0] // 1000 / 1e6, 6)


def number_of(flow: Record, bits: int) -> int:
    """The same for one flow whenever its capture is read, others for others, as far as so many bits can tell them."""
    said = "|".join(str(flow.get(key)) for key in ("id", "first", "proto", "src", "sport", "dst", "dport"))
    return int.from_bytes(hashlib.blake2s(said.encode(), digest_size=16).digest(), "big") >> 128 - bits


def there(record: Record) -> Record:
    """Without what is not known."""
    return {key: value for key, value in record.items() if value is not None and value != [] and value != {}}


def header(headers: Record, name: str) -> str | None:
    """The value of an HTTP header; of several the first."""
    found = headers.get(name)
    return found[0] if isinstance(found, list) else found
