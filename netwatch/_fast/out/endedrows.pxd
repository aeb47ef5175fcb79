"""The flows that a step hands out."""
from netwatch._fast.base.bytes cimport u32, u64

cdef struct Ended:
    u64 id                     # of its record
    u32 shard                  # its engine's place in the list
    u32 row


cdef class EndedRows:
    cdef list engines
    cdef EndedRows owner       # whose memory the rows are in; None: their own
    cdef Ended* rows
    cdef Py_ssize_t n
