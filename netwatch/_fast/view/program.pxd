"""A filter as a native program: conditions with two forward jumps each, ending in ACCEPT or REJECT."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.view.columns cimport Flows

cdef enum:
    MAX_OPS = 256
    ACCEPT = 0xFFFE        # jump targets
    REJECT = 0xFFFF

cdef enum:                 # Op.kind
    OP_NUMBER = 0          # the number lies in lo .. hi
    OP_BITS = 1            # the number's bit is set in the bitmap p of n bits
    OP_ADDRESS = 2         # the address lies in p .. q, of the family
    OP_EQUAL = 3           # the text is p, no case
    OP_PART = 4            # the text contains p, no case
    OP_HAS = 5             # the column has a value
    OP_END = 6             # address:port contains p
    OP_EXTRA = 7           # a service has marked the row as one with values that are no columns
    OP_ASK = 8             # what Python says: predicate number lo
    OP_TOLD = 9            # protocol number col (0: any) has stored facts

cdef struct Op:
    u8 kind
    u8 family
    u16 yes
    u16 no
    int col
    u64 lo
    u64 hi
    const u8* p
    const u8* q
    u32 n

cdef class Program:
    cdef Op ops[MAX_OPS]
    cdef readonly int count
    cdef u16 entry
    cdef readonly tuple predicates     # Python's part: functions of (record, None)
    cdef list kept                     # the bytes that Op.p and Op.q point into

    cdef u16 target(self, int to, int at) except? 0
    cdef int fill(self, Op* op, int kind, int col, a, b) except -1
    cdef const u8* keep(self, bytes data) except NULL

cdef u16 run(const Op* ops, u16 at, const Flows* t, const u8* extras, u32 extras_n, u32 row) noexcept nogil
