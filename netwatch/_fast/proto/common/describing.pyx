"""Facts made into the values of a record: what the describing halves of the protocol files share."""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Iterable, Mapping

from netwatch._fast.base.text import clean
from netwatch.model.record import Record

MASK = "***"


def by_key(facts: Iterable[tuple[int, bytes]]) -> dict[int, list[bytes]]:
    """Key to its values, in the order they were learnt."""
    found: dict[int, list[bytes]] = {}
    for key, value in facts:
        if key in found:
            found[key].append(value)
        else:
            found[key] = [value]
    return found


def first_values(facts: Iterable[tuple[int, bytes]]) -> dict[int, bytes]:
    """Key to the value that was learnt first."""
    known: dict[int, bytes] = {}
    for key, value in facts:
        known.setdefault(key, value)
    return known


def text(raw: bytes) -> str:
    shown: str = clean(raw, 255)
    return shown


def number(raw: bytes) -> int:
    """A big-endian number."""
    return int.from_bytes(raw, "big")


def address(raw: bytes) -> str:
    """Canonical text of 4 or 16 address bytes, "" for any other length."""
    import ipaddress  # every start of the program would pay for it otherwise

    return str(ipaddress.ip_address(raw)) if len(raw) in (4, 16) else ""


def mac(raw: bytes) -> str:
    return raw.hex(":")


def _shown(raw: list[bytes], show: Callable[[bytes], object]) -> list[object]:
    """The distinct values that say something."""
    if len(raw) == 1:
        value = show(raw[0])
        return [] if value is None or value == "" else [value]
    return list(dict.fromkeys(value for value in map(show, raw) if value not in ("", None)))


def one_or_all(obj: Record, name: str, known: Mapping[int, list[bytes]], key: int,
               show: Callable[[bytes], object] = text) -> None:
    """Put the values of the key under the name: one as it is, several distinct ones as a list, none not at all."""
    values = _shown(known[key], show) if key in known else None
    if values:
        obj[name] = values[0] if len(values) == 1 else values


def listed(obj: Record, name: str, known: Mapping[int, list[bytes]], key: int,
           show: Callable[[bytes], object] = text) -> None:
    """The same, always as a list."""
    values = _shown(known[key], show) if key in known else None
    if values:
        obj[name] = values


def count(obj: Record, name: str, known: Mapping[int, list[bytes]], key: int) -> None:
    """The newest number under the key, which is kept in native order."""
    if key in known:
        obj[name] = int.from_bytes(known[key][-1], sys.byteorder)


def micros(obj: Record, name: str, known: Mapping[int, list[bytes]], key: int) -> None:
    """The newest time under the key, kept as ns in native order, in microseconds."""
    raw = known.get(key, [b""])[-1]
    if len(raw) == 8:
        obj[name] = struct.unpack("=Q", raw)[0] // 1000


def masked(show_secrets: bool) -> Callable[[bytes], str]:
    """How a secret is shown."""
    return text if show_secrets else lambda raw: MASK


def named(names: Mapping[int, str], unknown: str) -> Callable[[bytes], str]:
    """The name of a number, or `unknown` and the number."""
    return lambda raw: names.get(number(raw)) or f"{unknown} {number(raw)}"


def first(value: object) -> str:
    """The first of one or all, as text for a label."""
    return str(value[0] if isinstance(value, list) else value)
