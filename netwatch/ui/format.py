"""Numbers and times as a person reads them: three figures and a unit. Pure functions, no terminal, no locale.

Sizes are decimal (1 kB = 1000 B), because link speeds and byte counters are. Unknown is "", so that the caller decides
how a hole looks; zero is a number and is printed.
"""
from __future__ import annotations

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


def rate(value: float | None) -> str:
    """Bytes per second: 1.2 MB/s. At most nine cells; a true zero is "0"."""
    if value is None:
        return ""
    if value < 0.5:
        return "0"
    return size(value) + "/s"


def bit_rate(bytes_per_s: float) -> str:
    """The speed of a link, in bits: 98.1 Mbit/s."""
    figures, prefix = three_figures(bytes_per_s * 8)
    return f"{figures} {prefix}bit/s"


def micros(value: float | None, ascii_only: bool = False) -> str:
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


def clock(ns: int) -> str:
    """The time of day of a packet clock in nanoseconds, UTC: 03:04:05."""
    seconds = ns // 1_000_000_000 % 86400
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
