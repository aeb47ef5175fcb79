"""The service of a flow by its ports, as a code that stands for transport and port; names are not known here.

It is the responder's port's; where that one has no name and the initiator's has, that one's (a flow joined in the
middle may have its ends the wrong way round). enrich.pyx says the same of records.
"""
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u8, u16, u64
from netwatch._fast.flow.row cimport Row
from netwatch._fast.wire.packet cimport PROTO_SCTP, PROTO_TCP, PROTO_UDP, PROTO_UDPLITE
from netwatch._fast.wire.ports cimport has_ports

cdef enum:
    PORTS = 65536
    EPHEMERAL = 32768          # from this port on a client's own says nothing

cdef u8 NAMED[3 * PORTS]       # 1: the code has a name


cdef inline u64 service_of(u16 proto, u16 port) noexcept nogil:
    if proto == PROTO_TCP:
        return port
    if proto == PROTO_UDP or proto == PROTO_UDPLITE:
        return PORTS + port
    return 2 * PORTS + port if proto == PROTO_SCTP else 0


cdef u64 service_of_row(const Row* row, int initiator) noexcept nogil:
    """The code of the flow whose initiator is that side; 0 for a transport without ports."""
    cdef u16 server = row.pa if initiator == 1 else row.pb
    cdef u16 client = row.pb if initiator == 1 else row.pa
    cdef u64 code = service_of(row.proto, server), other
    if NAMED[code] or not has_ports(row.proto):
        return code
    other = service_of(row.proto, client)
    return other if NAMED[other] and client < EPHEMERAL else code


def service_code(int proto, int port) -> int:
    """The code of a port in the table of the `service` column, for TCP, UDP and SCTP; 0 for any other transport."""
    return service_of(<u16>proto, <u16>port)


def name_services(codes: Iterable[int]) -> None:
    """Say which codes have a name; no others have."""
    memset(NAMED, 0, sizeof(NAMED))
    for code in codes:
        if not 0 < code < 3 * PORTS:
            raise ValueError(f"{code} is no code of a service")
        NAMED[code] = 1
