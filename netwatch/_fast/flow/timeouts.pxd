"""How long a flow may be idle, by its state."""
from netwatch._fast.base.bytes cimport u8
from netwatch._fast.flow.row cimport Row

cdef enum:                    # indices of Core.timeout, seconds; the names are in timeouts.TIMEOUTS
    TO_TCP_OPENING = 0
    TO_TCP_ESTABLISHED = 1
    TO_TCP_CONVERSING = 2     # established, and both sides have sent data
    TO_TCP_CLOSING = 3
    TO_TCP_TIME_WAIT = 4
    TO_TCP_CLOSED = 5
    TO_TCP_UNKNOWN = 6
    TO_UDP = 7
    TO_ICMP = 8
    TO_ARP = 9
    TO_SCTP = 10
    TO_OTHER = 11
    TO_QUIC_OPENING = 12
    TO_QUIC_CLOSED = 13
    TO_COUNT = 14

cdef int timeout_index(const Row* row) noexcept nogil
