"""A file read by a netwatch of its own, jailed as ever: what `read --each` and the workers of a cluster run."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from typing import IO, NamedTuple

import zstandard

from netwatch.cli.errors import EXIT_UNAVAILABLE

MOST = 1 << 30  # bytes that the answer of one file takes, compressed
ALL_MOST = 1 << 28  # ... and of all together that wait, besides that which is next
PART = 1 << 20
PR_SET_PDEATHSIG = 1
SAID_MOST = 65_536  # bytes of what is said on standard error


class Answer(NamedTuple):
    """Of one file: the exit code, what was said, and the records, compressed."""

    code: int
    said: str
    records: bytes


class Readers:
    """Those that run side by side, by the numbers of their files: what their answers take together is bounded, and none
    of them outlives who asked."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._next = self._held = 0
        self._over = False

    @contextlib.contextmanager
    def running(self, process: subprocess.Popen[bytes]) -> Iterator[None]:
        """Until then it is ended with the others."""
        with self._news:
            self._running.add(process)
            if self._over:
                process.kill()
        try:
            yield
        finally:
            with self._news:
                self._running.discard(process)

    def hold(self, number: int, size: int) -> None:
        """Room for so many bytes of an answer; waits for it, unless that answer is the next: it is never waited for."""
        with self._news:
            self._news.wait_for(lambda: self._over or number <= self._next or self._held + size <= ALL_MOST)
            self._held += size

    def printed(self, size: int) -> None:
        """The next answer, of so many bytes, is no longer held."""
        with self._news:
            self._held -= size
            self._next += 1
            self._news.notify_all()

    def end(self) -> None:
        """All that run."""
        with self._news:
            self._over = True
            for process in self._running:
                process.kill()
            self._news.notify_all()


def answer_of(words: list[str], readers: Readers | None = None, number: int = 0) -> Answer:
    """A `read` of its own, on this machine, to its end: with these words and no other settings."""
    readers = readers or Readers()
    environment = {name: value for name, value in os.environ.items()
                   if name != "SSLKEYLOGFILE" and not name.startswith("NETWATCH_")}
    command = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-P", "-m", "netwatch"]
    with tempfile.TemporaryFile() as errors, _nothing() as (name, descriptors):
        process = subprocess.Popen([*command, "read", "--config", name, *words], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=errors, env=environment, pass_fds=descriptors,
                                   preexec_fn=_ends_with_us())
        assert process.stdout is not None
        with process, readers.running(process):
            try:
                records = _packed(process.stdout, lambda size: readers.hold(number, size))
            except BaseException:
                process.kill()
                raise
            if records is None:
                process.kill()
                return Answer(EXIT_UNAVAILABLE, f"{words[-1]}: its records are too large, {MOST >> 20} MiB compressed "
                              "at most; ask for less of them (--where, --fields)", b"")
            code = process.wait()
        errors.seek(0)
        return Answer(code, errors.read(SAID_MOST).decode("utf-8", "replace"), records)


@contextlib.contextmanager
def _nothing() -> Iterator[tuple[str, tuple[int, ...]]]:
    """An empty file: what it is called by who inherits the descriptors. It has no name that could stay behind, where
    the system can do without."""
    with tempfile.NamedTemporaryFile() if sys.platform == "win32" else tempfile.TemporaryFile() as file:
        yield (file.name, ()) if sys.platform == "win32" else (f"/dev/fd/{file.fileno()}", (file.fileno(),))


def _ends_with_us() -> Callable[[], None] | None:
    """What a child does first, so that it is killed when this process is (prctl(2))."""
    if sys.platform != "linux":
        return None
    libc, parent = ctypes.CDLL(None), os.getpid()

    def ends_with_us() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died meanwhile
            os._exit(1)

    return ends_with_us


def _packed(output: IO[bytes], hold: Callable[[int], None]) -> bytes | None:
    """All of it; None where that is too much. `hold` is asked for room."""
    pack = zstandard.ZstdCompressor(level=1).compressobj()
    parts, size = [], 0
    while part := output.read(PART):
        parts.append(pack.compress(part))
        size += len(parts[-1])
        if size > MOST:
            return None
        hold(len(parts[-1]))
    parts.append(pack.flush())
    hold(len(parts[-1]))
    return b"".join(parts) if size + len(parts[-1]) <= MOST else None
