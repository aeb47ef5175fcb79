"""A filter as a native program: conditions with two forward jumps each, ending in ACCEPT or REJECT."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.view.columns cimport Flows

cdef enum:
    MAX_OPS = 32768
    ACCEPT = 0xFFFE        # jump targets
    REJECT = 0xFFFF

cdef enum:                 # Op.kind
    OP_NUMBER = 0          # the number lies in lo .. hi
    OP_RANGES = 1          # the number lies in one of the n ranges at p, pairs of u64 in ascending order
    OP_BITS = 2            # the number's bit is set in the bitmap p of n bits
    OP_ADDRESS = 3         # the address lies in one of the ranges p .. q, of `size` bytes each end, of the family
    OP_HAS = 4             # the column has a value
    OP_END = 5             # address:port contains p
    OP_WRITTEN = 6         # the address contains p
    OP_ASK = 7             # what Python says of the number: predicate number lo
    OP_RELATE = 8          # the number stands to that of column lo in the relation hi of RELATIONS

cdef struct Op:
    u8 kind
    u8 family
    u16 yes
    u16 no
    u16 size
    int col
    u64 lo
    u64 hi
    const u8* p
    u32 n

cdef class Program:
    cdef Op* ops
    cdef readonly int count
    cdef u16 entry
    cdef readonly tuple predicates     # tuple[Callable[[int], bool], ...]: Python's part: of a number
    cdef list kept                     # the bytes that Op.p points into
    cdef list asked                    # (number of the op, Answers) whose bits grow

    cdef u16 target(self, int to, int at) except? 0
    cdef int fill(self, int at, int kind, int col, a) except -1
    cdef int fill_address(self, Op* op, ranges) except -1
    cdef const u8* keep(self, bytes data) except NULL
    cdef void point(self) noexcept

cdef u16 run(const Op* ops, u16 at, const Flows* t, u32 row, u32* steps) noexcept nogil
