"""Flows by their ends alone, whatever is around them."""
from netwatch._fast.base.bytes cimport u8, u32
from netwatch._fast.base.mix cimport load64
from netwatch._fast.flow.row cimport Cold, Row
from netwatch._fast.wire.encap cimport Paths
from netwatch._fast.wire.packet cimport Packet

cdef enum:
    KIN_BUCKETS = 4096
    KIN_PLACES = 4
    KIN_FOUND = 0x80000000     # a bit of Met.row

cdef struct Met:
    u32 tag                               # the hash of its ends
    u32 row                               # 0 none; with KIN_FOUND, it was found

cdef struct Kin:
    Met met[KIN_BUCKETS][KIN_PLACES]      # in each bucket the one asked for last first

cdef void kin_note(Kin* kin, const Row* rows, u32 number, const Packet* pk) noexcept nogil
cdef u32 kin_find(Kin* kin, const Row* rows, const Cold* colds, const Paths* paths, const Packet* pk) noexcept nogil


cdef inline bint has_ends(const Row* row, const Packet* pk) noexcept nogil:
    cdef const u8* a = &pk.dst[0] if pk.side else &pk.src[0]
    cdef const u8* b = &pk.src[0] if pk.side else &pk.dst[0]
    return (row.pa == (pk.dport if pk.side else pk.sport) and row.pb == (pk.sport if pk.side else pk.dport)
            and row.proto == pk.proto and row.family == pk.family
            and load64(row.a) == load64(a) and load64(row.a + 8) == load64(a + 8)
            and load64(row.b) == load64(b) and load64(row.b + 8) == load64(b + 8))
