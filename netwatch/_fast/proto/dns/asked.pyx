"""Queries that wait for their responses: a small table behind the flow's state, which grows up to a bound."""
from libc.stdlib cimport calloc, realloc
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u64

cdef enum:
    FEW = 4                    # queries remembered at first
    MANY = 64                  # ... and at most


cdef Asked* asked_of(Dns* dns) noexcept nogil:
    return <Asked*>(dns + 1)


cdef Dns* state_of(Look* look) noexcept nogil:
    if look.state[0] == NULL:
        look.state[0] = calloc(1, sizeof(Dns) + FEW * sizeof(Asked))
        if look.state[0] != NULL:
            (<Dns*>look.state[0]).room = FEW
    return <Dns*>look.state[0]


cdef Dns* more_room(Look* look) noexcept nogil:
    """Double the table of queries up to its bound; without memory it stays as it is."""
    cdef Dns* dns = <Dns*>look.state[0]
    cdef void* grown
    if dns.room < MANY:
        grown = realloc(dns, sizeof(Dns) + 2 * dns.room * sizeof(Asked))
        if grown != NULL:
            dns = <Dns*>grown
            memset(asked_of(dns) + dns.room, 0, dns.room * sizeof(Asked))
            dns.next = dns.room
            dns.room *= 2
            look.state[0] = dns
    return dns


cdef void remember(Look* look, u64 hash) noexcept nogil:
    """Note a query; a repeated one keeps its first time."""
    cdef Dns* dns = <Dns*>look.state[0]
    cdef Asked* asked = asked_of(dns)
    cdef int i, spare = -1
    for i in range(dns.room):
        if asked[i].ts and asked[i].hash == hash:
            return
        if asked[i].ts == 0 and spare < 0:
            spare = i
    if spare < 0:
        dns = more_room(look)
        asked = asked_of(dns)
        spare = dns.next
        dns.next = <u8>((dns.next + 1) % dns.room)
    asked[spare].hash = hash
    asked[spare].ts = look.ts if look.ts else 1


cdef u64 latency(Look* look, Dns* dns, u64 hash) noexcept nogil:
    """ns since the query that this responds to, 0 unknown. Frames of one instant count as 1 ns."""
    cdef Asked* asked = asked_of(dns)
    cdef u64 since
    cdef int i
    for i in range(dns.room):
        if asked[i].ts and (asked[i].hash == hash or (hash >> 16 == 0 and asked[i].hash & 0xffff == hash)):
            since = asked[i].ts
            asked[i].ts = 0
            if look.ts < since:
                return 0
            return look.ts - since if look.ts > since else 1
    return 0
