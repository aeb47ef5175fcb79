"""Interned surroundings of a packet, the same number for both directions of a flow.

What differs by direction (which outer end is the source, MPLS labels, TEIDs, GRE keys, L2TP sessions) is kept as first
seen and does not distinguish; VLAN IDs, PPPoE sessions, tunnel kinds, their outer ends and VNIs do.
"""
from libc.stdlib cimport calloc, realloc, free
from libc.string cimport memcmp, memcpy

from netwatch._fast.base.bytes cimport u16, u32, u64
from netwatch._fast.wire.packet cimport Encap, Tunnel
from netwatch._fast.wire.names cimport TUN_VXLAN, TUN_GENEVE
from netwatch._fast.base.mix cimport mix, mix_address, mix_on, mix_pair

cdef enum:
    PATH_SLOTS = 131072


cdef Paths* paths_new() noexcept nogil:
    cdef Paths* paths = <Paths*>calloc(1, sizeof(Paths))
    return paths


cdef void paths_free(Paths* paths) noexcept nogil:
    if paths != NULL:
        free(paths.items)
        free(paths.slots)
        free(paths)


cdef inline bint has_id(const Tunnel* t) noexcept nogil:
    return t.kind == TUN_VXLAN or t.kind == TUN_GENEVE


cdef bint same_tunnel(const Tunnel* x, const Tunnel* y) noexcept nogil:
    if x.kind != y.kind or x.family != y.family or (has_id(x) and x.id != y.id):
        return False
    if memcmp(x.src, y.src, 16) == 0 and memcmp(x.dst, y.dst, 16) == 0:
        return True
    return memcmp(x.src, y.dst, 16) == 0 and memcmp(x.dst, y.src, 16) == 0


cdef bint same_path(const Encap* x, const Encap* y) noexcept nogil:
    cdef int i
    if x.n_vlan != y.n_vlan or x.n_tunnel != y.n_tunnel or x.pppoe != y.pppoe or (x.n_mpls == 0) != (y.n_mpls == 0):
        return False
    for i in range(x.n_vlan):
        if x.vlan[i] != y.vlan[i]:
            return False
    for i in range(x.n_tunnel):
        if not same_tunnel(&x.tunnel[i], &y.tunnel[i]):
            return False
    return True


cdef u64 path_hash(const Encap* e) noexcept nogil:
    cdef u64 h = mix(e.n_vlan | <u64>e.n_tunnel << 8 | <u64>e.pppoe << 16 | <u64>(e.n_mpls != 0) << 32, 0)
    cdef int i
    cdef const Tunnel* t
    for i in range(e.n_vlan):
        h = mix_on(h, e.vlan[i], i)
    for i in range(e.n_tunnel):
        t = &e.tunnel[i]
        h = mix_on(h, mix_pair(mix_address(t.src), mix_address(t.dst)), t.kind | (<u64>t.id << 8 if has_id(t) else 0))
    return h


cdef u16 path_of(Paths* paths, const Encap* encap) noexcept nogil:
    """The number of these surroundings, 0 for none at all; PATHS_MAX when the table is full."""
    cdef u64 at
    cdef u32 number, cap
    cdef void* grown
    if encap.n_vlan == 0 and encap.n_tunnel == 0 and encap.pppoe == 0 and encap.n_mpls == 0:
        return 0
    if paths.last and same_path(&paths.items[paths.last], encap):
        return paths.last
    if paths.slots == NULL:
        paths.slots = <u32*>calloc(PATH_SLOTS, sizeof(u32))
        if paths.slots == NULL:
            return PATHS_MAX
    at = path_hash(encap) & (PATH_SLOTS - 1)
    while paths.slots[at]:
        number = paths.slots[at]
        if same_path(&paths.items[number], encap):
            paths.last = <u16>number
            return <u16>number
        at = (at + 1) & (PATH_SLOTS - 1)
    if paths.n + 1 >= PATHS_MAX:
        paths.lost += 1
        return PATHS_MAX
    if paths.n + 1 >= paths.cap:
        cap = paths.cap * 2 if paths.cap else 16
        grown = realloc(paths.items, cap * sizeof(Encap))
        if grown == NULL:
            paths.lost += 1
            return PATHS_MAX
        paths.items = <Encap*>grown
        paths.cap = cap
    paths.n += 1
    memcpy(&paths.items[paths.n], encap, sizeof(Encap))
    paths.slots[at] = paths.n
    paths.last = <u16>paths.n
    return paths.last
