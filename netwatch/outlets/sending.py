"""A thread that sends, and before it a queue that is bounded: the newest find no room and are counted."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable

MOST_BYTES = 8_000_000
LONGEST_S = 60.0


class Sending:
    """`send(batch)` is called in the thread, with at most `most` of what waits; an OSError of its makes it try again
    later, with backoff and jitter. What was sent is forgotten."""

    def __init__(self, name: str, send: Callable[[list[bytes]], None], most: int = 100) -> None:
        self._send, self._most = send, most
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._sent = self._dropped = self._failures = 0
        self._error = ""
        self._ending = False
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, data: bytes) -> None:
        with self._news:
            if self._bytes + len(data) > MOST_BYTES:
                self._dropped += 1
                return
            self._waiting.append(data)
            self._bytes += len(data)
            self._news.notify()

    def close(self, seconds: float = 2.0) -> None:
        """Send what waits, as far as that goes so fast."""
        with self._news:
            self._ending = True
            self._news.notify()
        self._thread.join(seconds)

    def state(self) -> dict[str, int | str]:
        with self._news:
            said: dict[str, int | str] = {"sent": self._sent, "dropped": self._dropped, "waiting": len(self._waiting)}
            return said | ({"error": self._error} if self._error else {})

    def _run(self) -> None:
        while True:
            with self._news:
                while not self._waiting and not self._ending:
                    self._news.wait()
                if not self._waiting:
                    return
                batch = [self._waiting[i] for i in range(min(self._most, len(self._waiting)))]
            try:
                self._send(batch)
            except (OSError, ValueError) as e:
                self._fail(e)
                continue
            with self._news:
                for data in batch:
                    self._waiting.popleft()
                    self._bytes -= len(data)
                self._sent += len(batch)
                self._failures, self._error = 0, ""

    def _fail(self, error: Exception) -> None:
        """Wait: half a second, twice as long each time, anywhere between that and nothing."""
        with self._news:
            self._failures += 1
            self._error = str(error)
            if self._ending:
                self._dropped += len(self._waiting)
                self._waiting.clear()
                return
        pause = random.uniform(0, min(LONGEST_S, 0.5 * 2 ** min(self._failures, 10)))
        until = time.monotonic() + pause
        with self._news:
            while not self._ending and (left := until - time.monotonic()) > 0:
                self._news.wait(left)
