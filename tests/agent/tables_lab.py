"""What `netwatch feed --tables` would send of a capture file that is taken for live."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from netwatch.addons.history import History
from netwatch.capture.file import open_files
from netwatch.history.wire import Outlet
from netwatch.model.contract import Purpose
from netwatch.run.replay import Player
from netwatch.run.session import Session


class Sent:
    """The stream, and the session that it came of."""

    def __init__(self, path: Path) -> None:
        self.stream = b""
        reading, writing = os.pipe()
        self._taker = threading.Thread(target=self._take, args=(reading,))
        self._taker.start()
        self.outlet = Outlet(writing)
        self.session = Waiting(path, self.outlet)
        self.session.start()
        ends = time.monotonic() + 30
        while not self.session.health().done and time.monotonic() < ends:
            time.sleep(0.01)
        self.outlet.close(20)
        self._taker.join()

    def _take(self, descriptor: int) -> None:
        while more := os.read(descriptor, 65536):
            self.stream += more
        os.close(descriptor)


class Waiting(Session):
    """Goes on when what was put down has gone out, as seconds of a live capture do."""

    def __init__(self, path: Path, outlet: Outlet) -> None:
        super().__init__(Purpose(label=path.name, live=True), lambda: open_files([str(path)]),
                         given=lambda: [History(outlet)])
        self.player = Player(None)
        self._outlet = outlet

    def _take(self, count: int) -> object:
        while self._outlet.busy and self._outlet.error is None:
            time.sleep(0.001)
        return super()._take(count)


def fed(path: Path) -> bytes:
    """The stream alone."""
    sent = Sent(path)
    sent.session.stop()
    return sent.stream
