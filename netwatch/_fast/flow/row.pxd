"""The flow rows: Row (hot, two cache lines), Cold (one line, touched less), TcpRow (TCP alone), Conn (while reading).

Everything with two entries is indexed by *side*: 0 is `a`, the numerically smaller end of the canonical key, 1 is `b`.
`initiator` says which side spoke first. A flow costs 192 bytes, 320 with TCP, plus 8 to 16 in the hash table.
"""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64, i32

cdef enum:                 # Row.bits
    BIT_INITIATOR_B = 1    # side b began the flow
    BIT_SEEN = 2           # ... and that was seen (SYN, a request), not guessed
    BIT_DPI_DONE = 4       # classifiers have nothing more to learn
    BIT_ENDED = 8          # no longer in the hash table
    BIT_REPLIED = 16       # both sides have spoken
    BIT_FRESH = 32         # not handed out yet
    BIT_TRIED_A = 64       # no classifier wanted what side a said
    BIT_TRIED_B = 128

cdef enum:                 # Row.state, names in flowtext.pyx
    ST_NONE = 0
    ST_SYN_SENT = 1
    ST_SYN_RECV = 2
    ST_ESTABLISHED = 3
    ST_FIN_WAIT1 = 4
    ST_FIN_WAIT2 = 5
    ST_CLOSE_WAIT = 6
    ST_CLOSING = 7
    ST_LAST_ACK = 8
    ST_TIME_WAIT = 9
    ST_CLOSED = 10
    ST_TCP_UNKNOWN = 11    # joined in the middle, state not yet clear
    ST_UDP_ACTIVE = 12     # shown IDLE and STALE by age
    ST_ECHO_REQUEST = 13
    ST_ECHO_REPLY = 14
    ST_ICMP = 15
    ST_ARP_REQUEST = 16
    ST_ARP_REPLY = 17
    ST_DNS_QUERY = 18
    ST_DNS_RESPONSE = 19
    ST_SCTP_INIT = 20
    ST_SCTP_ESTABLISHED = 21
    ST_SCTP_SHUTDOWN = 22
    ST_SCTP_CLOSED = 23
    ST_ACTIVE = 24         # any other protocol
    ST_QUIC_INITIAL = 25
    ST_QUIC_0RTT = 26
    ST_QUIC_RETRY = 27
    ST_QUIC_HANDSHAKE = 28
    ST_QUIC_CONNECTED = 29
    ST_QUIC_DRAINING = 30
    ST_QUIC_CLOSED = 31
    ST_DHCP = 32           # from here on: what a protocol over UDP said last; of DHCP its message types 1 to 8
    ST_DHCPV6_REQUEST = 40
    ST_DHCPV6_REPLY = 41
    ST_NTP_REQUEST = 42
    ST_NTP_RESPONSE = 43
    ST_SNMP_REQUEST = 44
    ST_SNMP_RESPONSE = 45
    ST_SNMP_TRAP = 46
    ST_STUN_REQUEST = 47
    ST_STUN_RESPONSE = 48
    ST_STUN_ERROR = 49
    ST_STUN_INDICATION = 50
    ST_SSDP_SEARCH = 51
    ST_SSDP_NOTIFY = 52
    ST_SSDP_RESPONSE = 53
    ST_TFTP_REQUEST = 54
    ST_TFTP_TRANSFER = 55
    ST_TFTP_ERROR = 56
    ST_RADIUS_REQUEST = 57
    ST_RADIUS_RESPONSE = 58
    ST_COAP_REQUEST = 59
    ST_COAP_RESPONSE = 60
    ST_NETBIOS_QUERY = 61
    ST_NETBIOS_RESPONSE = 62
    ST_COUNT = 63

cdef enum:                 # Cold.ended
    END_NO = 0
    END_FIN = 1
    END_RST = 2
    END_TIMEOUT = 3
    END_EVICTED = 4
    END_INPUT = 5
    END_REUSED = 6         # the same 5-tuple began anew; reported as "timeout" or "fin" by its state

cdef enum:                 # of Row.acked of what is not TCP, by side
    SUM_RIGHT = 0x20000000  # a right checksum of UDP was seen
    HEAD_WRONG = 0x40000000  # the first IPv4 header did not add up
    SUM_BITS = 0x60000000

cdef enum:                 # Conn.found
    FOUND_NOBODY = 255

cdef enum:                 # TcpRow.dup_run
    DUPS = 63
    OFFERED = 64           # TcpRow.window is of no SYN, whose window has no scale
    STAMPED = 128          # its SYN had a timestamp

cdef enum:                 # TcpRow.shaken
    SHAKEN_CHALLENGED = 128  # a SYN waits (challenged.pxd)

cdef enum:                 # Half.open
    OPEN_KNOWN = 1         # its SYN was seen
    OPEN_GUESSED = 2       # joined in the middle

cdef enum:                 # Half.held
    HELD_NOTHING = 0
    HELD_BACK = 1          # the first of `early` is next, but its sender had heard what is not here yet
    HELD_IN_VAIN = 2       # ... and what it had heard, up to `heard`, did not come
    HELD_NO_MORE = 3       # the flow ends

cdef enum:                 # Conn.agreed
    AGREED_NOTHING = 0
    AGREED_WEBSOCKET = 1   # RFC 6455 section 4

cdef struct Row:
    u8 a[16]
    u8 b[16]
    u16 pa
    u16 pb
    u16 proto              # PROTO_*
    u16 path               # interned Encap of what side a sends; Cold.back is side b's
    u64 last               # ns, of the newest frame
    u64 packets[2]
    u64 bytes[2]           # frame bytes on the wire
    u64 payload[2]         # transport payload bytes, retransmissions left out
    u32 nxt[2]             # TCP: one past the highest sequence number sent by the side
    u32 acked[2]           # TCP: highest acknowledgement number sent by the side; else SUM_* beside a reader's own
    Conn* conn             # NULL when nobody reads the flow's content
    u32 tcp                # TCP, ICMP echo: its TcpRow; other ICMP: type * 256 + code; link layer: type; QUIC: idle s
    u8 state               # ST_*
    u8 bits                # BIT_*
    u8 app                 # registered protocol number of dpi.pxd, 0 unknown
    u8 family              # FAMILY_*

cdef struct Cold:
    u64 first              # ns
    u64 key                # frame number * 16 + depth of the first frame: unique, in order of first frame
    u64 id                 # dense, in order of first frame; given when the flow is handed out
    Facts* facts           # what the classifiers learnt, NULL none
    u32 next               # links: timer wheel bucket while live, history list when ended
    u32 prev               # ... and back; of the first in a bucket: WHEEL_HEAD | bucket
    u32 now[2]             # bytes in packet-time second `second`
    u16 rate[2]            # bytes/s of the second before it, packed as rates.pxd does
    u16 peak[2]            # largest such, packed
    u16 second             # low 16 bits of a packet-time second
    u16 back               # interned Encap of what side b sends; that of the other side until it does
    u8 ttl[2]              # first seen of each side
    u8 confidence          # of the app, 0..100
    u8 ended               # END_*

cdef struct Odd:           # the newest segment that acknowledged what its receiver never sent
    u32 ack
    u32 seq

cdef union Shaking:        # one is of no use any more when the other is first
    u64 mark               # before the handshake's final ACK: ns, of the SYN (or, without one, of the SYN/ACK)
    Odd odd                # from then on

cdef struct TcpRow:        # two cache lines exactly: look_ahead() asks for both
    Shaking shaking
    u64 sample_ts[2]       # ns, when the side's timed segment left; 0 none pending
    u32 sample_end[2]      # the acknowledgement that covers it
    u32 rtt_us             # handshake, 0 unknown
    u32 srtt_us[2]         # smoothed data-to-ACK time of data sent by the side
    u32 isn[2]
    u32 retrans[2]
    u32 disorder[2]        # out-of-order segments
    u32 dup_acks[2]
    u16 spurious[2]        # retransmissions of what had been acknowledged; saturates at 65535
    u16 fast[2]            # retransmissions after three duplicate ACKs; saturates
    u16 zero_window[2]     # saturates
    u16 window[2]
    u16 mss[2]
    u8 wscale[2]           # shift + 1, 0 none
    u8 flags[2]            # union of flags seen
    u8 dup_run[2]          # duplicate acknowledgements of late, up to DUPS; STAMPED, OFFERED
    u8 shaken              # 1 SYN, 2 SYN/ACK, 4 final ACK seen; 8, 16 SACK offered by side a, b; 32, 64 sums; SHAKEN_*
    u8 fins                # 1, 2: FIN by side a, b; 4, 8: that FIN acknowledged; 16: SYNs signed; 32, 64: NONE_RIGHT
    u32 hole[2]            # start of the newest unfilled jump in the side's sequence numbers
    u32 hole_end[2]
    u32 hole_ms[2]         # when it opened, ms since the flow's first frame; without a jump: TS.Recent, see is_timely()

cdef struct Facts:         # a growing list of (protocol, key, length, bytes)
    u32 used
    u32 cap
    u32 heard              # who may want to hear one of them, see flow/turns.pxd: bits of Heard.by_fact
    # `cap` bytes follow

cdef struct Segment:       # bytes that came too early
    u32 seq
    u32 n
    u32 ack                # what its sender had heard
    u8 acks                # ... where it said so
    u8 doubt               # outside the receive window when it came
    u64 ts                 # ns, when it came
    u64 frame
    Segment* next
    # n bytes follow

cdef struct Half:          # one direction of a TCP stream
    u32 next               # sequence number of the next byte to deliver
    u32 fin                # sequence number of the FIN
    u8 open                # OPEN_*: a first byte (or SYN) has been seen; 0 not yet
    u8 has_fin
    u8 dead                # nothing more is read from this side
    u8 tried               # detection said no for good
    u16 waiting            # frames of the flow since the hole opened and was acknowledged
    u16 early_n
    u8* buf                # delivered, not yet used by the parser
    u32 len
    u32 cap
    u32 need               # do not call the parser before `len` reaches this
    u32 early_bytes
    u16 astray             # segments that will still be asked for a message's start, after a hole; 0: it is not lost
    u16 held               # HELD_*
    u32 heard              # the acknowledgement that HELD_IN_VAIN is about
    u64 skip               # bytes the parser does not want to see
    u64 offset             # stream offset of buf[0]
    Segment* early         # sorted by sequence number, no overlaps
    u64 gaps               # bytes never seen

cdef struct Conn:          # a flow of datagrams touches the first cache line only
    void* state            # the parser's own
    u16 proto              # who reads: registered protocol number, 0 undecided
    u8 changes             # how often it went back to undecided
    u8 heard               # 1, 2: what side a, b said first agrees with the protocol
    u8 below               # the flow's app before the one that reads now
    u8 agreed              # AGREED_*: what the two sides said they would speak next
    u8 met                 # MUX_* of proto/mux.pxd: kinds of datagram that have left facts
    u8 found               # who is surest of the bytes about to be read; 0 not asked yet, FOUND_NOBODY asked in vain
    Half half[2]


cdef inline u16 shown_path(const Row* row, const Cold* cold) noexcept nogil:
    """What lies around the packets of who began the flow."""
    return cold.back if row.bits & BIT_INITIATOR_B else row.path

cdef inline u8 tried_bit(int side) noexcept nogil:
    return BIT_TRIED_B if side else BIT_TRIED_A

cdef inline bint closed(const Half* half) noexcept nogil:
    """All bytes of the side were delivered, up to its FIN."""
    return half.has_fin and half.next == half.fin
