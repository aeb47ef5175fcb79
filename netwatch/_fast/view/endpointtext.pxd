"""Ends of flows as text: at most 64 bytes, no zero behind them."""
from netwatch._fast.base.bytes cimport u32
from netwatch._fast.view.columns cimport Flows

cdef u32 address_text_of(const Flows* t, u32 i, int col, char* out) noexcept nogil
cdef u32 endpoint_text(const Flows* t, u32 i, int col, char* out) noexcept nogil    # address:port
