"""Who did well of late, metric by metric: what is beside somebody who does badly."""
from libc.string cimport memcmp, memcpy

from netwatch._fast.base.bytes cimport u8, u16, u32, u64

cdef enum:
    WELLS = 64                 # of a metric; who came first makes room
    LATE = 10000000000         # ns

cdef struct Well:
    u8 a[16]
    u16 port
    u64 when                   # ns, last

cdef struct Wells:
    Well ones[WELLS]
    u64 made

cdef inline void wells_put(Wells* w, const u8* a, u16 port, u64 when) noexcept nogil:
    cdef u32 i
    cdef Well* one
    for i in range(<u32>min(w.made, <u64>WELLS)):
        one = &w.ones[i]
        if one.port == port and memcmp(one.a, a, 16) == 0:
            one.when = when
            return
    one = &w.ones[w.made % WELLS]
    memcpy(one.a, a, 16)
    one.port, one.when = port, when
    w.made += 1


cdef inline void wells_count(const Wells* w, const u8* a, u16 port, u64 now, u32* ports, u32* hosts) noexcept nogil:
    """Other ports of the host, and other ports of other hosts, that did well within the last ten seconds."""
    cdef u32 i
    cdef const Well* one
    ports[0] = hosts[0] = 0
    for i in range(<u32>min(w.made, <u64>WELLS)):
        one = &w.ones[i]
        if one.when + LATE < now:
            continue
        if memcmp(one.a, a, 16) != 0:
            hosts[0] += 1
        elif one.port != port:
            ports[0] += 1
