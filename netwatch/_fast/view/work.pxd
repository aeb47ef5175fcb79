"""How much may be done before the engine gets its turn again, and how much was done: counts, not seconds."""
from netwatch._fast.base.bytes cimport u32, u64, i64

cdef enum:                 # what things cost, in some 10 ns
    COST_LOOK = 1          # a condition of a row, an entry of a profile
    COST_TEXT = 8          # a text, looked through
    COST_ROW = 40          # a row's facts, put into a profile
    COST_REGEX = 60
    COST_PYTHON = 1500     # a record's part made, or a name looked up
    SLICE = 300000

cdef class Work:
    cdef i64 left              # of this slice; below 0: over
    cdef readonly u64 slices
    cdef readonly u64 rows     # looked at, in all
    cdef readonly u64 texts
    cdef readonly u64 calls    # of Python

    cdef inline bint goes_on(self) noexcept nogil:
        return self.left > 0
