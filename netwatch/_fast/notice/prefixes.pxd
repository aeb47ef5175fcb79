"""Facts that count only when their values begin so: a login that failed, and the like."""
from libc.string cimport memcmp

from netwatch._fast.base.bytes cimport u8, u32
from netwatch._fast.flow.content cimport FACT_HEAD

cdef enum:
    BEGINNINGS = 32            # of a table
    BEGINNING = 16             # bytes

cdef struct Beginning:         # of the value of a fact
    u8 app
    u8 key
    u8 n
    u8 text[BEGINNING]

cdef inline bint begins_so(const Beginning* begins, u32 n_begins, const u8* fact) noexcept nogil:
    """Does the value begin as one of them, or are there none?"""
    cdef u32 i, n = fact[2] | <u32>fact[3] << 8
    for i in range(n_begins):
        if (begins[i].app == fact[0] and begins[i].key == fact[1] and n >= begins[i].n
                and memcmp(begins[i].text, fact + FACT_HEAD, begins[i].n) == 0):
            return True
    return n_begins == 0
