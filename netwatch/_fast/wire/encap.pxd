"""Interned surroundings of a packet (VLAN tags, labels, tunnels): a flow keeps a 16-bit number for them."""
from netwatch._fast.base.bytes cimport u16, u32, u64
from netwatch._fast.wire.packet cimport Encap

cdef enum:
    PATHS_MAX = 65535                     # the last number stands for "many others"

cdef struct Paths:
    Encap* items                          # [1..n]
    u32 n
    u32 cap
    u32* slots                            # open addressing, PATH_SLOTS of them
    u16 last                              # the one found last
    u64 lost                              # packets whose surroundings found no number

cdef Paths* paths_new() noexcept nogil
cdef void paths_free(Paths* paths) noexcept nogil
cdef u64 path_hash(const Encap* e) noexcept nogil
cdef u16 path_of(Paths* paths, const Encap* encap) noexcept nogil
