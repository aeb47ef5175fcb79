"""The protocol contract: what a protocol file in proto/ gives, and what it is given.

A protocol is one Proto: a name, the transports it runs on, the bytes it may begin with, and three functions.

detect(look, data)   how sure are we that this is the protocol, from the first bytes of one direction (TCP) or one
                     datagram: 0 no .. 100 certain, or DETECT_MORE when the bytes so far fit but do not suffice. It must
                     not depend on more than the bytes and the look, and must say DETECT_MORE only below 64 bytes.
parse(look, data)    called with the contiguous bytes not yet used of one direction, first byte at look.offset. Sets
                     look.used to how many it is done with (whole units only), and, when it wants to wait,
                     look.need to the length that would let it go on; look.skip says how many bytes after the used
                     ones it does not want to see. It returns a PARSE_ code. For a datagram protocol every call has
                     one datagram. look.state is its own, made by it with calloc, freed by `free`.
lost(look, n)        n bytes of the direction were never seen; returns PARSE_OK to go on after them (a hole in a body
                     of known length), PARSE_ASTRAY where the next message's beginning is to be looked for, PARSE_DONE
                     to give the flow up with what is known, PARSE_NOT_MINE to give it back. NULL means PARSE_ASTRAY
                     for a protocol that has `resync`, PARSE_DONE for another.
resync(look, data)   the direction is astray: does a message begin with these bytes? Asked at the start of every segment
                     that follows the hole, so many times; what it refuses is passed over. 0 no, 1 yes, DETECT_MORE.
                     With a yes it has set its own state to a message's start, with nothing pending of what was lost,
                     and parse is called with these bytes. It must be sure: what it takes for a message is believed.
                     `heard` says how much of the other side's words an answer can answer. May be NULL.
agrees(look, data)   the protocol was named by what one side said; these are the other side's first bytes: can they be
                     of it? 0 no: the verdict falls, what was learnt is forgotten, these bytes are shown to all;
                     1 yes; DETECT_MORE below 64 bytes. Asked before parse sees them. NULL means: unless the server
                     begins as another protocol certainly does, and this one does not.
closing(look)        the flow ends: report what is pending. May be NULL.

The invariant: for any bytes, cut in any way, parse returns one of its codes, reads only inside the slice, allocates no
more than its bound, and what it learns does not depend on how the bytes were cut.
"""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64, i32, i64, Slice
from netwatch._fast.flow.row cimport Row, Cold, Conn, Facts, Half, BIT_INITIATOR_B, BIT_SEEN
from netwatch._fast.flow.content cimport (DNS_KEPT, Dpi, EV_BEGUN, EV_CHUNK, EV_DNS, EV_FRAME, EV_HTTP, EV_LINKS,
                                          EV_NAMES, EV_PACKET, EV_SEALED, EV_UNKNOWN, Event, FACTS_IN_ALL, FRAME_OVER,
                                          MAX_PROTOS, NOTHING, RING_BYTES, Readers, Ring, SEALED_END, fact_room,
                                          facts_find, facts_forget, facts_free, facts_of, ring_put, touch)

cdef extern from * nogil:
    """
    #include <stdlib.h>
    #include <string.h>
    /* calloc of one, out of what the thread freed last, which glibc's calloc passes by. The empty statement keeps the
       compiler from making a calloc of it again. */
    static inline void *nw_zeroed(size_t n) {
        void *p = malloc(n);
        __asm__("" : "+r"(p));
        return p ? memset(p, 0, n) : p;
    }
    """
    void* zeroed "nw_zeroed"(size_t n) noexcept

cdef enum:
    ON_TCP = 1             # Proto.on
    ON_UDP = 2
    ON_PACKETS = 4         # whole packets of Proto.carrier, which have no ports
    DETECT_MORE = -1
    TRAIT_CARRIES_TLS = 1  # what its handshake chose stands under tls, as a TLS flow's does
    TRAIT_OPAQUE = 2       # its bytes say nothing to people as they stand
    TRAIT_STREAMS = 4      # it has streams of its own, which are shown instead of what they are cut into
    TRAIT_AT_ONCE = 8      # its answers tell of flows that begin now: they wait for nothing (look/answers)

cdef enum:
    PARSE_OK = 0           # used what it could; call again when there is more
    PARSE_MORE = 1         # the same, and what is left is the start of a unit
    PARSE_MALFORMED = 2    # it is the protocol, but broken: counted, the flow keeps its name and is left alone
    PARSE_NOT_MINE = 3     # the detection was wrong: the flow goes back to undecided
    PARSE_DONE = 4         # nothing more to learn from this flow
    PARSE_ASTRAY = 5       # of `lost` alone: where the side's next message begins is not known

cdef struct Look:          # what a parser is given
    Dpi* dpi
    int proto              # the number the protocol was registered under
    Row* row
    Cold* cold
    Conn* conn             # NULL while detecting a datagram
    void** state           # the parser's own memory for this flow, NULL at first
    u64 ts                 # ns, of the frame that completed the bytes
    u64 frame              # its ordinal
    u64 offset             # stream offset of the first byte of data
    int side               # 0 or 1, as in Row
    bint client            # the side is the initiator
    bint datagram
    bint fin               # no byte will follow these
    bint inner             # the bytes came out of the flow's encryption
    u32 used               # answers of parse
    u32 need
    u64 skip

cdef struct Proto:
    const char* name                                              # app name of CONTRACT section 3
    u8 on                                                         # ON_TCP | ON_UDP, or ON_PACKETS
    u8 first[256]                                                 # 1 where a first byte can begin the protocol
    int (*detect)(Look*, Slice) noexcept nogil
    int (*parse)(Look*, Slice) noexcept nogil
    int (*lost)(Look*, u64) noexcept nogil
    int (*resync)(Look*, Slice) noexcept nogil
    int (*agrees)(Look*, Slice) noexcept nogil
    void (*closing)(Look*) noexcept nogil
    void (*free)(void*) noexcept nogil
    u8 traits                  # TRAIT_*
    u8 yields                  # how sure another must be of what its server says, which cannot be its own; 0 very sure
    u8 late                    # how sure detect must be for the protocol to follow bytes that nobody knew; 0 never does
    u16 ports[4]               # its own, UDP: an undecided flow there is asked at every datagram; 0 none
    u16 carrier                # ON_PACKETS: the PROTO_* of wire/packet.pxd whose packets it reads
    u32 timeout                # s that a flow may be idle, 0: as its state says
    bint (*join)(Conn*) noexcept nogil     # take a flow that keys tied to another as a further path of it, or NULL
    bint (*path)(Slice) noexcept nogil     # could the datagram belong to such a path? NULL where join is

cdef inline void reads(Proto* p, const char* name, u8 on, int (*detect)(Look*, Slice) noexcept nogil,
                       int (*parse)(Look*, Slice) noexcept nogil) noexcept nogil:
    """What every protocol must have; the rest of a Proto is zero until it is set."""
    p.name, p.on, p.detect, p.parse = name, on, detect, parse

cdef inline void begins_with(Proto* p, const char* heads) noexcept nogil:
    """The bytes that it may begin with, as a text."""
    while heads[0]:
        p.first[<u8>heads[0]] = 1
        heads += 1

# what a protocol file calls; all are no-ops when a bound is reached, and count what they dropped
cdef u8* event(Look* look, int kind, u32 extra, u32 n) noexcept nogil       # room for n bytes in the ring, or NULL
cdef void sealed(Look* look, const u8* p, u32 n, u32 extra) noexcept nogil  # an EV_SEALED event of n bytes

cdef inline void dns_counted(Look* look, bint response, u64 ns) noexcept nogil:
    """A plain DNS message was read; `ns` after its query, 0 when that is not known."""
    look.dpi.dns_queries += not response
    if ns:
        look.dpi.dns_at[look.dpi.dns_timed % DNS_KEPT] = look.ts
        look.dpi.dns_ns[look.dpi.dns_timed % DNS_KEPT] = ns
        look.dpi.dns_timed += 1

cdef void more_than_kept(Look* look, u8 key, const u8* p, u32 n) noexcept nogil  # look.cold.facts is not NULL
cdef void store_add(Look* look, u8 key, const u8* p, u32 n) noexcept nogil
cdef void store_once(Look* look, u8 key, const u8* p, u32 n) noexcept nogil
cdef void store_set(Look* look, u8 key, const u8* p, u32 n) noexcept nogil

cdef inline void fact_add(Look* look, u8 key, const u8* p, u32 n) noexcept nogil:
    """Append a value; several of one key may stand."""
    if look.dpi.forgetful:
        look.cold.facts = &NOTHING
    else:
        store_add(look, key, p, n)

cdef inline void fact_once(Look* look, u8 key, const u8* p, u32 n) noexcept nogil:
    """Append a value unless the key stands already."""
    if look.dpi.forgetful:
        look.cold.facts = &NOTHING
    else:
        store_once(look, key, p, n)

cdef inline void fact_set(Look* look, u8 key, const u8* p, u32 n) noexcept nogil:
    """Replace the key's value where it has the same length, else append."""
    if look.dpi.forgetful:
        look.cold.facts = &NOTHING
    else:
        store_set(look, key, p, n)

cdef inline void fact_number(Look* look, u8 key, u64 value) noexcept nogil:
    """fact_set of 8 bytes, native order."""
    fact_set(look, key, <const u8*>&value, 8)

cdef inline void fact_drop(Look* look, u8 key) noexcept nogil:
    """Forget what stands under the key."""
    facts_forget(look.dpi, look.cold, look.proto, key)
    touch(look.dpi, look.row)

cdef inline u64 heard(const Look* look) noexcept nogil:
    """How far into the other side's stream (as Look.offset counts there) the side speaking had acknowledged by now: it
    answers nothing beyond. More than was shown of that stream when bytes are missing there. The largest number where
    nothing says so: in a one-sided capture, in decrypted bytes."""
    cdef const Half* other = &look.conn.half[1 - look.side]
    cdef i64 at = <i64>(other.offset + other.len) + <i32>(look.row.acked[look.side] - other.next)
    if look.inner or not other.open:
        return <u64>-1
    return <u64>at if at > 0 else 0

cdef inline void last_said(Look* look, int state) noexcept nogil:
    """A datagram of that kind (ST_*) was the flow's last, which is its state while the flow goes by this protocol."""
    if look.datagram and not look.inner and look.row.app == look.proto:
        look.row.state = <u8>state

cdef inline bint has_state(Look* look, size_t size) noexcept nogil:
    """Make the parser's own memory of the flow, zeroed, where it has none yet; False without memory."""
    if look.state[0] == NULL:
        look.state[0] = zeroed(size)
    return look.state[0] != NULL

cdef inline bint learnt(const Look* look) noexcept nogil:
    """Has any protocol stored a fact of the flow?"""
    return look.cold.facts == &NOTHING or facts_of(look.cold.facts, 0)

cdef inline int misfit(Look* look) noexcept nogil:
    """What parse answers to a datagram that is not the protocol's: of a flow that has told something a broken one."""
    if not learnt(look):
        return PARSE_NOT_MINE
    look.dpi.malformed[look.proto] += 1
    return PARSE_OK

cdef inline bint verdict_only(const Look* look, u32 kinds) noexcept nogil:
    """Nobody will ask what a flow said, in facts or in events of these kinds (bits of Dpi.want), only which protocol it
    is, and how often it was broken: the rest may be left out. What decides those two must not be."""
    return look.dpi.forgetful and not look.dpi.want & kinds

cdef inline bint wants(const Look* look, int kind) noexcept nogil:
    """True when somebody listens to events of the kind; making one otherwise is wasted work."""
    return (look.dpi.want >> kind) & 1

cdef inline void set_initiator(Look* look, bint client) noexcept nogil:
    """The content shows that the side speaking is (or is not) the client; better than a guess, not than a SYN."""
    if look.row.bits & BIT_SEEN:
        return
    if (look.side == 1) == client:
        look.row.bits |= BIT_INITIATOR_B
    else:
        look.row.bits &= <u8>~BIT_INITIATOR_B
    look.row.bits |= BIT_SEEN
    touch(look.dpi, look.row)
