"""Codes by row: what is no part of the flow's own memory, but filters, orders and groups look at like it."""
from libc.stdlib cimport free, realloc
from libc.string cimport memset

from netwatch._fast.bytes cimport u8, u32, u64

cdef enum:
    FEWEST_ROWS = 1024


cdef class RowCodes:
    """With `keyed`, a code holds as long as the row is the flow of the key that it was put for."""

    def __init__(self, bint keyed=False):
        self.column.keys = NULL
        if keyed:
            self.column.keys = <u64*>realloc(NULL, sizeof(u64))
            if self.column.keys == NULL:
                raise MemoryError("no memory for a column")

    def __dealloc__(self):
        free(self.column.codes)
        free(self.column.keys)

    def __len__(self):
        return self.column.n

    cdef int room(self, u32 rows) except -1:
        """Room for so many rows, row 0 included."""
        cdef u32 n
        cdef void* wider
        if rows <= self.column.n:
            return 0
        n = max(<u32>FEWEST_ROWS, rows + rows // 2)
        if self.column.keys != NULL:
            wider = realloc(self.column.keys, n * sizeof(u64))
            if wider == NULL:
                raise MemoryError("no memory for a column")
            self.column.keys = <u64*>wider
            memset(self.column.keys + self.column.n, 0, (n - self.column.n) * sizeof(u64))
        wider = realloc(self.column.codes, n * sizeof(u32))
        if wider == NULL:
            raise MemoryError("no memory for a column")
        self.column.codes = <u32*>wider
        memset(self.column.codes + self.column.n, 0, (n - self.column.n) * sizeof(u32))
        self.column.n = n
        return 0

    def put(self, u32 row, u32 code, u64 key=0) -> None:
        """The row has that code, as the flow of that key."""
        self.room(row + 1)
        self.column.codes[row] = code
        if self.column.keys != NULL:
            self.column.keys[row] = key
