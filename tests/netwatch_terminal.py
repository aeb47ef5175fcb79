"""The command `netwatch` of this checkout on a terminal of its own, in a folder of its own."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from pathlib import Path

from netwatch_command import COMMAND, ENVIRONMENT


def said_to_a_terminal(*words: str, columns: int = 80, environment: dict[str, str] = ENVIRONMENT,
                       **options: int) -> tuple[int, str]:
    """Exit code, and what a run wrote to a terminal of so many columns, which what is not in `options` is connected
    to."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    connected = {"stdin": theirs, "stdout": theirs, "stderr": theirs, **options}
    with subprocess.Popen([*COMMAND, *words], env=environment, **connected) as process:
        os.close(theirs)
        said = b""
        try:
            while part := os.read(ours, 4096):
                said += part
        except OSError:  # the other end is closed
            pass
        os.close(ours)
        return process.wait(30), said.decode()


class Terminal:
    """120 columns, 40 rows. `with` kills what is left of it."""

    def __init__(self, *words: str, folder: Path, **environment: str) -> None:
        self.master, self._slave = pty.openpty()
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        own = {"XDG_STATE_HOME": str(folder / "state"), "XDG_CONFIG_HOME": str(folder / "config"),
               "NETWATCH_UI_WELCOME": "false"}
        self.process = subprocess.Popen(
            [*COMMAND, *words], cwd=folder, env={**ENVIRONMENT, "TERM": "xterm-256color", **own, **environment},
            stdin=self._slave, stdout=self._slave, stderr=self._slave, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self._slave)

    def send(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def read(self, seconds: float, until: bytes = b"") -> bytes:
        """What was written within `seconds`, or up to `until`."""
        end, got = time.monotonic() + seconds, b""
        while (left := end - time.monotonic()) > 0 and not (until and until in got):
            if select.select([self.master], [], [], left)[0]:
                got += os.read(self.master, 65536)
        return got
