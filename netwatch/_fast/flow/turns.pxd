"""Turns of flows, for detectors: one began, was answered, refused, has carried much, what it said. See turns.pyx."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.base.mix cimport prefetch
from netwatch._fast.flow.content cimport Dpi, EV_CHUNK
from netwatch._fast.flow.stalls cimport Pulses
from netwatch._fast.flow.row cimport BIT_DPI_DONE, Row, Cold, ST_DNS_QUERY, TcpRow
from netwatch._fast.wire.packet cimport Packet

cdef enum:                     # Turn.what
    TURN_BEGAN = 0             # the first packet; of TCP a SYN
    TURN_OPENED                # TCP: the handshake is complete
    TURN_ANSWERED              # not TCP: the responder's first packet
    TURN_REFUSED               # a SYN was answered by a RST
    TURN_ABORTED               # a RST before the handshake was complete
    TURN_CARRIED               # another CARRIED bytes of payload of one side
    TURN_CLOSED                # TCP: both sides are done, or one has reset
    TURN_TOLD                  # all that it will say of itself is known; its facts follow, `value` is who hears them
    TURN_DUE                   # likewise, at its end; `ts` is when it had been idle for too long
    TURN_LINK                  # what a station says of itself: an event of EV_LINKS follows
    TURN_PROBED                # TCP that began with no SYN and carried nothing was answered by a RST; src sent it
    TURN_ASKED                 # a datagram asks DNS for a long name, which follows as a fact
    TURN_GREETED               # from here on only for who diagnoses. TCP: a SYN was answered by a SYN/ACK
    TURN_REPLIED               # the responder's first payload after the initiator's; `value` ns; `code` 1: PULSE_HURT
    TURN_RESENT                # a segment again; `value` packets of its side since the last such, `code` RESENT_*
    TURN_SHUT                  # a window is still shut, after SHUT_NS; `value` ns
    TURN_READ                  # and is open again; `value` ns that it was shut
    TURN_NAMED                 # a DNS response; `value` ns since the query, 0 unknown, `code` RCODE; the name follows
    CLOSES_COUNT = 1
    CLOSES_FACTS = 2           # and asks what they said, which follows
    ASKED_LEAST = 30           # bytes of a name asked of DNS, at least, that somebody hears
    CARRIED_BITS = 20          # 1 MiB
    TURN_BYTES = 33554432      # the most that waits for whoever looks
    PICKS = 8

cdef struct Turn:
    u32 size                   # of the turn and its facts, a multiple of 8
    u32 row
    u64 ts                     # ns
    u64 frame
    u64 key                    # Cold.key
    u64 id                     # its number, 0 not yet given
    u64 first                  # ns, of its first frame
    u64 payload[2]             # bytes, of the initiator and the responder
    u64 value
    u8 src[16]                 # initiator
    u8 dst[16]                 # responder
    u32 facts                  # bytes of them
    u16 sport
    u16 dport
    u16 proto
    u8 family
    u8 app
    u8 what
    u8 spoke                   # 1: the packet is the responder's
    u8 code
    u8 shard                   # whose it is, among those looked at
    u16 times                  # how often the same segment was sent again
    u16 path                   # interned Encap around it
    u32 rtt_us                 # of the handshake, 0 unknown

cdef struct Pick:              # of a fact that is a number of two bytes: which of them somebody hears
    u8 app
    u8 key
    u32 bit
    u8 numbers[8192]           # big-endian as in the fact, a bit each

cdef struct Heard:             # what flows may say, and who hears it: a bit each
    u32 by_app[256]            # application of the flow
    u32 by_fact[256][256]      # protocol and key of a fact
    u32 any_fact               # or whatever they are
    u8 closes[256]             # application of the flow: whether somebody counts those that close, CLOSES_*
    u8 asked                   # 1: somebody counts the long names that DNS is asked for
    u8 name[2]                 # protocol and key of the fact that tells of one
    u32 n_picks
    Pick picks[PICKS]          # of whoever hears only some numbers of a fact

cdef struct TurnList:
    u8* mem
    u64 used
    u64 cap
    u64 lost                   # found no room
    Pulses* pulses             # NULL: nobody diagnoses
    Heard heard

cdef struct Mark:              # what a packet may change
    u8 state
    u8 bits
    bint over                  # the reading was
    u64 payload                # of the packet's side
    u64 dns                    # responses that were timed; of who diagnoses

cdef inline void facts_near(const TurnList* turns, const Cold* cold) noexcept nogil:
    """The flow will end soon: turn_end() reads what it said."""
    if turns != NULL and cold.facts != NULL:
        prefetch(cold.facts)
        prefetch(<const u8*>cold.facts + 64)
        prefetch(<const u8*>cold.facts + 128)

cdef inline bint reading_is_over(const Row* row, const Dpi* dpi) noexcept nogil:
    """Has the flow's protocol read all that it wants? The bytes of the flow may be shown to others all the same."""
    if row.bits & BIT_DPI_DONE:
        return True
    return dpi.want >> EV_CHUNK & 1 and row.conn != NULL and row.conn.half[0].dead and row.conn.half[1].dead

cdef inline void turn_mark(const TurnList* turns, Mark* mark, const Row* row, const Dpi* dpi,
                           const Packet* pk) noexcept nogil:
    mark.state, mark.bits, mark.payload = row.state, row.bits, row.payload[pk.side]
    mark.over = reading_is_over(row, dpi)
    mark.dns = dpi.dns_timed if turns.pulses != NULL else 0

cdef inline bint turn_nothing(const TurnList* turns, const Mark* mark, const Row* row, const Dpi* dpi,
                              const Packet* pk) noexcept nogil:
    """Did the packet surely change nothing? As most do not, and nobody diagnoses."""
    cdef int s = pk.side
    return (turns.pulses == NULL and row.state == mark.state and row.bits == mark.bits and row.packets[s] != pk.count
            and (row.payload[s] ^ mark.payload) >> CARRIED_BITS == 0
            and (mark.over or not reading_is_over(row, dpi)) and not (turns.heard.asked and row.state == ST_DNS_QUERY))

cdef void turn_packet(TurnList* turns, const Mark* mark, const Row* row, const Cold* cold, const TcpRow* tcp,
                      const Dpi* dpi, const Packet* pk, u32 number) noexcept nogil     # after it was accounted for
cdef void turn_link(TurnList* turns, const Row* row, const Cold* cold, u32 number, u64 ts, u64 frame, const u8* told,
                    u32 n) noexcept nogil
cdef void turn_end(TurnList* turns, const Row* row, const Cold* cold, u32 number, u64 due, u64 frame) noexcept nogil

cdef class Turns:
    cdef TurnList* list
