"""CSV whose columns are those that occur: its lines wait in a file of no name until all of them are known."""

from __future__ import annotations

import csv
import io
import marshal
import tempfile
from collections.abc import Iterator, Sequence

Cells = dict[int, str]  # by the column's number


class Sheet:
    """Opened before the process shuts itself in, when it may still open files."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by lines()
        self._count = 0
        self._seen: set[int] = set()

    def add(self, cells: Cells) -> None:
        """The next line."""
        marshal.dump(cells, self._file)
        self._count += 1
        self._seen.update(cells)

    def lines(self, names: Sequence[str]) -> Iterator[bytes]:
        """All of it, the headings first; nothing where there is no line."""
        columns = sorted(self._seen)
        self._file.seek(0)
        if self._count:
            yield _line([names[i] for i in columns])
        for _ in range(self._count):
            cells = marshal.load(self._file)  # our own
            yield _line([cells.get(i, "") for i in columns])
        self._file.close()


def _line(cells: list[str]) -> bytes:
    """RFC 4180."""
    out = io.StringIO(newline="")
    csv.writer(out).writerow(cells)
    return out.getvalue().encode()
