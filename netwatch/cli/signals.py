"""The signals that end a command, which then says what is known so far."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

STOPS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


Handler = Callable[[int, FrameType | None], object]


def take(handler: Handler) -> dict[int, Handler | int | None]:
    """They go to this handler from now on, but for those that whoever started netwatch had ignored, as nohup does.
    What they went to before."""
    return {number: signal.signal(number, handler) for number in STOPS
            if signal.getsignal(number) is not signal.SIG_IGN}


@contextlib.contextmanager
def stopped_by(handler: Handler) -> Iterator[None]:
    """They go there meanwhile."""
    old = take(handler)
    try:
        yield
    finally:
        put_back(old)


def put_back(old: dict[int, Handler | int | None]) -> None:
    for number, before in old.items():
        signal.signal(number, before)
