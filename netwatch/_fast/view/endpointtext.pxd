"""Ends of flows as text: at most 64 bytes, no zero behind them."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.view.columns cimport Flows

cdef u32 address_text_of(const Flows* t, u32 i, int col, char* out) noexcept nogil
cdef u32 endpoint_text(const Flows* t, u32 i, int col, char* out) noexcept nogil    # address:port
cdef u32 end_text(const u8* a, u8 family, bint ported, u64 port, char* out) noexcept nogil
