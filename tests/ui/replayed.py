"""A real session on a capture file, read to its end, whose own cost never changes: what screens can be compared on."""
from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from netwatch.addons.insights import Insights
from netwatch.capture.file import open_files
from netwatch.model.contract import Purpose
from netwatch.model.host import Host
from netwatch.model.session import Health
from netwatch.run.session import Session
from netwatch.store.settings import Settings

HERE = Path(__file__).resolve().parent.parent / "captures"


class Replayed(Session):
    """`name`: a capture of tests/captures. stop() it."""

    extra = 0                          # ticks, which a driver counts

    def __init__(self, name: str, *more: str, label: str = "", host: Host | None = None,
                 settings: Settings | None = None, asked: bool = True) -> None:
        """`more`: captures that are read with it, as one. `asked`: for Insights, as a terminal does all the time; its
        cards are counted in the status line."""
        super().__init__(Purpose(label=label or name),
                         lambda: open_files([str(HERE / each) for each in (name, *more)]), host=host,
                         settings=settings)
        self.start()
        ends = time.monotonic() + 30
        while not super().health().done:
            assert time.monotonic() < ends, "the file is not read to its end"
            time.sleep(0.01)
        if asked:
            self.ask(Insights())

    def health(self) -> Health:
        return replace(super().health(), cpu_percent=3.0, rss_bytes=61_000_000)
