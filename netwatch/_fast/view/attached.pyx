"""Codes by row: what is no part of the flow's own memory, but filters, orders and groups look at like it."""
from libc.stdlib cimport free, realloc
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u32, u64

cdef enum:
    FEWEST_ROWS = 1024


cdef class RowCodes:
    """With `keyed`, a code holds as long as the row is the flow of the key that it was put for; with `numbers`, it has
    numbers of 64 bits, not codes."""

    def __init__(self, bint keyed=False, bint numbers=False):
        self.keyed, self.numbers = keyed, numbers

    def __dealloc__(self):
        free(self.column.codes)
        free(self.column.numbers)
        free(self.column.keys)

    def __len__(self):
        return self.column.n

    cdef int room(self, u32 rows) except -1:
        """Room for so many rows, row 0 included."""
        cdef u32 n
        if rows <= self.column.n:
            return 0
        n = max(<u32>FEWEST_ROWS, rows + rows // 2)
        if self.keyed:
            self.column.keys = <u64*>self.wider(self.column.keys, n, sizeof(u64))
        if self.numbers:
            self.column.numbers = <u64*>self.wider(self.column.numbers, n, sizeof(u64))
        else:
            self.column.codes = <u32*>self.wider(self.column.codes, n, sizeof(u32))
        self.column.n = n
        return 0

    cdef void* wider(self, void* p, u32 n, size_t size) except NULL:
        cdef void* found = realloc(p, n * size)
        if found == NULL:
            raise MemoryError("no memory for a column")
        memset(<char*>found + self.column.n * size, 0, (n - self.column.n) * size)
        return found

    def put(self, u32 row, u64 code, u64 key=0) -> None:
        """The row has that code (or number), as the flow of that key."""
        self.room(row + 1)
        if self.numbers:
            self.column.numbers[row] = code + 1
        else:
            self.column.codes[row] = <u32>code
        if self.keyed:
            self.column.keys[row] = key

    def shown_at(self, u64 now) -> None:
        """What the numbers are shown as from now on: how long ago they were, at that time."""
        self.column.until = now

    def number(self, u32 row, u64 key=0) -> int | None:
        """The number of a row, as the flow of that key; None when it has none."""
        if row >= self.column.n or (self.keyed and self.column.keys[row] != key) or not self.column.numbers[row]:
            return None
        return self.column.numbers[row] - 1

    def code(self, u32 row, u64 key=0) -> int:
        """The code of a row, as the flow of that key; 0 when it has none."""
        if row >= self.column.n or (self.keyed and self.column.keys[row] != key):
            return 0
        return self.column.codes[row]

    def used(self) -> set[int]:
        """The codes that rows have."""
        cdef u32 i
        return {self.column.codes[i] for i in range(self.column.n)}
