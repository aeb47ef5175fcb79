"""What a DNS message says of the names of addresses."""
from netwatch._fast.bytes cimport u8, u32
from netwatch._fast.seam cimport Look

cdef void dns_names(Look* look, u8 over, const u8* p, u32 n) noexcept nogil
