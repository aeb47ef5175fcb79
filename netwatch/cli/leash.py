"""What ends a program and removes a folder once netwatch is gone, however it went; netwatch may be jailed by then.

A process of its own, forked before the jail: it waits for a pipe to shut, which the kernel does for whoever is killed.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal

PATIENCE_MS = 5000  # for the program to end when it is told to
FDS_MOST = 65_536


class Leash:
    """Holds a program that was started from here. Make it before there are threads."""

    def __init__(self, pid: int, folder: str | None = None) -> None:
        waits, self._hand = os.pipe2(os.O_CLOEXEC)
        program = os.pidfd_open(pid)  # a number may be another's by then
        self._child = os.fork()
        if self._child == 0:
            _wait(waits, program, folder)
        os.close(waits)
        os.close(program)

    def let_go(self) -> None:
        """End the program, if it has not ended, and remove the folder. May be called again."""
        if self._hand < 0:
            return
        os.close(self._hand)
        self._hand = -1
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._child, 0)


def _wait(waits: int, program: int, folder: str | None) -> None:
    """The child's part: it does not return. It holds two descriptors, so that nobody waits for it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    try:
        low, high = sorted((waits, program))
        os.closerange(0, low)
        os.closerange(low + 1, high)
        os.closerange(high + 1, FDS_MOST)
        os.read(waits, 1)
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(program, signal.SIGTERM)
            ended = select.poll()
            ended.register(program, select.POLLIN)
            ended.poll(PATIENCE_MS)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os._exit(0)
