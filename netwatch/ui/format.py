"""Numbers and times as a person reads them: three figures and a unit. Pure functions, no terminal, no locale.

Sizes are decimal (1 kB = 1000 B), because link speeds and byte counters are. Unknown is "", so that the caller decides
how a hole looks; zero is a number and is printed.
"""
from __future__ import annotations

from datetime import UTC, datetime

_STEPS = ("", "k", "M", "G", "T", "P", "E")


def three_figures(value: float) -> tuple[str, str]:
    """(figures, prefix): 1234567 is ("1.2", "M"). The figures take at most four cells."""
    negative = value < 0
    value = abs(value)
    step = 0
    while step < len(_STEPS) - 1 and round(value, 1 if value < 99.95 and step else 0) >= 1000:
        value /= 1000
        step += 1
    digits = f"{value:.1f}" if step and value < 99.95 else f"{value:.0f}"
    return ("-" if negative else "") + digits, _STEPS[step]


def count(value: int) -> str:
    """A whole number with its thousands marked: 1,234,567."""
    return f"{value:,}"


def short_count(value: float) -> str:
    """A number in at most five cells: 12.3k."""
    return "".join(three_figures(value))


def size(value: float | None) -> str:
    """Bytes: 999 B, 1.2 kB, 123 MB. At most seven cells."""
    if value is None:
        return ""
    figures, prefix = three_figures(value)
    return f"{figures} {prefix}B"


class _Units:
    """Of rates."""

    bits = False


_units = _Units()


def use_bits(bits: bool) -> None:
    """Rates are bits per second from now on, or bytes."""
    _units.bits = bits


def counted_twice(carried: int, room: int = 80) -> str:
    """What sums over flows say of those that travel inside others; "" where there are none. `room`: cells for it."""
    told = f"{size(carried)} inside tunnels, whose own flows count it too"
    return "" if not carried else told if len(told) <= room else f"{size(carried)} in tunnels, twice"


def rate(value: float | None, *, per_second: bool = True) -> str:
    """So many bytes per second: 1.2 MB/s, or 9.6 Mb/s where bits are wanted. At most nine cells; a true zero is "0".
    `per_second`: with the /s, which a column that has it in its head spares."""
    if value is None:
        return ""
    if value < 0.5:
        return "0"
    if _units.bits:
        figures, prefix = three_figures(value * 8)
        text = f"{figures} {prefix}b"
    else:
        text = size(value)
    return text + "/s" * per_second


def bit_rate(bytes_per_s: float) -> str:
    """The speed of a link, always in bits: 98.1 Mbit/s."""
    figures, prefix = three_figures(bytes_per_s * 8)
    return f"{figures} {prefix}bit/s"


def micros(value: float | None, ascii_only: bool) -> str:
    """A short time given in microseconds: 850 µs, 3.2 ms, 29 ms, 1.3 s. At most seven cells."""
    if value is None:
        return ""
    if value < 999.5:
        return f"{value:.0f} {'us' if ascii_only else 'µs'}"
    for limit, scale, unit in ((999_500, 1e3, "ms"), (99_950_000, 1e6, "s")):
        if value < limit:
            scaled = value / scale
            return f"{scaled:.1f} {unit}" if scaled < 99.95 else f"{scaled:.0f} {unit}"
    return age(value / 1e6)


def age(seconds: float | None) -> str:
    """A long time: 0.3s, 12s, 3m04s, 2h05m, 3d04h. At most six cells below 100,000 days."""
    if seconds is None:
        return ""
    if seconds < 9.95:
        return f"{max(0.0, seconds):.1f}s"
    whole = int(seconds + 0.5)
    if whole < 60:
        return f"{whole}s"
    for big, small, names in ((60, 1, "ms"), (3600, 60, "hm"), (86400, 3600, "dh")):
        if whole < big * (60 if big == 60 else 24) or big == 86400:
            if whole >= 100 * 86400:
                return f"{whole // 86400}d"
            return f"{whole // big}{names[0]}{whole % big // small:02d}{names[1]}"
    raise AssertionError("unreachable")


def endpoint(host: str, port: int | None) -> str:
    """host:port, IPv6 addresses in brackets; only the host when the protocol has no ports."""
    if port is None:
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class _Zone:
    """Where the person sits: the system's zone, or UTC when that was asked for."""

    utc = False

    def moment(self, ns: int) -> datetime:
        at = datetime.fromtimestamp(ns // 1_000_000_000, UTC)
        return at if self.utc else at.astimezone()


_zone = _Zone()


def show_utc(utc: bool) -> None:
    """Times of day are UTC from now on, or the system's own."""
    _zone.utc = utc


NO_TIME = "no time"                # of a frame that a capture gives none, and what is made of such; its clock is 0


def clock(ns: int, digits: int = 0) -> str:
    """The time of day of a packet clock in nanoseconds, with so many digits of the second: 03:04:05.678."""
    if not ns:
        return NO_TIME
    text = f"{_zone.moment(ns):%H:%M:%S}"
    return text + (f".{ns % 1_000_000_000:09d}"[:1 + digits] if digits else "")


def zone(ns: int) -> str:
    """The offset of such a time: UTC, +01:00; "" where there is none."""
    if not ns:
        return ""
    offset = f"{_zone.moment(ns):%z}"
    return "UTC" if offset == "+0000" else f"{offset[:3]}:{offset[3:]}"


def moment(ns: int) -> str:
    """Its date and time of day."""
    return NO_TIME if not ns else f"{day(ns)} {clock(ns)} {zone(ns)}"


def day(ns: int) -> str:
    """Its date: 2026-11-29; "" where there is no time."""
    return "" if not ns else f"{_zone.moment(ns):%Y-%m-%d}"


def at_time_of(now: int, seconds: int, date: str = "", utc: bool = False) -> int:
    """The packet time, ns, of so many seconds after midnight on a date, or on the day of `now`; where the person sits.
    Raises ValueError."""
    zone_of = UTC if utc or _zone.utc else None
    there = datetime.fromisoformat(date) if date else datetime.fromtimestamp(now // 1_000_000_000, zone_of)
    midnight = there.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=zone_of)
    return int(midnight.replace(hour=seconds // 3600, minute=seconds // 60 % 60, second=seconds % 60).timestamp()) * \
        1_000_000_000


def nanoseconds(text: str) -> int | None:
    """Of a time as records have it, None for what is none."""
    try:
        return int(datetime.fromisoformat(text[:26].rstrip("Z") + "+00:00").timestamp()) * 1_000_000_000 + \
            int(text[20:].rstrip("Z").ljust(9, "0")[:9] or 0)
    except ValueError:
        return None


def local_time(text: str) -> str:
    """A time as records have it, where the person sits: 2026-11-29 03:04:05.678901."""
    ns = nanoseconds(text)
    return text if ns is None else f"{day(ns)} {clock(ns, 6)} {zone(ns)}"
