"""A file that is there whole or not at all: written under another name, and given its own when it is done.

The process that writes it may be jailed by then, where it can rename nothing: a child, forked before, does it when it
is told. When the writer dies the child is told nothing, and removes what there is.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import stat

from netwatch.store import files

KEEP, DONE, FAILED = b"k", b"\0", b"\1"


class WholeFile:
    """Opened for writing at `fd`, which its user closes; mode 0600, the caller's. Make it before there are threads.

    An existing regular file is replaced by keep() with `force`, refused otherwise; a link, and what is no file, always.
    """

    def __init__(self, path: str, force: bool = False) -> None:
        """Raises OSError."""
        self.path = path
        with files.as_caller():
            _refuse(path, force)
            folder, name = os.path.split(path)
            self._made = os.path.join(folder, f".{name[:200]}.{os.getpid()}.part")
            self.fd = os.open(self._made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        ours, theirs = os.pipe2(os.O_CLOEXEC), os.pipe2(os.O_CLOEXEC)
        self._child = os.fork()
        if self._child == 0:
            _wait(ours, theirs[1], self._made, path, force)
        os.close(ours[0])
        os.close(theirs[1])
        self._order, self._answer = ours[1], theirs[0]

    def keep(self) -> None:
        """It is whole. Raises OSError where it cannot be given its name."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._order, KEEP)
        answer = os.read(self._answer, 5)
        self.drop()
        if answer[:1] != DONE:
            number = int.from_bytes(answer[1:], "little") or errno.EIO
            raise OSError(number, os.strerror(number), self.path)

    def drop(self) -> None:
        """There shall be no such file, unless keep() was called. May be called again."""
        if self._order < 0:
            return
        os.close(self._order)
        self._order = -1
        os.close(self._answer)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._child, 0)


def _refuse(path: str, force: bool) -> None:
    """Raises OSError for what is in the way."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISLNK(mode):
        raise OSError(errno.ELOOP, "is a symbolic link", path)
    if not stat.S_ISREG(mode):
        raise FileExistsError(errno.EEXIST, "is there and is no regular file", path)
    if not force:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)


def _wait(ours: tuple[int, int], answer: int, made: str, path: str, force: bool) -> None:
    """The child's part: it does not return. It holds no descriptor but its pipes, so that nobody waits for it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # whoever writes is told, and tells us
    try:
        os.closerange(0, min(ours[0], answer))
        low, high = sorted((ours[0], answer))
        os.closerange(low + 1, high)
        os.closerange(high + 1, 65536)
        with files.as_caller():
            if os.read(ours[0], 1) == KEEP:
                os.write(answer, _named(made, path, force))
            else:
                os.unlink(made)
    finally:
        os._exit(0)


def _named(made: str, path: str, force: bool) -> bytes:
    try:
        if force or not _linked(made, path):
            os.rename(made, path)
    except OSError as e:
        with contextlib.suppress(OSError):
            os.unlink(made)
        return FAILED + (e.errno or errno.EIO).to_bytes(4, "little")
    return DONE


def _linked(made: str, path: str) -> bool:
    """Give it its name as a link, which refuses what is there, as a rename does not. False where no links can be."""
    try:
        os.link(made, path, follow_symlinks=False)
    except OSError as e:
        if e.errno not in (errno.EPERM, errno.EOPNOTSUPP) or os.path.lexists(path):
            raise
        return False
    os.unlink(made)
    return True
