"""Bytes as lines of 16, with their offset and what of them is ASCII."""

from __future__ import annotations

from collections.abc import Iterator

BYTES_A_LINE = 16


def lines(data: bytes, start: int = 0, digits: int = 4) -> Iterator[str]:
    """`start`: the offset of the first byte, written with at least so many digits."""
    for at in range(0, len(data), BYTES_A_LINE):
        part = data[at : at + BYTES_A_LINE]
        text = "".join(chr(c) if 32 <= c < 127 else "." for c in part)
        yield f"{start + at:0{digits}x}  {part.hex(' '):<47}  {text}"
