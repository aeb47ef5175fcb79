"""What must not succeed inside the jail, each as one system call that does no harm where it does succeed.

A call that seccomp refuses is made with arguments that mean nothing: let through, it fails with another error than
EPERM. Files and folders are opened for real, and shut again.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Iterator
from typing import NamedTuple

from netwatch.platform.linux.confine import CALLS, IOCTL, MACHINES, TIOCSTI

Argument = int | bytes
AT_FDCWD = -100
OPENAT, CAPSET = (257, 56), (126, 91)
NET_RAW = 1 << 13
INVALID: dict[str, tuple[Argument, ...]] = {  # where -1 for every argument would be refused for another reason
    "socket": (2, 0, 0), "clone": (0x20200, 0, 0, 0, 0), "unshare": (1,), "ioctl": (-1, TIOCSTI, 0)}
UNTRIED = ("fork", "vfork")  # they have no argument that could be wrong; clone stands for them


class Act(NamedTuple):
    """`by`: the wall that is there to stop it; `call`: the name in confine.CALLS of one that seccomp stops."""

    name: str
    by: str
    number: int
    arguments: tuple[Argument, ...]
    call: str = ""


def acts() -> list[Act]:
    """All of them, for this machine, of files that are there now; none where its calls are not known."""
    column = MACHINES.get(os.uname().machine, (-1, 0))[0]
    return [] if column < 0 else [*_on_files(OPENAT[column]), *_on_the_system(column)]


def attempt(number: int, arguments: tuple[Argument, ...]) -> int:
    """Make the call in this thread; 0 where it succeeded, else what was wrong."""
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(number, *(ctypes.c_long(each) if isinstance(each, int) else each for each in arguments))
    if got >= 0 and number in OPENAT:
        os.close(got)
    return ctypes.get_errno() if got < 0 else 0


def denied(error: int) -> bool:
    """Was it refused? ENOSYS is how clone3 is, so that libc takes clone."""
    return error in (errno.EPERM, errno.EACCES, errno.ENOSYS)


def _on_files(openat: int) -> Iterator[Act]:
    home = os.path.expanduser("~").encode()
    keys = [home + name for name in (b"/.ssh", b"/.gnupg", b"/.netrc", b"/.aws", b"/.bash_history")]
    for path in filter(os.path.exists, (
            b"/etc/shadow", b"/etc/passwd", home, *keys, b"/root", b"/var/log", b"/tmp", b"/sys/kernel",
            *(b"/proc/%d/%s" % (os.getppid(), name) for name in (b"mem", b"environ", b"maps")))):
        yield Act(f"open {path.decode(errors='replace')}", "landlock", openat, (AT_FDCWD, path, os.O_RDONLY, 0))
    for path in (b"/tmp", home, b"/usr", b"/var/tmp", b"/dev/shm"):
        yield Act(f"write into {path.decode(errors='replace')}", "landlock", openat,
                  (AT_FDCWD, path, os.O_WRONLY | os.O_TMPFILE, 0o600))
    yield Act("change /etc/passwd", "landlock", openat, (AT_FDCWD, b"/etc/passwd", os.O_WRONLY | os.O_APPEND, 0))


def _on_the_system(column: int) -> Iterator[Act]:
    for name, numbers in CALLS.items():
        if numbers[column] and name not in UNTRIED:
            told = "type into the terminal" if name in IOCTL else "signal another process" if name == "kill" else name
            other = (os.getppid(), 0) if name == "kill" else INVALID.get(name, (-1,) * 5)
            yield Act(told, "seccomp", numbers[column], other, name)
    wanted = struct.pack("=IIIIII", NET_RAW, NET_RAW, 0, 0, 0, 0)
    yield Act("take a capability", "capabilities", CAPSET[column], (struct.pack("=Ii", 0x20080522, 0), wanted))
