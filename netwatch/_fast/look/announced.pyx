"""Flows that another flow told of before they began: FTP's data connections, the media of SIP and RTSP.

The flow that tells (the control flow) names an address and a port where something waits, and the protocol that will be
spoken there; the first flow to that end is shown to that protocol, before any other is asked. Once that has taken its
first datagram the flow holds the control flow's name as a fact, until it turns out to be another's. What is told of it
after it began is added to it.

Who tells may lie. The hosts of the control flow are believed of flows that one of them has a part in; of others only
where the bytes alone show the protocol. One that no bytes show would be believed of anything: its flows are between the
two hosts of the control flow, so that nobody hides others' by telling of them (RFC 2577 section 3).

An announcement holds for a while, and the oldest makes room: ANNOUNCED_MOST stand at a time, in groups by the hash of
the end they name. Behind them stands a bit for each port that was ever announced, since most flows begin at ports that
none was.
"""
from libc.stdlib cimport calloc, free
from libc.string cimport memchr, memcmp, memcpy, memset

from netwatch._fast.base.bytes cimport u8, u16, u32, u64, Slice, slice_of
from netwatch._fast.base.mix cimport load64, mix, mix_address
from netwatch._fast.flow.content cimport ANNOUNCED_TEXT, Announced, Dpi, facts_find, facts_forget
from netwatch._fast.flow.row cimport BIT_DPI_DONE, BIT_ENDED, BIT_INITIATOR_B, Cold, Row
from netwatch._fast.look.conns cimport conn_new
from netwatch._fast.look.dispatch cimport dpi_datagram, look_at
from netwatch._fast.look.protocol cimport Look, fact_add, fact_once
from netwatch._fast.look.registry cimport proto_at, proto_named
from netwatch._fast.wire.packet cimport FAMILY_NONE, Packet

cdef enum:
    GROUPS = 1024
    IN_GROUP = 4
    ANNOUNCED_MOST = 4096      # GROUPS * IN_GROUP
    SURE = 98                  # of a flow that somebody told of
    PATIENCE_S = 120           # a server gives up waiting for a data connection earlier
    SECOND = 1000000000
    PORT_BYTES = 65536 // 8


cdef Announced* group_of(Dpi* dpi, const u8* address, u16 port, u16 on) noexcept nogil:
    cdef u64 hash = mix(load64(address) ^ <u64>port << 32 ^ <u64>on << 48, load64(address + 8))
    return &dpi.announced[hash % GROUPS * IN_GROUP]


cdef inline u8* ports_of(Dpi* dpi) noexcept nogil:
    return <u8*>&dpi.announced[ANNOUNCED_MOST]


cdef inline bint was_announced(Dpi* dpi, u16 port) noexcept nogil:
    return ports_of(dpi)[port >> 3] >> (port & 7) & 1


cdef inline bint names_end(const Announced* a, const u8* address, u8 family, u16 port, u16 on) noexcept nogil:
    return a.until and a.port == port and a.on == on and a.family == family and memcmp(a.address, address, 16) == 0


cdef inline bint lives(const Dpi* dpi, u32 row, u64 key) noexcept nogil:
    """Does the row still belong to that flow, and does the flow go on?"""
    return dpi.colds[row].key == key and dpi.rows[row].family != FAMILY_NONE and not dpi.rows[row].bits & BIT_ENDED


cdef Announced* place_for(Look* look, u16 on, const u8* address, u16 port) noexcept nogil:
    """The announcement of this end, or the oldest of its group, which gives way."""
    cdef Announced* group = group_of(look.dpi, address, port, on)
    cdef Announced* oldest = group
    cdef int i
    for i in range(IN_GROUP):
        if names_end(&group[i], address, look.row.family, port, on):
            return &group[i]
        if group[i].until < oldest.until:
            oldest = &group[i]
    return oldest


cdef const u8* other_end(const Row* row, const u8* address) noexcept nogil:
    """With whom the host of this address speaks in the flow, NULL where it is none of the two."""
    if memcmp(row.a, address, 16) == 0:
        return row.b
    return row.a if memcmp(row.b, address, 16) == 0 else NULL


cdef void announce(Look* look, const char* app, u16 on, const u8* address, u16 port, u8 key,
                   Slice text) noexcept nogil:
    """A flow of the protocol `app` comes to this end: 16 bytes as in Row.a, of this flow's family; `on`: IP protocol.
    `text`, where it is not empty, becomes its fact `key`, now or when it has come. Said again of an end, it is the same
    flow as long as that goes on."""
    cdef Dpi* dpi = look.dpi
    cdef int proto = proto_named(app)
    cdef Announced* a
    cdef const u8* peer = NULL
    cdef u64* hosts
    if proto == 0 or port == 0:
        return
    if memchr(proto_at(proto).first, 1, 256) == NULL:
        peer = other_end(look.row, address)
        if peer == NULL:
            return
    if dpi.announced == NULL:
        dpi.announced = <Announced*>calloc(1, ANNOUNCED_MOST * sizeof(Announced) + PORT_BYTES)
        if dpi.announced == NULL:
            return
    a = place_for(look, on, address, port)
    if a.owner == look.cold.key and a.key and lives(dpi, a.row, a.key) and \
            names_end(a, address, look.row.family, port, on):
        tell(look, a, key, text)
        return
    ports_of(dpi)[port >> 3] |= 1 << (port & 7)
    memset(a, 0, sizeof(Announced))
    memcpy(a.address, address, 16)
    if peer != NULL:
        memcpy(a.peer, peer, 16)
        a.peered = True
    else:
        hosts = <u64*>&a.peer[0]
        hosts[0], hosts[1] = mix_address(look.row.a), mix_address(look.row.b)
    a.family = look.row.family
    a.port = port
    a.on = on
    a.proto = <u8>proto
    a.owner = look.cold.key
    a.owner_row = <u32>(look.row - dpi.rows)
    a.until = look.ts + <u64>PATIENCE_S * SECOND
    a.fact = key
    a.n = <u8>(text.n if text.n < ANNOUNCED_TEXT else ANNOUNCED_TEXT)
    memcpy(a.text, text.p, a.n)


cdef void tell(Look* look, const Announced* a, u8 key, Slice text) noexcept nogil:
    """What is told of a flow that has begun."""
    cdef Look other
    if text.n:
        look_at(&other, look.dpi, &look.dpi.rows[a.row], &look.dpi.colds[a.row], 0, look.ts, look.frame)
        other.proto = a.proto
        fact_once(&other, key, text.p, text.n)


cdef Announced* awaited(Dpi* dpi, const u8* address, u16 port, const u8* peer, const Row* row, u64 ts) noexcept nogil:
    """The announcement that holds for a flow of `peer` to this end, NULL when there is none. It comes once."""
    cdef Announced* group
    cdef int i
    if not was_announced(dpi, port):
        return NULL
    group = group_of(dpi, address, port, row.proto)
    for i in range(IN_GROUP):
        if names_end(&group[i], address, row.family, port, row.proto) and ts <= group[i].until and \
                group[i].key == 0 and not (group[i].peered and memcmp(group[i].peer, peer, 16)):
            return &group[i]
    return NULL


cdef Announced* awaited_at_either(Dpi* dpi, const Row* row, u64 ts) noexcept nogil:
    cdef Announced* a = awaited(dpi, row.a, row.pa, row.b, row, ts)
    return awaited(dpi, row.b, row.pb, row.a, row, ts) if a == NULL else a


cdef bint believed(const Announced* a, const Row* row) noexcept nogil:
    """Has one of the hosts of the control flow a part in this one?"""
    cdef const u64* hosts = <const u64*>&a.peer[0]
    cdef u64 one = mix_address(row.a), two = mix_address(row.b)
    return a.peered or one == hosts[0] or one == hosts[1] or two == hosts[0] or two == hosts[1]


cdef void announced_flow(Dpi* dpi, Row* row, Cold* cold, const Packet* pk) noexcept nogil:
    """A flow begins: if one told of it that is believed, the protocol that was named is asked first. A protocol that
    reads nothing has its bytes left alone."""
    cdef Announced* a = awaited_at_either(dpi, row, pk.frame.ts)
    cdef Look look
    if a == NULL or not believed(a, row):
        return
    a.key = cold.key
    a.row = <u32>(row - dpi.rows)
    look_at(&look, dpi, row, cold, pk.side, pk.frame.ts, pk.frame.n)
    if a.peered:
        tell_owner(&look, a.owner_row, a.owner)
    row.app = a.proto
    cold.confidence = SURE
    tell(&look, a, a.fact, slice_of(a.text, a.n))
    if proto_at(a.proto).parse == NULL:
        row.bits |= BIT_DPI_DONE
        return
    row.conn = conn_new(dpi)
    if row.conn != NULL:
        row.conn.proto = a.proto


cdef void announced_datagram(Dpi* dpi, Row* row, Cold* cold, const Packet* pk) noexcept nogil:
    """Show a datagram to who reads the flow, and write down who told of the flow when that was true."""
    cdef u8 before = row.app
    dpi_datagram(dpi, row, cold, pk)
    if before and row.app != before:
        facts_forget(dpi, cold, 0, 0)
    if dpi.announced != NULL and row.app and (was_announced(dpi, row.pa) or was_announced(dpi, row.pb)):
        accepted(dpi, row, cold, pk)


cdef void accepted(Dpi* dpi, Row* row, Cold* cold, const Packet* pk) noexcept nogil:
    """The flow speaks row.app: was it told so?"""
    cdef Announced* a = of_flow(dpi, row.a, row.pa, row, cold.key)
    cdef Look look
    cdef Slice known
    cdef bint proven
    if a == NULL:
        a = of_flow(dpi, row.b, row.pb, row, cold.key)
    proven = a == NULL
    if proven:                                  # by its bytes alone
        a = awaited_at_either(dpi, row, pk.frame.ts)
    if a == NULL or a.proto != row.app or a.owner == cold.key or facts_find(cold.facts, 0, ANNOUNCED_BY, &known):
        return
    look_at(&look, dpi, row, cold, pk.side, pk.frame.ts, pk.frame.n)
    tell_owner(&look, a.owner_row, a.owner)
    if proven:
        a.key = cold.key
        a.row = <u32>(row - dpi.rows)
        tell(&look, a, a.fact, slice_of(a.text, a.n))


cdef Announced* of_flow(Dpi* dpi, const u8* address, u16 port, const Row* row, u64 key) noexcept nogil:
    """The announcement that the flow with this key came by, NULL when there is none."""
    cdef Announced* group = group_of(dpi, address, port, row.proto)
    cdef int i
    for i in range(IN_GROUP):
        if group[i].key == key and names_end(&group[i], address, row.family, port, row.proto):
            return &group[i]
    return NULL


cdef void tell_owner(Look* look, u32 row, u64 key) noexcept nogil:
    """Which flow told of this one, as a fact of no protocol: it stands even when the flow turns out to be another's."""
    cdef const Row* owner = &look.dpi.rows[row]
    cdef ToldEnds ends
    cdef bint back = owner.bits & BIT_INITIATOR_B
    if look.dpi.forgetful or not lives(look.dpi, row, key):
        return
    memset(&ends, 0, sizeof(ToldEnds))
    memcpy(ends.a, &owner.b[0] if back else &owner.a[0], 16)
    memcpy(ends.b, &owner.a[0] if back else &owner.b[0], 16)
    ends.pa = owner.pb if back else owner.pa
    ends.pb = owner.pa if back else owner.pb
    ends.family = owner.family
    fact_add(look, ANNOUNCED_BY, <const u8*>&ends, sizeof(ToldEnds))


cdef void announced_free(Dpi* dpi) noexcept nogil:
    free(dpi.announced)
    dpi.announced = NULL
