"""SYNs that came where a connection lives, until it shows who is right."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.flow.row cimport Row, SHAKEN_CHALLENGED
from netwatch._fast.flow.table cimport Table
from netwatch._fast.wire.packet cimport Frame, Packet, PROTO_TCP

cdef struct Challenge:         # of one flow
    u64 key                    # Cold.key of the flow, 0 none
    u32 row                    # its number
    u64 n                      # ordinal of its frame
    u64 idle                   # ns that nothing had come for when it came
    u64 packets                # it and the same SYN again
    u64 bytes                  # of their frames, on the wire
    u32 goes_on                # segments of its sender since that follow it
    bint lives                 # the connection has gone on since
    Frame frame                # without its bytes
    Packet syn                 # its payload points behind `head`
    u8 head[60]                # of TCP

cdef struct Challenges:
    Challenge* items
    u32 cap                    # places, a power of two; 0 before the first SYN

cdef void challenge_note(Challenges* kept, Table* table, u32 number, Packet* pk) noexcept nogil
cdef bint challenge_taken(Challenges* kept, Table* table, u32 number, const Packet* pk, Challenge* taken) noexcept nogil
cdef void challenge_begun(Table* table, u32 number, const Challenge* c) noexcept nogil
cdef void challenge_forget(Challenges* kept, u64 key, u32 number) noexcept nogil


cdef inline bint is_challenged(const Table* table, const Row* row) noexcept nogil:
    """Does a SYN wait in the flow?"""
    return row.proto == PROTO_TCP and table.tcps[row.tcp].shaken & SHAKEN_CHALLENGED != 0
