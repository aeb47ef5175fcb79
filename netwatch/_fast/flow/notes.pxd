"""What is worth telling of flows and packets, noted while they go by: by an engine that has a Notes. See notes.pyx."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.flow.row cimport Row, Cold, TcpRow
from netwatch._fast.wire.packet cimport Packet

cdef enum:                     # what happened; words in notes.KINDS
    N_FIRST = 0                # the first flow to an address and port
    N_ENDED                    # the end of a large or long flow
    N_REFUSED                  # a SYN answered by a RST
    N_RESET
    N_UNANSWERED               # a SYN answered by nothing
    N_UNREACHABLE              # ICMP says so
    N_DNS_ERROR
    N_BURST                    # many segments of a flow sent again within a second
    N_ZERO_WINDOW
    N_COUNT
    N_NAME = 96                # bytes kept of a name
    N_KEPT = 1024              # notes of a kind, newest
    N_FINE = 3600              # seconds whose counts are kept one by one
    N_COARSE = 8640            # of N_COARSE_S each: 24 hours
    N_COARSE_S = 10
    N_FIRSTS = 65536           # endpoints remembered
    N_BURSTS = 1024            # flows watched for retransmissions at a time
    N_CLOSED = 4096            # flows whose reset was noted already

cdef struct Note:
    u64 ts                     # ns
    u64 flow                   # its number, 0 when the note stands for several
    u64 value                  # of N_ENDED bytes, of N_DNS_ERROR the type asked for; of several notes how many
    u64 span                   # of N_ENDED ns
    u32 row
    u16 sport
    u16 dport
    u16 proto
    u8 family
    u8 code                    # DNS response code, ICMP code, how a flow ended
    u8 by                      # 1: the responder did it
    u8 name_n
    u8 src[16]                 # initiator
    u8 dst[16]                 # responder
    char name[N_NAME]          # of the first question

cdef struct Kind:
    u64 second                 # that is being counted
    u32 given                  # notes in it
    u64 folded                 # and not noted one by one
    u64 total                  # since the beginning
    u64 noted                  # the newest is at (noted - 1) % N_KEPT
    Note notes[N_KEPT]

cdef struct Burst:
    u64 key                    # of the flow, 0 free
    u64 start
    u32 row
    u32 count

cdef struct Cell:
    u64 stamp                  # which second, or ten seconds, it holds
    u32 counts[N_COUNT]

cdef struct First:             # an endpoint that was met
    u8 address[16]
    u16 port
    u16 proto
    u32 older                  # of the same place, 0 none

cdef struct Noted:
    Kind kinds[N_COUNT]
    Burst bursts[N_BURSTS]
    Cell fine[N_FINE]
    Cell coarse[N_COARSE]
    First firsts[N_FIRSTS + 1]  # [1..], the oldest is replaced
    u32 firsts_at[N_FIRSTS]    # by hash, the newest of each
    u64 firsts_n               # remembered so far, the forgotten ones too
    u16 dns                    # the protocol whose errors are told
    u64 closed[N_CLOSED]
    u64 ended                  # flows that had ended when last looked
    u64 dns_responses          # plain DNS, unicast
    u64 dns_codes[16]          # by response code
    u64 tcp_packets
    u64 resent                 # TCP segments sent again

cdef void note_packet(Noted* n, const Packet* pk, const Row* row, const Cold* cold, const TcpRow* tcp,
                      u32 number) noexcept nogil
cdef void note_end(Noted* n, const Row* row, const Cold* cold, u32 number) noexcept nogil          # of a flow
cdef void end_burst(Noted* n, Burst* burst, const Row* row, const Cold* cold) noexcept nogil       # its second is over
cdef void fold(Kind* k) noexcept nogil         # its second is over

cdef class Notes:
    cdef Noted* noted
