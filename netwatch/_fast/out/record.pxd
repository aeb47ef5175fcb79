"""Text of addresses, for those who make records."""
from netwatch._fast.base.bytes cimport u8

cdef object address_text(const u8* p, u8 family)
