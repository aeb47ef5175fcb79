"""What systemd is told: that the agent is ready, alive, over (sd_notify(3)). Elsewhere nothing."""

from __future__ import annotations

import contextlib
import os
import socket


class Notify:
    """The socket is connected when this is made: inside the walls no new one is had."""

    def __init__(self) -> None:
        address = os.environ.get("NOTIFY_SOCKET", "")
        self._socket: socket.socket | None = None
        if address[:1] in ("/", "@"):
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.connect("\0" + address[1:] if address[0] == "@" else address)
        microseconds = os.environ.get("WATCHDOG_USEC", "")
        mine = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.watchdog_s = int(microseconds) / 1e6 if microseconds.isdigit() and mine else None

    def tell(self, words: str) -> None:
        """READY=1, WATCHDOG=1, STOPPING=1, STATUS=..."""
        if self._socket is not None:
            with contextlib.suppress(OSError):  # nobody listens any more
                os.write(self._socket.fileno(), words.encode())  # send() is refused inside the walls, write() is not
