"""Interned surroundings of a packet (interface, VLAN tags, labels, tunnels): a flow keeps a 16-bit number for them."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.wire.packet cimport Encap

cdef enum:
    PATHS_MAX = 65535                     # the last number stands for "many others"
    MARKED_MAX = 60000                    # from here on what differs by direction is no longer told apart

cdef enum:                                # Paths.vlan
    VLAN_PAIR = 0                         # a flow may have other tags in its other direction
    VLAN_KEY = 1                          # other tags, another flow
    VLAN_IGNORE = 2                       # tags say nothing about flows

cdef enum:                                # what two paths have to do with one another
    KIN_NOT = 0
    KIN_MOVED = 1                         # the same stations, at another place
    KIN_SAME = 2

cdef struct Paths:
    Encap* items                          # [1..n]
    u16* bases                            # of each: the number of what is left of it without marks, 0 nothing
    u16* partners                         # of each: the path that a flow on it was answered on, 0 unknown or the same
    u32 n
    u32 cap
    u32* slots                            # open addressing, PATH_SLOTS of them
    u16 last                              # the one found last
    u8 vlan                               # VLAN_*
    u64 lost                              # packets whose surroundings found no number

cdef Paths* paths_new() noexcept nogil
cdef void paths_free(Paths* paths) noexcept nogil
cdef u16 path_number(Paths* paths, const Encap* encap) noexcept nogil       # of what is not plain
cdef void path_pair(Paths* paths, u16 path, u16 answer) noexcept nogil
cdef u16 path_partner(const Paths* paths, u16 path) noexcept nogil
cdef u16 path_marks(const Paths* paths, u16 path) noexcept nogil
cdef int path_kin(const Paths* paths, u16 one, u16 two) noexcept nogil
cdef u64 path_link(const Paths* paths, u16 path) noexcept nogil
cdef u64 path_hash(const Paths* paths, const Encap* e) noexcept nogil

cdef inline bint is_plain(const Encap* e) noexcept nogil:
    return (e.n_vlan | e.n_tunnel | e.pppoe | e.n_mpls | e.iface | e.ifindex) == 0 and e.marks == 0

cdef inline u16 path_of(Paths* paths, const Encap* encap) noexcept nogil:
    """The number of these surroundings, 0 for none at all; PATHS_MAX when the table is full."""
    return 0 if is_plain(encap) else path_number(paths, encap)

cdef inline u16 base_of(const Paths* paths, u16 path) noexcept nogil:
    """The number of a path without its marks."""
    if path == 0 or path == PATHS_MAX:
        return path
    return paths.bases[path]
