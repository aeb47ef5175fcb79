"""The jail of FreeBSD: the caller's user, no new privileges, no tracing, no further process.

procctl(2). Capsicum is no wall here, and is said to be none: in capability mode no file can be opened by its name any
more, and netwatch imports modules, keeps its state and asks sockstat by name while it runs. netwatch was never run on
FreeBSD by those who wrote this.
"""

from __future__ import annotations

import ctypes
import os
import resource
from typing import Protocol

from netwatch.platform.user import become
from netwatch.platform.walls import Grants, Part

P_PID = 0
PROC_TRACE_CTL, PROC_NO_NEW_PRIVS_CTL = 7, 19  # sys/procctl.h
TRACE_DISABLE, NO_NEW_PRIVS_ENABLE = 2, 1


class Library(Protocol):
    """libc, as far as it is called here."""

    def procctl(self, kind: object, number: object, command: int, data: object) -> int: ...


def shut_in(grants: Grants, library: Library | None = None) -> tuple[Part, ...]:
    """Enter. The walls in the order they are raised."""
    parts = []
    if grants.user is not None:
        if grants.capturing:
            parts.append(Part("user", False, "sockstat tells root alone whose sockets others' are"))
        else:
            become(grants.user)
            parts.append(Part("user", True))
    libc = library or ctypes.CDLL(None, use_errno=True)
    parts += [_controlled(libc, "no new privileges", PROC_NO_NEW_PRIVS_CTL, NO_NEW_PRIVS_ENABLE),
              _controlled(libc, "no tracing", PROC_TRACE_CTL, TRACE_DISABLE)]
    if grants.capturing:
        parts.append(Part("processes", False, "sockstat is started again and again to find owners"))
    elif os.geteuid() == 0:
        parts.append(Part("processes", False, "root's are not limited"))
    else:
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
        parts.append(Part("processes", True))
    return (*parts, Part("capsicum", False, "modules and state are opened by name while it runs"))


def _controlled(libc: Library, name: str, command: int, value: int) -> Part:
    try:
        done = libc.procctl(P_PID, ctypes.c_int64(os.getpid()), command, ctypes.byref(ctypes.c_int(value)))
    except AttributeError:
        return Part(name, False, "not in this system's library")
    return Part(name, done == 0, "" if done == 0 else os.strerror(ctypes.get_errno()))
