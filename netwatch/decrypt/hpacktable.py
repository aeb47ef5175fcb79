"""HPACK (RFC 7541) of a direction of which header blocks may be missing.

A dynamic entry is named by how many were added after it (section 2.3.3). So what was added since the last hole is known
by its number as ever; what is older is not, nor is a field that refers to it: such are left out.
"""

from __future__ import annotations

from hpack import Decoder
from hpack.table import HeaderTable

Fields = list[tuple[bytes, bytes]]
UNKNOWN = (b"", b"")


def _newest(maxsize: int) -> HeaderTable:
    """A table of the entries behind a hole; those before it are not known."""
    table = HeaderTable()
    table.maxsize, known = maxsize, table.get_by_index

    def get_by_index(index: int) -> tuple[bytes, bytes]:
        if index > table.STATIC_TABLE_LENGTH + len(table.dynamic_entries):
            return UNKNOWN
        entry: tuple[bytes, bytes] = known(index)
        return entry

    table.get_by_index = get_by_index
    return table


class FieldsDecoder:
    """The lists of header fields of one direction."""

    def __init__(self, most: int, largest_table: int) -> None:
        """`most`: bytes of a list, unpacked; `largest_table`: bytes of the table that the encoder may use. Only it says
        how large its table is (section 6.3): what the receiver allowed it may be lost, or not have arrived yet."""
        self._decoder = Decoder(most)
        self._decoder.max_allowed_table_size = largest_table

    @property
    def entries(self) -> int:
        """How many the table has."""
        return len(self._decoder.header_table.dynamic_entries)

    def decode(self, block: bytes) -> Fields:
        fields: Fields = self._decoder.decode(block, raw=True)
        return [field for field in fields if field[0]]

    def lose(self) -> None:
        """Blocks before the next one are missing."""
        self._decoder.header_table = _newest(self._decoder.header_table.maxsize)
