"""A file read by a netwatch of its own, jailed as ever: what `read --each` and the workers of a cluster run."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from typing import IO, NamedTuple

import zstandard

from netwatch.cli.errors import EXIT_UNAVAILABLE

MOST = 1 << 30  # bytes that the answer of one file takes, compressed
PART = 1 << 20
SAID_MOST = 65_536  # bytes of what is said on standard error


class Answer(NamedTuple):
    """Of one file: the exit code, what was said, and the records, compressed."""

    code: int
    said: str
    records: bytes


def answer_of(words: list[str]) -> Answer:
    """A `read` of its own, on this machine, to its end: with these words and no other settings."""
    environment = {name: value for name, value in os.environ.items()
                   if name != "SSLKEYLOGFILE" and not name.startswith("NETWATCH_")}
    command = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-P", "-m", "netwatch"]
    with tempfile.TemporaryFile() as errors, tempfile.NamedTemporaryFile() as none:
        process = subprocess.Popen([*command, "read", "--config", none.name, *words], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=errors, env=environment)
        assert process.stdout is not None
        with process:
            try:
                records = _packed(process.stdout)
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


def _packed(output: IO[bytes]) -> bytes | None:
    """All of it; None where that is too much."""
    pack = zstandard.ZstdCompressor(level=1).compressobj()
    parts, size = [], 0
    while part := output.read(PART):
        parts.append(pack.compress(part))
        size += len(parts[-1])
        if size > MOST:
            return None
    parts.append(pack.flush())
    return b"".join(parts) if size + len(parts[-1]) <= MOST else None
