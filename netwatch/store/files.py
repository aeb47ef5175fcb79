"""How a user's own files are read and written. Under sudo as the user who called, with no right of root's.

So a link, or a name given on the command line, leads nowhere the caller could not go alone; what is written belongs to
them. A process of root's without sudo follows no link in a folder that others can write to. Neither writes where every
user could exchange what is written.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from netwatch.store.folders import account, caller

MOST = 1 << 20  # bytes of a file of the user's that are read


@contextlib.contextmanager
def open_regular(path: Path) -> Iterator[BinaryIO]:
    """A regular file for reading, opened as the caller; a pipe keeps nobody waiting. Raises OSError."""
    with contextlib.ExitStack() as opened:
        with as_caller():
            file = opened.enter_context(open(path, "rb", opener=lambda _name, _flags: _opened(path)))
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        yield file


def read_bytes(path: Path, most: int = MOST) -> bytes:
    """All of a regular file that belongs to the caller or to root. Raises OSError, also for one that is larger."""
    with open_regular(path) as file:
        about = os.fstat(file.fileno())
        if about.st_uid not in (caller(), 0):
            raise PermissionError(errno.EPERM, "it belongs neither to you nor to root", str(path))
        if about.st_uid != caller() and not about.st_mode & stat.S_IROTH:
            raise _error(errno.EACCES, path)  # our groups may still be root's
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"larger than {most >> 20} MiB", str(path))
    return data


def read_text(path: Path, most: int = MOST) -> str:
    """As read_bytes(). Raises UnicodeDecodeError too."""
    return read_bytes(path, most).decode()


def write_text(path: Path, text: str) -> None:
    """Put a text in place of a file at one stroke: mode 0600, the caller's, folders made as needed. Raises OSError."""
    with as_caller():
        path = Path(os.path.realpath(path)) if _follows(path) else path
        make_folder(path.parent)
        import tempfile

        number, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        try:
            with open(number, "w", encoding="utf-8", errors="replace") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise


def new_file(name: str) -> int:
    """A descriptor of a new file in the working folder: mode 0600, the caller's. Raises OSError, also when one of that
    name is there, be it a link."""
    with as_caller():
        refuse_shared(Path.cwd())
        return os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def make_folder(folder: Path) -> None:
    """The folder and those above it that are missing, for their owner alone. Raises OSError."""
    refuse_shared(folder)
    for each in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        each.mkdir(mode=0o700)


def refuse_shared(folder: Path) -> None:
    """Raises PermissionError, for root and under sudo, where every user could exchange what is written: the folder or
    one above it is open to all and not sticky."""
    if sys.platform == "win32" or 0 not in (os.getuid(), os.geteuid()):
        return
    place = Path(os.path.realpath(folder))
    for each in (place, *place.parents):
        with contextlib.suppress(FileNotFoundError):
            mode = each.stat().st_mode
            if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
                raise PermissionError(errno.EPERM, f"every user may exchange files in {each}: chmod o-w, or +t",
                                      str(folder))


def is_there(path: Path, *, folder: bool = False) -> bool:
    """Is it, as a `folder`, for all that the caller may see? What may not be looked at is not."""
    with contextlib.suppress(OSError), as_caller():
        mode = os.stat(path).st_mode
        return stat.S_ISDIR(mode) or not folder
    return False


def listed(folder: Path, pattern: str) -> list[Path]:
    """What the caller sees in a folder, by name; nothing where it is none, or may not be looked at."""
    with contextlib.suppress(OSError), as_caller():
        return sorted(folder.glob(pattern)) if os.path.isdir(folder) else []
    return []


@contextlib.contextmanager
def as_caller() -> Iterator[None]:
    """Files are opened and made with the rights of the user who called by sudo; on Linux by this thread alone. Raises
    PermissionError where that cannot be."""
    uid, own = caller(), (os.geteuid(), os.getegid())
    about = account(uid) if uid != own[0] else None
    if about is None:
        yield
        return
    try:
        _become(uid, about[0])
        yield
    finally:
        _become(*own)


def _become(uid: int, gid: int) -> None:
    """Linux: setfsuid(2), which also takes or gives back the capabilities that files heed."""
    if sys.platform != "linux":
        os.seteuid(0)
        os.setegid(gid)
        os.seteuid(uid)
        return
    import ctypes

    libc = ctypes.CDLL(None)
    for change, number in ((libc.setfsgid, gid), (libc.setfsuid, uid)):
        change(ctypes.c_uint32(number))
        if change(ctypes.c_uint32(0xFFFFFFFF)) & 0xFFFFFFFF != number:  # what is in force; failure is silent
            raise PermissionError(errno.EPERM, f"files cannot be opened as user {uid}")


def _opened(path: Path) -> int:
    """A descriptor; what would make us wait (a pipe) does not."""
    links = 0 if _follows(path) else os.O_NOFOLLOW
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY | links)


def _follows(path: Path) -> bool:
    """May a link of that name be followed? By root itself only in a folder where nobody else can put one."""
    if os.geteuid() != 0 or caller() != 0:
        return True
    try:
        about = path.parent.stat()
    except OSError:
        return False
    return about.st_uid == 0 and not about.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _error(number: int, path: Path) -> OSError:
    return OSError(number, os.strerror(number), str(path))
