"""Flows whose two directions have different things around them: a tunnel that ends elsewhere on the way back (anycast,
two gateways), or that only one direction takes (a load balancer whose servers answer directly).

Flows are found by their ends and by what both directions share around them (wire/encap.pyx). A packet that finds none
there may belong to one that has something else around it: to one of TCP whose other direction it acknowledges, and of
whose own direction nothing was seen, or only what had around it what the packet has. Where answers were found so, those
to datagrams come the same way.

What is remembered are the flows begun or asked for last, in buckets of fixed size. One that was found so is looked for
with every packet of one direction: as long as it lives, flows that begin do not displace it while others are there.
"""
from netwatch._fast.base.bytes cimport u16, u32, u64
from netwatch._fast.flow.row cimport BIT_ENDED, Cold, Row
from netwatch._fast.flow.demux cimport answers
from netwatch._fast.wire.encap cimport VLAN_KEY, path_marks, path_partner
from netwatch._fast.wire.packet cimport PROTO_TCP, PROTO_UDP, Packet, TCP_ACK, flow_hash


cdef inline u64 ends_hash(const Packet* pk) noexcept nogil:
    return flow_hash(&pk.dst[0] if pk.side else &pk.src[0], &pk.src[0] if pk.side else &pk.dst[0],
                     pk.dport if pk.side else pk.sport, pk.sport if pk.side else pk.dport, pk.proto, 0, pk.family)


cdef inline void put_first(Met* met, int at, Met it) noexcept nogil:
    while at > 0:
        met[at] = met[at - 1]
        at -= 1
    met[0] = it


cdef inline bint is_needed(const Met* met, const Row* rows) noexcept nogil:
    """Was it found, and is it still the flow that was?"""
    cdef const Row* row
    if not met.row & KIN_FOUND:
        return False
    row = &rows[met.row & ~<u32>KIN_FOUND]
    return not row.bits & BIT_ENDED and \
        flow_hash(row.a, row.b, row.pa, row.pb, row.proto, 0, row.family) >> 32 == met.tag


cdef void kin_note(Kin* kin, const Row* rows, u32 number, const Packet* pk) noexcept nogil:
    """A flow begins: it takes the place of the one asked for longest ago that is not needed, or just longest ago."""
    cdef u64 hash_ = ends_hash(pk)
    cdef Met* met = kin.met[hash_ & (KIN_BUCKETS - 1)]
    cdef Met it
    cdef int at = KIN_PLACES - 1
    if pk.proto == PROTO_TCP or pk.proto == PROTO_UDP:
        it.tag = <u32>(hash_ >> 32)
        it.row = number
        while at >= 0 and is_needed(&met[at], rows):
            at -= 1
        put_first(met, at if at >= 0 else KIN_PLACES - 1, it)


cdef u32 kin_find(Kin* kin, const Row* rows, const Cold* colds, const Paths* paths, const Packet* pk) noexcept nogil:
    """The live flow of a packet that no flow of its ends has the surroundings of, or 0."""
    cdef u64 hash_
    cdef Met* met
    cdef u32 row
    cdef int i
    if paths.n == 0 or paths.vlan == VLAN_KEY or (pk.proto != PROTO_TCP and pk.proto != PROTO_UDP):
        return 0
    hash_ = ends_hash(pk)
    met = kin.met[hash_ & (KIN_BUCKETS - 1)]
    for i in range(KIN_PLACES):
        row = met[i].row & ~<u32>KIN_FOUND
        if row and met[i].tag == <u32>(hash_ >> 32) and is_kin(&rows[row], &colds[row], paths, pk):
            met[i].row |= KIN_FOUND
            put_first(met, i, met[i])
            return row
    return 0


cdef bint is_kin(const Row* row, const Cold* cold, const Paths* paths, const Packet* pk) noexcept nogil:
    cdef int s = pk.side
    cdef u16 path = cold.back if s else row.path, other = row.path if s else cold.back
    if row.bits & BIT_ENDED or not has_ends(row, pk) or row.packets[1 - s] == 0:
        return False
    if row.packets[s]:
        return path != other and path_marks(paths, path) == path_marks(paths, pk.path)
    if row.proto == PROTO_TCP:
        return pk.flags & TCP_ACK and answers(row, pk)
    return path_partner(paths, other) == pk.path
