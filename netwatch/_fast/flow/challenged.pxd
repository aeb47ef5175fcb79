"""SYNs that came where a connection lives, until it shows who is right."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.flow.row cimport Row
from netwatch._fast.wire.packet cimport Frame, Packet

cdef enum:
    CHALLENGES = 512           # flows of which a SYN waits, at most; of two in one place the newer one does

cdef struct Challenge:
    u64 key                    # Cold.key of the flow
    u64 n                      # ordinal of its frame
    Frame frame                # without its bytes
    Packet syn                 # its payload points behind `head`
    u8 head[60]                # of TCP

cdef bint challenge_note(Challenge** kept, u32 number, u64 key, const Packet* pk) noexcept nogil
cdef Challenge* challenge_taken(Challenge* kept, u32 number, u64 key, const Row* row, const Packet* pk) noexcept nogil
