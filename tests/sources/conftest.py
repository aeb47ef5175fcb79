"""What the source tests share: reading a whole source, and a reader that may get its bytes in dribbles."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from netwatch.capture.file import open_savefile


def all_frames(source: Any) -> list[tuple[Any, ...]]:
    frames: list[tuple[Any, ...]] = []
    while (batch := source.batch()) != []:
        frames += batch or []
    return frames


@pytest.fixture
def frames_of() -> Callable[[Any], list[tuple[Any, ...]]]:
    return all_frames


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes], tuple[list[tuple[Any, ...]], Any]]:
    """Bytes to (frames, the finished source), by way of a file."""

    def reader(data: bytes) -> tuple[list[tuple[Any, ...]], Any]:
        path = tmp_path / "x.cap"
        path.write_bytes(data)
        source = open_savefile(str(path))
        frames = all_frames(source)
        source.close()
        return frames, source

    return reader


@pytest.fixture
def dribble(tmp_path: Path) -> Callable[[bytes, int], tuple[list[tuple[Any, ...]], Any]]:
    """The same through a named pipe whose writer gives `step` bytes at a time."""

    def reader(data: bytes, step: int) -> tuple[list[tuple[Any, ...]], Any]:
        path = tmp_path / "pipe"
        os.mkfifo(path)

        def feed() -> None:
            with open(path, "wb", buffering=0) as pipe:
                for at in range(0, len(data), step):
                    pipe.write(data[at : at + step])

        writer = threading.Thread(target=feed, daemon=True)
        writer.start()
        source = open_savefile(str(path))
        frames = all_frames(source)
        source.close()
        writer.join(5)
        path.unlink()
        return frames, source

    return reader
