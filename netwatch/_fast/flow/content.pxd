"""What an engine keeps of what its flows say: facts learnt, events to hand out, counts. Who reads the flows is not
known here: the engine registers them as Readers."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64, Slice
from netwatch._fast.flow.row cimport Row, Cold, Conn, Facts, TcpRow
from netwatch._fast.wire.packet cimport Packet

cdef enum:
    MAX_PROTOS = 128
    RING_BYTES = 134217728     # the most an event ring may hold
    FACT_HEAD = 4              # bytes of a fact before its value: protocol, key, length in little-endian order
    FACT_MORE = 249            # key of the facts that say of another how many values of it are not kept
    FACTS_IN_ALL = 536870912   # bytes of facts all flows of an engine may hold
    ANNOUNCED_TEXT = 200       # bytes kept of what was told of a flow before it came
    DNS_KEPT = 4096            # response times kept

cdef enum:                 # event kinds, and the bits of Dpi.want (1 << kind)
    EV_DNS = 0
    EV_HTTP = 1
    EV_CHUNK = 2           # contiguous bytes of a stream
    EV_PACKET = 3          # a packet row, for packet records
    EV_SEALED = 4          # what keys may open: bytes of a stream, or a datagram; extra bytes were lost before them
    EV_FRAME = 5           # a frame whose content only Python can read: HTTP/2's compressed headers
    EV_UNKNOWN = 6         # first bytes of a side that no protocol wanted
    EV_NAMES = 7           # a name and its addresses, see proto/sighting.pxd
    EV_LINKS = 8           # an address and its MAC, likewise
    EV_BEGUN = 9           # a flow between IP addresses began; no bytes
    EV_IDENTIFIED = 10     # what the flow speaks is known, or known better: Event.proto; no bytes

cdef struct Event:         # in the ring, followed by `size` bytes, padded to 8
    u32 size
    u16 kind
    u8 proto
    u8 side                # and 2 when it came out of the flow's encryption
    u64 ts
    u64 frame
    u64 key                # Cold.key of the flow: a row may be another's by the time the event is read
    u32 row
    u32 extra

cdef enum:                 # Event.extra
    SEALED_END = 0xffffffff    # of EV_SEALED: nothing more comes of the flow
    FRAME_OVER = 1             # of EV_FRAME: no frame follows that can be read

cdef struct Ring:
    u8* mem
    u64 cap
    u64 used
    u64 lost               # events that did not fit

cdef struct Announced:         # a flow that another one told of, see look/announced.pyx
    u8 address[16]             # of the end that waits for it
    u8 peer[16]                # where it must come from, when `peered`
    u64 until                  # ns; later it is not this flow any more
    u64 owner                  # Cold.key of the flow that told
    u64 key                    # Cold.key of the flow that came, 0 none yet
    u32 row                    # ... and its row
    u32 owner_row
    u16 port
    u16 on                     # its IP protocol
    u8 family
    u8 proto                   # registered protocol number that reads it
    u8 fact                    # key of what was told of it
    bint peered                # only the other end of the flow that told may come
    u8 n
    u8 text[ANNOUNCED_TEXT]

cdef struct Mark:              # an identifier that a flow gave an end, see look/migration.pyx
    u8 text[8]
    u8 address[16]             # of that end
    u64 ts                     # ns, when; 0: none
    u64 owner                  # Cold.key of the flow
    u32 owner_row
    u16 port

cdef struct Dpi:
    u32 want               # bits of the event kinds somebody listens to
    bint off               # --no-dpi
    bint forgetful         # nobody will ask for facts: only that there were some is kept
    Conn* spare            # Conns to use again, linked by state
    u32 spares
    Ring ring
    u64 facts_bytes        # held by all flows
    u64 facts_lost
    u64 malformed[MAX_PROTOS]
    u64 conns              # Conns alive
    u64 stream_bytes       # held by all of them
    u64 streams_dropped    # directions given up because a bound was reached
    u64 stream_gaps        # bytes never seen, all flows
    void* turns            # TurnList that wants what stations say of themselves; NULL none
    const u32* heard       # by protocol and key of a fact, who hears it (Heard.by_fact of turns.pxd); NULL: nobody
    Row* rows              # base of the Row array, to number a row
    Cold* colds
    u64* touched           # a bit for each row whose flow has learnt or forgotten something; NULL: nobody looks
    Announced* announced   # ANNOUNCED_MOST of them, NULL before the first
    Mark* marks            # MARKS_MOST of them, NULL before the first
    u64 dns_queries        # plain DNS (RFC 1035), unicast
    u64 dns_timed          # responses whose query was seen; the newest are kept, at number % DNS_KEPT
    u64 dns_at[DNS_KEPT]   # ns, when the response came
    u64 dns_ns[DNS_KEPT]   # how long after its query

cdef struct Readers:           # who reads what flows carry
    void (*segment)(Dpi*, Row*, Cold*, const TcpRow*, const Packet*) noexcept nogil    # a TCP segment
    void (*datagram)(Dpi*, Row*, Cold*, const Packet*) noexcept nogil                  # a UDP datagram
    void (*begun)(Dpi*, Row*, Cold*, const Packet*) noexcept nogil                     # the first of a flow
    void (*end)(Dpi*, Row*, Cold*, u64 ts, u64 frame) noexcept nogil                   # a flow that is read is over

cdef inline u8 app_of(const Row* row, const Cold* cold) noexcept nogil:
    """The protocol that claimed the flow, else the first that learnt something of it: facts begin with its number."""
    if row.app or cold.facts == NULL or cold.facts.used == 0:
        return row.app
    return (<const u8*>(cold.facts + 1))[0]

cdef inline void touch(Dpi* dpi, const Row* row) noexcept nogil:
    """What the flow of this row says has changed."""
    cdef u64 number
    if dpi.touched != NULL:
        number = <u64>(row - dpi.rows)
        dpi.touched[number >> 6] |= <u64>1 << (number & 63)

cdef Facts NOTHING             # stands for facts that were not kept
cdef u8* fact_room(Dpi* dpi, Cold* cold, int proto, u8 key, u32 n) noexcept nogil
cdef bint facts_find(const Facts* facts, int proto, int key, Slice* out) noexcept nogil  # the first value of a key
cdef bint facts_of(const Facts* facts, int proto) noexcept nogil            # has the protocol (0: any) stored one
cdef void facts_forget(Dpi* dpi, Cold* cold, int proto, int key) noexcept nogil   # what the protocol stored; key 0: all
cdef void facts_free(Dpi* dpi, Cold* cold) noexcept nogil
cdef u8* ring_put(Dpi* dpi, const Row* row, int kind, int proto, int side, u64 ts, u64 frame,
                  u32 extra, u32 n) noexcept nogil
