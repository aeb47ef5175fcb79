"""Flows of ICMP (RFC 792) and ICMPv6 (RFC 4443)."""
from netwatch._fast.flow.row cimport Row
from netwatch._fast.wire.packet cimport PROTO_ICMP, PROTO_ICMP6


cdef inline bint is_icmp(const Row* row) noexcept nogil:
    return row.proto == PROTO_ICMP or row.proto == PROTO_ICMP6


cdef inline bint is_echo_flow(const Row* row) noexcept nogil:
    """Echo with an identifier: its round trips are kept in a TcpRow. Other ICMP keeps type and code there."""
    return is_icmp(row) and row.pa != 0
