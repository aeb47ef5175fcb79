"""What a DNS message says of the names of addresses."""
from netwatch._fast.base.bytes cimport u8, u32
from netwatch._fast.look.protocol cimport Look

cdef void dns_names(Look* look, u8 over, const u8* p, u32 n) noexcept nogil
