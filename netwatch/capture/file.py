"""Opening capture files: which format is this, is it readable, and what to say when it is not.

The formats themselves are read in netwatch/_fast/input (savefile.pyx, pcapng.pyx, snoop.pyx); several files are merged
there.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from collections.abc import Callable

from netwatch._fast.input.merge import Merge
from netwatch._fast.input.pcapng import Pcapng
from netwatch._fast.input.savefile import Pcap
from netwatch._fast.input.snoop import Snoop
from netwatch._fast.input.source import Source, SourceDenied, SourceError, SourceMissing
from netwatch.capture.unpack import Joined, unpacker_for

HEAD = 32  # bytes that tell a format, and hold all of a pcap file header
TAR_HEAD, TAR_MAGIC = 262, b"ustar"  # bytes up to the end of the magic, POSIX.1-1988 ustar
PCAP_MAGICS = tuple(bytes.fromhex(m) for m in ("a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1", "a1b2cd34", "34cdb2a1"))
PCAPNG_MAGIC = b"\n\r\r\n"
RECORDED = re.compile(r"netwatch-\d{8}-\d{6}-(\d{6,})\.pcapng")  # see recorder/rotation.py
SNOOP_MAGIC = b"snoop\0\0\0"

__all__ = ["RECORDED", "SourceError", "open_descriptor", "open_files", "open_savefile"]


def open_files(paths: list[str], named: bool = False) -> Source:
    """One capture of all the files, in time order; "-" is standard input. `named`: records say which file they are from
    also where there is but one. Raises SourceError, of the first that is not there or may not be read; those that are
    no captures are damage of the whole, unless none is one."""
    sources: list[Source] = []
    labels: list[str] = []
    faults: list[SourceError] = []
    try:
        for path in paths:
            try:
                sources.append(open_savefile(path))
                labels.append(shown(path))
            except (SourceMissing, SourceDenied):
                raise
            except SourceError as e:
                faults.append(e)
        if not sources:
            raise faults[0]
    except BaseException:
        for source in sources:
            source.close()
        raise
    return sources[0] if len(paths) == 1 and not named else Merge(sources, labels, "; ".join(map(str, faults)))


def open_savefile(path: str) -> Source:
    """A pcap, pcapng or snoop file, perhaps compressed, or a folder that `netwatch record` filled, whose files are one.
    Raises a SourceError: one line that begins with the path."""
    name = shown(path)
    if os.path.isdir(path):
        return _open_folder(path, name)
    return open_descriptor(_open(path, name), name)


def open_descriptor(fd: int, name: str) -> Source:
    """What comes from a descriptor, which is ours from now on; `name` stands for it in errors. Raises SourceError."""
    try:
        return _source(fd, name)
    except SourceError:
        os.close(fd)
        raise
    except OSError as e:
        os.close(fd)
        raise _failure(e, name) from None


def _open_folder(path: str, name: str) -> Source:
    """What was recorded into it, in order. All is opened now: a jail may follow."""
    opened: list[int] = []
    strange: list[str] = []
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        found = [each for each in os.listdir(path) if RECORDED.fullmatch(each)]
        for each in sorted(found, key=lambda each: (each.split("-")[1:3], len(each), each)):
            if not stat.S_ISREG(os.lstat(os.path.join(path, each)).st_mode):
                strange.append(each)
                continue
            opened.append(os.open(os.path.join(path, each), flags))
            if not stat.S_ISREG(os.fstat(opened[-1]).st_mode):
                raise OSError(errno.EINVAL, f"{each} is not a regular file")
    except OSError as e:
        for number in opened:
            os.close(number)
        raise _failure(e, name) from None
    if strange and not opened:
        raise SourceError(f"{name}: {shown(strange[0])} is not a regular file")
    if not opened:
        raise SourceMissing(f"{name}: is a directory, not a capture file, and nothing was recorded into it")
    size = sum(os.fstat(number).st_size for number in opened)
    joined = Joined(opened)
    head = _first(joined.read, HEAD)
    if head[:4] != PCAPNG_MAGIC:
        raise SourceError(f"{name}: its first file is not pcapng")
    source = Pcapng(os.dup(opened[0]) if opened else os.open(os.devnull, os.O_RDONLY), name, head, size, False, joined)
    if not strange:
        return source
    what = f"{shown(strange[0])}{f' and {len(strange) - 1} more' if strange[1:] else ''}"
    return Merge([source], [name], f"{name}: {what}: left out, no regular file")


def shown(path: str) -> str:
    """The path as it may stand in a message: no bytes that are not UTF-8, no control characters."""
    text = "standard input" if path == "-" else os.fsencode(path).decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def _open(path: str, name: str) -> int:
    """A descriptor of our own for the path."""
    try:
        return os.dup(0) if path == "-" else os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except ValueError:
        raise SourceMissing(f"{name}: no such file") from None
    except OSError as e:
        raise _failure(e, name) from None


def _failure(e: OSError, name: str) -> SourceError:
    """The OSError of an open or a read, in our words."""
    if e.errno in (errno.ENOENT, errno.ENOTDIR):
        return SourceMissing(f"{name}: no such file")
    if e.errno in (errno.EACCES, errno.EPERM):
        return SourceDenied(f"{name}: no permission to read it; run as its owner, or ask for read access")
    return SourceError(f"{name}: {e.strerror or e}")


def _source(fd: int, name: str) -> Source:
    """The reader for what the descriptor gives. Owns the descriptor only when it returns."""
    info = os.fstat(fd)
    if stat.S_ISDIR(info.st_mode):
        raise SourceMissing(f"{name}: is a directory, not a capture file")
    regular = stat.S_ISREG(info.st_mode)
    size = info.st_size if regular else 0
    with contextlib.suppress(OSError):
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_SEQUENTIAL)
    stored = _first(lambda n: os.read(fd, n), HEAD)
    if not stored:
        raise SourceError(f"{name}: is empty (zero bytes)")
    try:
        unpacker = unpacker_for(stored, lambda n: os.read(fd, n))
    except SourceError as e:
        raise type(e)(f"{name}: {e}") from None
    try:
        head = stored if unpacker is None else _first(unpacker.read, HEAD)
    except SourceError as e:
        raise SourceError(f"{name}: not a capture: {e}") from None
    if head[:4] in PCAP_MAGICS:
        return Pcap(fd, name, head, size, not regular, unpacker)
    if head[:4] == PCAPNG_MAGIC:
        return Pcapng(fd, name, head, size, not regular, unpacker)
    if head[:8] == SNOOP_MAGIC:
        return Snoop(fd, name, head, size, not regular, unpacker)
    packed = "" if unpacker is None else f" inside the {unpacker.kind} compression"
    with contextlib.suppress(SourceError):
        head += _first((lambda n: os.read(fd, n)) if unpacker is None else unpacker.read, TAR_HEAD - len(head))
    if head.endswith(TAR_MAGIC) and len(head) == TAR_HEAD:
        raise SourceError(f"{name}: not a capture file: a tar archive{packed}; take the captures out of it")
    raise SourceError(f"{name}: not a capture file (neither pcap, pcapng nor snoop{packed})")


def _first(read: Callable[[int], bytes], n: int) -> bytes:
    """The first n bytes, fewer when there are no more."""
    head = b""
    while len(head) < n:
        more = read(n - len(head))
        if not more:
            break
        head += more
    return head
