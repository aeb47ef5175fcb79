"""Any bytes → frames inside the buffer, it terminates, and nothing but SourceError is ever raised.

Besides: what is read does not depend on how the bytes arrive (a file, or a pipe in pieces), frames are numbered from 1
without a gap, and an input ends either whole or with one line of error.
Run: python fuzz/fuzz_savefile.py -max_total_time=180 CORPUS
Coverage guides it only where the extensions were built with CC=clang NETWATCH_SANITIZE=fuzzer-no-link; atheris must be
loaded before they are, so they are imported late.
"""

from __future__ import annotations

import os
import sys
from typing import Any

MAX_FRAME = 262144
SCRATCH = f"/dev/shm/fuzz_savefile.{os.getpid()}" if os.path.isdir("/dev/shm") else f"/tmp/fuzz_savefile.{os.getpid()}"


def frames_of(source: Any, limit: int) -> list[tuple[Any, ...]]:
    """All frames of the source, held to what every frame must be."""
    frames: list[tuple[Any, ...]] = []
    while True:
        batch = source.batch()
        if batch == []:
            break
        frames += batch or []
        assert len(frames) <= limit, "more frames than the bytes can hold"
    for i, (n, ts, caplen, length, iface, link, data) in enumerate(frames):
        assert n == i + 1 and ts < 2**63 and len(data) == caplen <= MAX_FRAME and length >= caplen
        assert source.interfaces[iface]["link"] == link
    assert source.frames_read == len(frames)
    assert source.damaged == (source.error is not None)
    assert "\n" not in (source.error or "")
    return frames


def piped(data: bytes) -> list[tuple[Any, ...]] | None:
    """The frames when the bytes come through a pipe (whose buffer bounds them), None when it cannot be opened."""
    from netwatch.capture.file import SourceError, open_savefile

    reading, writing = os.pipe()
    os.write(writing, data)
    os.close(writing)
    try:
        source = open_savefile(f"/dev/fd/{reading}")
    except SourceError:
        return None
    finally:
        os.close(reading)
    try:
        return frames_of(source, len(data) * 1100 + 1)
    finally:
        source.close()


def one_input(data: bytes) -> None:
    """The property."""
    from netwatch.capture.file import SourceError, open_files, open_savefile

    with open(SCRATCH, "wb") as f:
        f.write(data)
    try:
        source = open_savefile(SCRATCH)
    except SourceError as e:
        assert e.exit_code in (3, 4, 5) and "\n" not in str(e)
        return
    limit = len(data) * 1100 + 1
    frames = frames_of(source, limit)
    source.close()
    if len(data) <= 65536:
        assert piped(data) == frames
    merged = frames_of(open_files([SCRATCH, SCRATCH]), 2 * limit)
    assert sorted(f[6] for f in merged) == sorted([f[6] for f in frames] * 2)


def main() -> None:
    import atheris

    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
