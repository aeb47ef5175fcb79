"""What ends a program and removes a folder once netwatch is gone, however it went; netwatch may be jailed by then.

A process of its own, forked before the jail: it waits for a socket to shut, which the kernel does for who is killed.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import time
from socket import SHUT_RDWR, recv_fds, send_fds, socketpair
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socket import socket

PATIENCE_MS = 5000  # for the program to end when it is told to; then it is killed
ENDS_S = 2 * PATIENCE_MS / 1000 + 1  # so long the guard may take; after that it stands still itself
FDS_MOST = 65_536


class Leash:
    """Make it before there are threads. It removes `folder`, and ends what it holds."""

    def __init__(self, folder: str | None = None) -> None:
        self._hand, waits = socketpair()
        self._child = os.fork()
        if self._child == 0:
            _wait(waits, folder)
        waits.close()

    def hold(self, pid: int) -> None:
        """A program that was started from here, and was not waited for yet."""
        program = os.pidfd_open(pid)  # a number may be another's by then
        try:
            send_fds(self._hand, [b"p"], [program])
        finally:
            os.close(program)

    def let_go(self) -> None:
        """End the program, if it has not ended, and remove the folder. May be called again."""
        if self._hand.fileno() < 0:
            return
        with contextlib.suppress(OSError):
            self._hand.shutdown(SHUT_RDWR)  # whoever else has a copy of it
        self._hand.close()
        until = time.monotonic() + ENDS_S
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(self._child, os.WNOHANG)[0] == 0 and time.monotonic() < until:
                time.sleep(0.002)


def _wait(waits: socket, folder: str | None) -> None:
    """The child's part: it does not return. It holds no other descriptor, so that nobody waits for it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    try:
        os.closerange(0, waits.fileno())
        os.closerange(waits.fileno() + 1, FDS_MOST)
        programs: list[int] = []
        said = b"p"
        while said:
            said, fds, _, _ = recv_fds(waits, 1, 1)
            programs += fds
        for program in programs:
            _end(program)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os._exit(0)


def _end(program: int) -> None:
    """Ask it to end; kill it where it does not."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(program, number)
            ended = select.poll()
            ended.register(program, select.POLLIN)
            if ended.poll(PATIENCE_MS):
                return
