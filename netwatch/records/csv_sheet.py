"""CSV whose columns are those that occur: its lines wait in a file of no name until all of them are known."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence

from netwatch._fast.out import csvlines

SIZE = 8  # bytes of the length that stands before what was added at once


class Sheet:
    """Opened before the process shuts itself in, when it may still open files."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by lines()
        self._any = False

    def add(self, packed: bytes) -> None:
        """The next lines, as the encoder packs them."""
        if packed:
            self._file.write(len(packed).to_bytes(SIZE, "little"))
            self._file.write(packed)
            self._any = True

    def lines(self, names: Sequence[str], occurred: list[int]) -> Iterator[bytes]:
        """All of it, the headings first; nothing where there is no line. `names`: of all columns; `occurred`: places
        of those that lines have cells of."""
        if self._any:
            form = csvlines.Sheet(len(names), occurred)
            yield form.headings(list(names))
            for packed in self._added():
                yield form.lines(packed)
        self._file.close()

    def _added(self) -> Iterator[bytes]:
        self._file.seek(0)
        while size := self._file.read(SIZE):
            yield self._file.read(int.from_bytes(size, "little"))
