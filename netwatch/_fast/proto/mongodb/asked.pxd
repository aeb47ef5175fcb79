"""What MongoDB's clients ask; see mongoasked.pyx."""
from netwatch._fast.base.bytes cimport u32, Reader, Slice
from netwatch._fast.look.protocol cimport Look

cdef void mongo_asked(Look* look, Reader r, Slice database) noexcept nogil
cdef void mongo_old(Look* look, u32 op, Slice body) noexcept nogil
cdef void mongo_command(Look* look, Slice body) noexcept nogil
