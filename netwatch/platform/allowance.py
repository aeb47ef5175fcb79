"""How often something may be done for somebody who is not trusted."""

from __future__ import annotations

import time


class Allowance:
    """`burst` times at once, then one each `every_s` seconds, and `most` times at all."""

    def __init__(self, burst: int, every_s: float, most: int) -> None:
        self._burst, self._every, self._left = burst, every_s, most
        self._now, self._filled = float(burst), time.monotonic()

    def refusal(self) -> str:
        """"" and it is counted; or why not."""
        now = time.monotonic()
        self._now = min(self._burst, self._now + (now - self._filled) / self._every)
        self._filled = now
        if not self._left:
            return "no more are allowed of one run: start netwatch anew"
        if self._now < 1:
            return f"too many at a time: the next in {(1 - self._now) * self._every:.0f} s"
        self._now, self._left = self._now - 1, self._left - 1
        return ""
