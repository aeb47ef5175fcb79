"""Flows that bear a mark which another flow was given: further paths of a connection that changed its addresses."""
from netwatch._fast.base.bytes cimport u8
from netwatch._fast.flow.content cimport Dpi
from netwatch._fast.look.protocol cimport Look

cdef enum:
    MARK_BYTES = 8         # of an identifier, that are compared: what a stranger meets by chance once in 2**64

cdef void mark(Look* look, const u8* text) noexcept nogil
cdef bint marked(Look* look, const u8* text) noexcept nogil
cdef void bear_mark(Look* look, const u8* text) noexcept nogil
cdef void marks_free(Dpi* dpi) noexcept nogil
