"""Interned surroundings of a packet, the same number for both directions of a flow where they are the same.

Two kinds of thing lie around a packet. What both directions share is the base: the kinds of its tunnels, their outer
ends, a PPPoE session. What one network chooses and another may choose again are the marks: the interface, VLAN tags,
MPLS labels, VNIs, GRE keys, TEIDs, session numbers, and the hash of what other headers say (`mark` of
cursor.pxd). Marks keep strangers with the same addresses apart, but may differ by direction, so the flow table hashes
the base and learns which marks belong together (flow/table.pyx).

A priority tag (VID 0, IEEE 802.1Q 6.8) is no network: it is shown and distinguishes nothing.
"""
from libc.stdlib cimport calloc, realloc, free
from libc.string cimport memcmp, memcpy, memset

from netwatch._fast.base.bytes cimport u16, u32, u64
from netwatch._fast.wire.packet cimport Encap, MAX_TAGS, Tunnel, kept
from netwatch._fast.base.mix cimport mix, mix_address, mix_on, mix_pair

cdef enum:
    PATH_SLOTS = 131072
    STATIONS_MAX = 30000                  # from here on places are told apart, and no more who is there


cdef Paths* paths_new() noexcept nogil:
    cdef Paths* paths = <Paths*>calloc(1, sizeof(Paths))
    return paths


cdef void paths_free(Paths* paths) noexcept nogil:
    if paths != NULL:
        free(paths.items)
        free(paths.bases)
        free(paths.partners)
        free(paths.slots)
        free(paths)


cdef u64 path_link(const Paths* paths, u16 path) noexcept nogil:
    """Which link a path is on: the interface of the source, and the one that the frame names."""
    if path == 0 or path > paths.n:
        return 0
    return paths.items[path].iface | <u64>paths.items[path].ifindex << 16


cdef void path_pair(Paths* paths, u16 path, u16 answer) noexcept nogil:
    """A flow on `path` was answered on `answer`. The first such pairing stands."""
    if 0 < path <= paths.n and 0 < answer <= paths.n and paths.partners[path] == 0 and paths.partners[answer] == 0:
        paths.partners[path] = answer
        paths.partners[answer] = path


cdef u16 path_partner(const Paths* paths, u16 path) noexcept nogil:
    """The path that flows on this one are answered on, 0 when that is not known."""
    return paths.partners[path] if 0 < path <= paths.n else 0


cdef u16 path_marks(const Paths* paths, u16 path) noexcept nogil:
    """The path without the priority tags that are all its marks, else itself."""
    cdef Encap e
    cdef u16 tags[MAX_TAGS]
    if path == 0 or path > paths.n or paths.items[path].n_vlan == 0:
        return path
    memcpy(&e, &paths.items[path], sizeof(Encap))
    if tags_of(&e, tags):
        return path
    e.n_vlan = 0
    return paths.bases[path] if is_base(paths, &e) else path


cdef int path_kin(const Paths* paths, u16 one, u16 two) noexcept nogil:
    """Are both of one network: with the same marks, or with others because the stations moved? What a station that
    moves is heard by may be another interface."""
    cdef Encap e
    cdef u64 marks
    one, two = path_marks(paths, one), path_marks(paths, two)
    if one == two:
        return KIN_SAME
    if one == 0 or two == 0 or one > paths.n or two > paths.n:
        return KIN_NOT
    memcpy(&e, &paths.items[one], sizeof(Encap))
    marks = e.marks ^ paths.items[two].marks
    if e.marks == 0 or (marks >> 32 and (<u32>marks or <u32>e.marks == 0)):
        return KIN_NOT
    e.marks = paths.items[two].marks
    if marks >> 32:
        e.iface, e.ifindex = paths.items[two].iface, paths.items[two].ifindex
    if not same_path(paths, &e, &paths.items[two]):
        return KIN_NOT
    return KIN_MOVED if marks >> 32 else KIN_SAME


cdef bint same_tunnel(const Tunnel* x, const Tunnel* y) noexcept nogil:
    if x.kind != y.kind or x.family != y.family or x.mark != y.mark:
        return False
    if memcmp(x.src, y.src, 16) == 0 and memcmp(x.dst, y.dst, 16) == 0:
        return True
    return memcmp(x.src, y.dst, 16) == 0 and memcmp(x.dst, y.src, 16) == 0


cdef int tags_of(const Encap* e, u16* out) noexcept nogil:
    """The VIDs that name a network."""
    cdef int i, n = 0
    for i in range(kept(e.n_vlan)):
        if e.vlan[i]:
            out[n] = e.vlan[i]
            n += 1
    return n


cdef inline int beyond(u8 n) noexcept nogil:
    """Of so many tags those that are not kept."""
    return n - kept(n)


cdef bint same_tags(const Encap* x, const Encap* y) noexcept nogil:
    cdef u16 a[MAX_TAGS]
    cdef u16 b[MAX_TAGS]
    cdef int n = tags_of(x, a)
    return n == tags_of(y, b) and beyond(x.n_vlan) == beyond(y.n_vlan) and memcmp(a, b, n * sizeof(u16)) == 0


cdef bint same_path(const Paths* paths, const Encap* x, const Encap* y) noexcept nogil:
    cdef int i
    if (x.n_tunnel != y.n_tunnel or x.pppoe != y.pppoe or x.n_mpls != y.n_mpls or x.iface != y.iface
            or x.ifindex != y.ifindex or x.marks != y.marks):
        return False
    if paths.vlan != VLAN_IGNORE and (x.n_vlan or y.n_vlan) and not same_tags(x, y):
        return False
    if memcmp(x.mpls, y.mpls, kept(x.n_mpls) * sizeof(u32)) != 0:
        return False
    for i in range(x.n_tunnel):
        if not same_tunnel(&x.tunnel[i], &y.tunnel[i]):
            return False
    return True


cdef u64 path_hash(const Paths* paths, const Encap* e) noexcept nogil:
    cdef u16 tags[MAX_TAGS]
    cdef int i, n = 0
    cdef const Tunnel* t
    cdef u64 h = mix(e.n_tunnel | <u64>e.pppoe << 8 | <u64>e.iface << 24 | <u64>e.n_mpls << 40,
                     e.ifindex ^ e.marks)
    if paths.vlan != VLAN_IGNORE:
        n = tags_of(e, tags)
    for i in range(n):
        h = mix_on(h, tags[i], i)
    for i in range(kept(e.n_mpls)):
        h = mix_on(h, e.mpls[i], i)
    for i in range(e.n_tunnel):
        t = &e.tunnel[i]
        h = mix_on(h, mix_pair(mix_address(t.src), mix_address(t.dst)), t.kind | <u64>t.mark << 8)
    return h


cdef bint is_base(const Paths* paths, const Encap* e) noexcept nogil:
    """Is nothing in it that may differ by direction?"""
    cdef int i
    if e.iface or e.ifindex or e.marks or e.n_mpls or (e.n_vlan and paths.vlan != VLAN_KEY):
        return False
    for i in range(e.n_tunnel):
        if e.tunnel[i].mark:
            return False
    return True


cdef void strip(const Paths* paths, Encap* e) noexcept nogil:
    """Leave what both directions share."""
    cdef int i
    e.iface = 0
    e.ifindex = 0
    e.marks = 0
    e.n_mpls = 0
    if paths.vlan != VLAN_KEY:
        e.n_vlan = 0
    for i in range(e.n_tunnel):
        e.tunnel[i].id = e.tunnel[i].mark = 0


cdef u16 path_number(Paths* paths, const Encap* encap) noexcept nogil:
    cdef Encap bare
    cdef u16 base = 0
    cdef u64 at
    cdef u32 number
    if paths.last and same_path(paths, &paths.items[paths.last], encap):
        return paths.last
    if paths.slots == NULL:
        paths.slots = <u32*>calloc(PATH_SLOTS, sizeof(u32))
        if paths.slots == NULL:
            return PATHS_MAX
    at = path_hash(paths, encap) & (PATH_SLOTS - 1)
    while paths.slots[at]:
        number = paths.slots[at]
        if same_path(paths, &paths.items[number], encap):
            paths.last = <u16>number
            return <u16>number
        at = (at + 1) & (PATH_SLOTS - 1)
    if is_base(paths, encap):
        return add(paths, encap, 0, at)
    memcpy(&bare, encap, sizeof(Encap))
    if paths.n >= STATIONS_MAX and <u32>encap.marks:
        bare.marks = encap.marks >> 32 << 32
        return path_number(paths, &bare)
    strip(paths, &bare)
    base = path_of(paths, &bare)
    if paths.n >= MARKED_MAX:
        paths.lost += 1
        return base
    while paths.slots[at]:                   # the base may have taken the place
        at = (at + 1) & (PATH_SLOTS - 1)
    return add(paths, encap, base, at)


cdef u16 add(Paths* paths, const Encap* encap, u16 base, u64 at) noexcept nogil:
    """A number for new surroundings, in the free slot `at`; those without marks (`base` 0) are their own base."""
    if paths.n + 1 >= PATHS_MAX or (paths.n + 1 >= paths.cap and not grow(paths)):
        paths.lost += 1
        return PATHS_MAX
    paths.n += 1
    put_item(&paths.items[paths.n], encap)
    paths.bases[paths.n] = <u16>paths.n if is_base(paths, encap) else base
    paths.partners[paths.n] = 0
    paths.slots[at] = paths.n
    paths.last = <u16>paths.n
    return paths.last


cdef void put_item(Encap* to, const Encap* e) noexcept nogil:
    """A copy of what it says. All else is zero, to the padding: items go to disks and to other machines, and what lay
    in memory where a frame was read does not."""
    cdef const Tunnel* tunnel
    cdef int i
    memset(to, 0, sizeof(Encap))
    to.n_vlan, to.n_mpls, to.n_tunnel = e.n_vlan, e.n_mpls, e.n_tunnel
    to.pppoe, to.iface, to.ifindex, to.marks = e.pppoe, e.iface, e.ifindex, e.marks
    for i in range(kept(e.n_vlan)):
        to.vlan[i] = e.vlan[i]
    for i in range(kept(e.n_mpls)):
        to.mpls[i] = e.mpls[i]
    for i in range(e.n_tunnel):
        tunnel = &e.tunnel[i]
        to.tunnel[i].kind, to.tunnel[i].family = tunnel.kind, tunnel.family
        to.tunnel[i].id, to.tunnel[i].mark = tunnel.id, tunnel.mark
        memcpy(to.tunnel[i].src, tunnel.src, 16)
        memcpy(to.tunnel[i].dst, tunnel.dst, 16)


cdef bint grow(Paths* paths) noexcept nogil:
    cdef u32 cap = paths.cap * 2 if paths.cap else 16
    cdef void* items = realloc(paths.items, cap * sizeof(Encap))
    cdef void* bases
    cdef void* partners
    if items == NULL:
        return False
    paths.items = <Encap*>items
    bases = realloc(paths.bases, cap * sizeof(u16))
    if bases == NULL:
        return False
    paths.bases = <u16*>bases
    partners = realloc(paths.partners, cap * sizeof(u16))
    if partners == NULL:
        return False
    paths.partners = <u16*>partners
    paths.cap = cap
    return True
