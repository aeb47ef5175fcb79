"""Addresses and ends of flows as text, without Python: what a filter looks through."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.out.writing cimport write_address, write_number
from netwatch._fast.view.columns cimport Flows, address, number, COL_DPORT, COL_SPORT, COL_SRC
from netwatch._fast.wire.packet cimport FAMILY_IP4


cdef u32 address_text_of(const Flows* t, u32 i, int col, char* out) noexcept nogil:
    """The address of an end, 0 bytes without one."""
    cdef const u8* a = NULL
    cdef u8 family = 0
    return write_address(<u8*>out, a, family) if address(t, i, col, &a, &family) else 0


cdef u32 endpoint_text(const Flows* t, u32 i, int col, char* out) noexcept nogil:
    """192.0.2.1:443, [2001:db8::1]:443, or the address alone where there is no port; 0 without an address."""
    cdef const u8* a = NULL
    cdef u8 family = 0
    cdef u64 port = 0
    cdef bint ported
    if not address(t, i, col, &a, &family):
        return 0
    ported = number(t, i, COL_SPORT if col == COL_SRC else COL_DPORT, &port)
    return end_text(a, family, ported, port, out)


cdef u32 end_text(const u8* a, u8 family, bint ported, u64 port, char* out) noexcept nogil:
    """The same of an address, with its port or without."""
    cdef u32 n = 0
    if not ported:
        return write_address(<u8*>out, a, family)
    if family != FAMILY_IP4:
        out[0] = c'['
        n = 1
    n += write_address(<u8*>out + n, a, family)
    if family != FAMILY_IP4:
        out[n] = c']'
        n += 1
    out[n] = c':'
    return n + 1 + write_number(<u8*>out + n + 1, port)
