"""How long a flow may be idle, by its state."""
from netwatch._fast.base.bytes cimport u8
from netwatch._fast.flow.row cimport (Row, ST_CLOSED, ST_CLOSING, ST_ESTABLISHED, ST_QUIC_CLOSED, ST_QUIC_HANDSHAKE,
                                      ST_QUIC_INITIAL, ST_SYN_RECV, ST_TCP_UNKNOWN, ST_TIME_WAIT)
from netwatch._fast.wire.packet cimport PROTO_ARP, PROTO_ICMP, PROTO_ICMP6, PROTO_SCTP, PROTO_TCP, PROTO_UDP

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


cdef inline int timeout_index(const Row* row) noexcept nogil:
    cdef u8 state = row.state
    if row.proto == PROTO_UDP:
        if ST_QUIC_INITIAL <= state < ST_QUIC_HANDSHAKE:
            return TO_QUIC_OPENING
        return TO_QUIC_CLOSED if state == ST_QUIC_CLOSED else TO_UDP
    if row.proto != PROTO_TCP:
        if row.proto == PROTO_ARP:
            return TO_ARP
        if row.proto == PROTO_SCTP:
            return TO_SCTP
        return TO_ICMP if row.proto == PROTO_ICMP or row.proto == PROTO_ICMP6 else TO_OTHER
    if state == ST_ESTABLISHED:
        return TO_TCP_CONVERSING if row.payload[0] and row.payload[1] else TO_TCP_ESTABLISHED
    if state <= ST_SYN_RECV:
        return TO_TCP_OPENING
    if state == ST_TIME_WAIT or state == ST_CLOSING:
        return TO_TCP_TIME_WAIT
    if state == ST_CLOSED:
        return TO_TCP_CLOSED
    return TO_TCP_UNKNOWN if state == ST_TCP_UNKNOWN else TO_TCP_CLOSING
