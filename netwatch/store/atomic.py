"""A file or a folder that is there whole or not at all: written under another name, given its own when it is done.

The process that writes it may be jailed by then, where it can rename nothing: a child, forked before, does it when it
is told. When the writer dies the child is told nothing, and removes what there is.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import stat
from collections.abc import Callable
from pathlib import Path
from typing import IO

from netwatch.store import files
from netwatch.store.folders import caller

KEEP, DONE, FAILED = b"k", b"\0", b"\1"


class Whole:
    """What is written at `made` until keep(). Make it before there are threads."""

    def __init__(self, path: str, make: Callable[[str], None], name: Callable[[str, str], None],
                 remove: Callable[[str], None]) -> None:
        """`make` makes it, `name` gives it its name and `remove` removes it, all of them as the caller. Raises
        OSError."""
        self.path = path
        folder, own = os.path.split(path.rstrip(os.sep))
        made = os.path.join(folder, f".{own[:200]}.{os.getpid()}.part")
        self.made = Path(made)
        with files.as_caller():
            files.refuse_shared(Path(folder))
            make(made)
        ours, theirs = os.pipe2(os.O_CLOEXEC), os.pipe2(os.O_CLOEXEC)
        self._child = os.fork()
        if self._child == 0:
            _wait(ours[0], theirs[1], lambda: _named(made, path, name, remove), lambda: remove(made))
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
        """There shall be no such thing, unless keep() was called. May be called again."""
        if self._order < 0:
            return
        os.close(self._order)
        self._order = -1
        os.close(self._answer)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._child, 0)


class WholeFile(Whole):
    """Opened for writing at `fd`, which its user closes; mode 0600, the caller's.

    An existing regular file is replaced by keep() with `force`, refused otherwise; a link, and what is no file, always.
    So is that of the name `beside`, which tells of the file that was there: keep() removes it.
    """

    def __init__(self, path: str, force: bool = False, beside: str = "") -> None:
        """Raises OSError, which has the name of what is in the way."""
        def make(made: str) -> None:
            _refuse(path, force)
            if beside:
                _refuse(beside, force)
            self.fd = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)

        def name(made: str, path: str) -> None:
            if beside:
                _refuse(beside, force)
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(beside)  # first: it would tell lies of the new file
            (os.rename if force else _link)(made, path)

        super().__init__(path, make, name, os.unlink)


class WholeFolder(Whole):
    """A new folder, mode 0700; what there is of that name is refused. `fd` is open on it, whatever becomes of its name,
    until it is kept or dropped."""

    def __init__(self, path: str) -> None:
        """Raises OSError."""
        def make(made: str) -> None:
            if os.path.lexists(path):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
            os.mkdir(made, 0o700)
            self.fd = os.open(made, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            if os.fstat(self.fd).st_uid != caller():
                raise PermissionError(errno.EPERM, "somebody put another folder in its place", path)

        def name(made: str, path: str) -> None:
            if os.path.lexists(path):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
            os.rename(made, path)

        super().__init__(path, make, name, shutil.rmtree)

    def new_file(self, name: str) -> IO[bytes]:
        """A new file in it: mode 0600, the caller's. Raises OSError."""
        with files.as_caller():
            return open(name, "xb", opener=self._open)

    def drop(self) -> None:
        super().drop()
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def _open(self, name: str, flags: int) -> int:
        return os.open(name, flags | os.O_NOFOLLOW, 0o600, dir_fd=self.fd)


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


def _wait(order: int, answer: int, named: Callable[[], bytes], remove: Callable[[], None]) -> None:
    """The child's part: it does not return. It holds no descriptor but its pipes, so that nobody waits for it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # whoever writes is told, and tells us
    try:
        low, high = sorted((order, answer))
        os.closerange(0, low)
        os.closerange(low + 1, high)
        os.closerange(high + 1, 65536)
        with files.as_caller():
            if os.read(order, 1) == KEEP:
                os.write(answer, named())
            else:
                remove()
    finally:
        os._exit(0)


def _named(made: str, path: str, name: Callable[[str, str], None], remove: Callable[[str], None]) -> bytes:
    try:
        name(made, path)
    except OSError as e:
        with contextlib.suppress(OSError):
            remove(made)
        return FAILED + (e.errno or errno.EIO).to_bytes(4, "little")
    return DONE


def _link(made: str, path: str) -> None:
    """Give it its name as a link, which refuses what is there, as a rename does not. Where no links can be, a rename
    after a look."""
    try:
        os.link(made, path, follow_symlinks=False)
    except OSError as e:
        if e.errno not in (errno.EPERM, errno.EOPNOTSUPP) or os.path.lexists(path):
            raise
        os.rename(made, path)
    else:
        os.unlink(made)
