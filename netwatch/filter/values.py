"""Reading the values of a filter: numbers, sizes, durations, times, addresses and networks, as exact integers.

Every reader gives None for text that is not such a value; saying so to the user is the parser's part. Nothing is
rounded: 1.5KB is 1500, and 0.3 of a byte is a fraction that no whole number equals.
"""
from __future__ import annotations

import re
import socket
from calendar import timegm
from datetime import datetime

from netwatch.schema import Type

SIZES = {"": 1, "b": 1}
for _power, _letter in enumerate("kmgtp", 1):
    SIZES.update({_letter: 1000 ** _power, _letter + "b": 1000 ** _power,
                  _letter + "i": 1024 ** _power, _letter + "ib": 1024 ** _power})
DURATIONS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9,
             "min": 60 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9}
for _unit, _words in {"ms": "msec", "us": "usec", "s": "sec secs second seconds", "min": "mins minute minutes",
                      "h": "hr hrs hour hours", "d": "day days"}.items():
    DURATIONS.update(dict.fromkeys(_words.split(), DURATIONS[_unit]))
SIZES |= {"byte": 1, "bytes": 1}
NUMBER = re.compile(r"([+-]?)([0-9]{1,24})(?:\.([0-9]{1,12}))?(?:/s)?", re.ASCII)
HEX = re.compile(r"0[xX][0-9a-fA-F]{1,16}", re.ASCII)
QUANTITY = re.compile(r"([+-]?[0-9]{1,24}(?:\.[0-9]{1,12})?)([a-zA-Zµμ]{1,7})(/s)?")
TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?"
                  r"(Z|z|[+-]\d\d:?\d\d)?)?", re.ASCII)
MAC = re.compile(r"[0-9a-fA-F]{2}([:-])[0-9a-fA-F]{2}(?:\1[0-9a-fA-F]{2}){4}", re.ASCII)
PARTIAL_IP4 = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){0,2}\.?", re.ASCII)

Ratio = tuple[int, int]                 # numerator, denominator
AddressRange = tuple[bytes, bytes]


def ratio(text: str) -> Ratio | None:
    """A plain number: 12, -3, 1.5, 0x1f."""
    if HEX.fullmatch(text):
        return int(text, 16), 1
    match = NUMBER.fullmatch(text)
    if match is None:
        return None
    sign, whole, part = match[1], match[2], match[3] or ""
    return (-1 if sign == "-" else 1) * int(whole + part), 10 ** len(part)


def quantity(text: str, kind: Type) -> Ratio | None:
    """A number with a unit that the type has, in bytes, bytes per second, nanoseconds, or as a plain count."""
    match = QUANTITY.fullmatch(text)
    if match is None or (match[3] and kind is not Type.RATE):
        return None
    number, unit = ratio(match[1]), match[2]
    if number is None:
        return None
    if kind is Type.DURATION:
        factor = DURATIONS.get(unit)
    elif kind in (Type.BYTES, Type.RATE):
        factor = SIZES.get(unit.lower())
    else:
        factor = None if unit.lower().endswith(("b", "byte", "bytes")) else SIZES.get(unit.lower())
    return None if factor is None else (number[0] * factor, number[1])


def time_span(text: str) -> tuple[int, int] | None:
    """First and last nanosecond since 1970 of the day, minute or second that the text names, UTC unless it says
    otherwise; with a fraction of a second, that very moment."""
    match = TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    numbers = [int(part or 0) for part in (year, month, day, hour, minute, second)]
    try:
        begin = datetime(*numbers)  # type: ignore[arg-type]
    except ValueError:
        return None
    start = timegm(begin.timetuple()) * 10**9
    if zone and zone not in "Zz":
        digits = zone[1:].replace(":", "")
        offset = (int(digits[:2]) * 3600 + int(digits[2:]) * 60) * 10**9
        start += offset if zone[0] == "-" else -offset
    if fraction:
        moment = start + int(fraction.ljust(9, "0"))
        return moment, moment
    length = 86400 if hour is None else 60 if second is None else 1
    return start, start + length * 10**9 - 1


def packed(text: str) -> bytes | None:
    """An address as 4, 16 or 6 (MAC) bytes; IPv6 also in square brackets."""
    if MAC.fullmatch(text):
        return bytes.fromhex(text.replace(":", "").replace("-", ""))
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    try:
        return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)
    except (OSError, ValueError):
        return None


def network(text: str) -> AddressRange | None:
    """First and last address of a network in CIDR notation; bits set behind the prefix are ignored."""
    head, slash, tail = text.partition("/")
    if not slash or not (tail.isascii() and tail.isdigit() and len(tail) <= 3):
        return None
    address = packed(head)
    if address is None or len(address) == 6 or int(tail) > len(address) * 8:
        return None
    return _span(address, int(tail))


def partial(text: str) -> AddressRange | None:
    """The network that one to three leading groups of an IPv4 address mean: 192.168 is 192.168.0.0/16."""
    if not PARTIAL_IP4.fullmatch(text):
        return None
    groups = [int(group) for group in text.rstrip(".").split(".")]
    if max(groups) > 255:
        return None
    return _span(bytes(groups).ljust(4, b"\0"), 8 * len(groups))


def _span(address: bytes, prefix: int) -> AddressRange:
    bits = len(address) * 8
    rest = (1 << (bits - prefix)) - 1
    low = int.from_bytes(address, "big") & ~rest
    return low.to_bytes(len(address), "big"), (low | rest).to_bytes(len(address), "big")


def folded(text: str) -> bytes:
    """The text as UTF-8 with A-Z, and only those, in lower case: what text comparisons compare."""
    return text.encode("utf-8", "replace").lower()
