"""How times are shown: as they are, in the zone of this machine, since 1970, or since the first or the last one."""

from __future__ import annotations

from collections.abc import Callable

from netwatch.model.record import Record

FORMS = ("iso", "local", "epoch", "relative", "delta")
KEYS = ("time", "first", "last")  # that hold times of frames
SECOND = 10**9


class Clock:
    """Of one output. `start` gives the time of the input's first frame; asked once, when there has been one."""

    def __init__(self, form: str, start: Callable[[], str | None] = lambda: None) -> None:
        self.form = form
        self.start = start
        self._began: int | None = None
        self._before: int | None = None

    def text(self, ns: int) -> str:
        """Of nanoseconds since 1970. All but the dates are seconds with nine decimals."""
        if self.form == "local":
            from datetime import datetime  # every start would pay for it otherwise

            when = datetime.fromtimestamp(ns // SECOND).astimezone().isoformat()
            return f"{when[:19]}.{ns % SECOND:09d}{when[19:]}"
        if self.form == "epoch":
            return _seconds(ns)
        if self.form == "delta":
            before, self._before = self._before, ns
            return _seconds(0 if before is None else ns - before)
        if self._began is None:
            self._began = _nanoseconds(self.start()) or ns
        return _seconds(ns - self._began)

    def again(self, value: object) -> object:
        """The same of a time as records have it."""
        ns = _nanoseconds(value)
        return value if ns is None else self.text(ns)

    def of(self, record: Record) -> Record:
        """A record with its times so."""
        return {key: self.again(value) if key in KEYS else value for key, value in record.items()}


def _seconds(ns: int) -> str:
    sign, whole = ("-", -ns) if ns < 0 else ("", ns)
    return f"{sign}{whole // SECOND}.{whole % SECOND:09d}"


def _nanoseconds(value: object) -> int | None:
    from netwatch.filter.values import time_span

    span = time_span(value) if isinstance(value, str) else None
    return span[0] if span is not None else None
