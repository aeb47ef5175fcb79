"""The process between netwatch and its helper: it starts the helper, anew when that was killed, and ends it for sure.

Once netwatch is jailed it can start nothing and send no signal, and the kernel sends none in its name (Landlock), so
that a helper which somebody stopped would stay. The guard stays outside. It reads nothing that anybody sends: that the
line to netwatch hangs up is all it heeds.
"""

from __future__ import annotations

import os
import select
import signal
import traceback
from collections.abc import Callable
from socket import AF_UNIX, SOCK_SEQPACKET, send_fds, socket, socketpair

TRIES = 5  # times that a helper is started anew
GRACE_S = 2.0  # for the helper to end by itself once netwatch has
KILLED = 1  # exit code: it did not

Work = Callable[[socket], None]


def guard(word: socket, line: socket, work: Work) -> int:
    """Start `work` with `line` in a process of its own; for each one after it the other end of a new line is sent by
    `word`. With each goes its number as text. Ends with `word`'s other end, with a helper that ended well, or when it
    has tried enough. The exit code."""
    for again in range(TRIES + 1):
        ours: list[socket] = []
        if again:
            other, line = socketpair(AF_UNIX, SOCK_SEQPACKET)
            ours = [other]
        pid, alive = _started(line, [word, *ours], work)
        line.close()
        try:
            send_fds(word, [str(pid).encode()], [each.fileno() for each in ours])
        except OSError:
            return _ended(pid, alive)  # nobody is there any more
        finally:
            for each in ours:
                each.close()
        if not _outlives(word, alive):
            return _ended(pid, alive)
        os.close(alive)
        if os.waitpid(pid, 0)[1] == 0:
            return 0  # it was done, or left who sends nonsense
    return 0


def _started(line: socket, others: list[socket], work: Work) -> tuple[int, int]:
    """A helper's number, and a descriptor that hangs up when it is no more."""
    alive, held = os.pipe()
    pid = os.fork()
    if pid:
        os.close(held)
        return pid, alive
    code = 1
    try:
        os.close(alive)
        for each in others:
            each.close()
        work(line)
        code = 0
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(code)


def _outlives(word: socket, alive: int) -> bool:
    """Wait for either to end: is it the helper?"""
    both = select.poll()
    both.register(word, 0)
    both.register(alive, 0)
    return word.fileno() not in dict(both.poll())


def _ended(pid: int, alive: int) -> int:
    """Wait for the helper, which sees that its line has hung up, and kill the one that does not go. The exit code."""
    one = select.poll()
    one.register(alive, 0)
    went = bool(one.poll(GRACE_S * 1000))
    if not went:
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return 0 if went else KILLED
