"""What is written into a pipe stands compressed in a file: a child does it, so that whoever writes may be jailed."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import signal
from collections.abc import Callable
from typing import Protocol

PIECE = 1 << 18  # bytes
ENDINGS = (".gz", ".zst")  # of names of what can be made
DONE, FAILED = b"\0", b"\1"


class Compressor(Protocol):
    """As zlib and zstandard have it."""

    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


class Packing:
    """Opened for writing at `fd`, which its user closes before finish(). Make it before there are threads."""

    def __init__(self, name: str, into: int) -> None:
        """`name` ends as one of ENDINGS; `into` is where the file is open, and is ours from now on."""
        compressor = _compressor(name)
        come, self.fd = os.pipe2(os.O_CLOEXEC)
        self._told, tell = os.pipe2(os.O_CLOEXEC)
        self._child = os.fork()
        if self._child == 0:
            _keep_alone(come, into, tell)
            _work(come, into, tell, compressor)
        for fd in (come, tell, into):
            os.close(fd)

    def finish(self) -> None:
        """All of it is in the file. Raises OSError."""
        answer = os.read(self._told, 5)
        os.close(self._told)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._child, 0)
        if answer[:1] != DONE:
            number = int.from_bytes(answer[1:], "little") or errno.EIO
            raise OSError(number, os.strerror(number))


def _compressor(name: str) -> Compressor:
    if name.endswith(".gz"):
        import zlib

        return zlib.compressobj(wbits=31)  # with the header and the sum of gzip, RFC 1952
    import zstandard

    return zstandard.ZstdCompressor(write_checksum=True).compressobj()


def _keep_alone(*fds: int) -> None:
    """Let go of what else was inherited: somebody may wait for the end of one of those pipes."""
    edges = [2, *sorted(fds), os.sysconf("SC_OPEN_MAX")]
    for low, high in itertools.pairwise(edges):
        os.closerange(low + 1, high)


def _work(come: int, into: int, tell: int, compressor: Compressor) -> None:
    """The child's: until nothing more comes. After a failure what comes is let go, so that nobody waits for it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # whoever writes ends first, and says so by the end of the pipe
    answer = DONE
    try:
        while data := os.read(come, PIECE):
            answer = _put(answer, into, lambda data=data: compressor.compress(data))  # type: ignore[misc]
        answer = _put(answer, into, compressor.flush)
    finally:
        with contextlib.suppress(OSError):
            os.write(tell, answer)
        os._exit(0)


def _put(answer: bytes, into: int, make: Callable[[], bytes]) -> bytes:
    """The answer after another piece."""
    if answer != DONE:
        return answer
    try:
        left = memoryview(make())
        while left:
            left = left[os.write(into, left):]
    except OSError as e:
        return FAILED + (e.errno or errno.EIO).to_bytes(4, "little")
    return DONE
