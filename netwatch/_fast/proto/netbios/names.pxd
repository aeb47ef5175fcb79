"""What NetBIOS name answers say of the names and MACs of addresses."""
from netwatch._fast.base.bytes cimport u8, u32, Slice, Reader
from netwatch._fast.look.protocol cimport Look

cdef void netbios_answer(Look* look, const u8* name, Reader data) noexcept nogil
cdef void netbios_status(Look* look, Slice v, u32 count) noexcept nogil   # v: 1 + 18 * count bytes or more
