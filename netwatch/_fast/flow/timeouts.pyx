"""How long a flow may be idle before it ends, by its state; a protocol may have a time of its own (Proto.timeout)."""
from netwatch._fast.flow.row cimport *
from netwatch._fast.wire.packet cimport PROTO_ARP, PROTO_ICMP, PROTO_ICMP6, PROTO_SCTP, PROTO_TCP, PROTO_UDP

# defaults in seconds, by name of the configuration key, in the order of TO_*
TIMEOUTS = {
    "tcp_opening": 60, "tcp_established": 300, "tcp_conversing": 600, "tcp_closing": 60, "tcp_time_wait": 30,
    "tcp_closed": 5, "tcp_unknown": 120, "udp": 60, "icmp": 10, "arp": 30, "sctp": 300, "other": 60,
    "quic_opening": 60, "quic_closed": 10,
}
assert len(TIMEOUTS) == TO_COUNT


cdef int timeout_index(const Row* row) noexcept nogil:
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
