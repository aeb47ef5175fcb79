"""Flow records get what is known of their ends: name, service, scope. Made fast because every record passes here."""
from netwatch._fast.base.bytes cimport u8, u16, u64
from netwatch._fast.base.scopes cimport Blocks
from netwatch._fast.flow.row cimport Row
from netwatch._fast.out.flowfields cimport FlowAt
from netwatch._fast.out.rawflow cimport RawFlow, packed
from netwatch._fast.out.naming cimport Answer, NameTable
from netwatch._fast.out.writing cimport address_text
from netwatch._fast.wire.packet cimport FAMILY_IP6, FAMILY_MAC, PROTO_SCTP, PROTO_TCP, PROTO_UDP, PROTO_UDPLITE

from netwatch._fast.out.naming import VIAS

cdef enum:
    EPHEMERAL = 32768          # from this port on a client's own says nothing
    IS_NEAR = 1                # what is left to do: an end is a neighbour or a station of the link itself
    HAS_NO_NAME = 2


cdef class Adorner:
    """`ports`: transport → {port: service}; `remote`: scopes beyond any site; `stations`: neighbours by address (text).
    """
    cdef NameTable names
    cdef Blocks scopes
    cdef dict tcp, udp, sctp
    cdef frozenset remote
    cdef object stations

    def __init__(self, NameTable names, Blocks scopes, dict ports, remote: frozenset[str],
                 stations: Container[str]):
        self.names, self.scopes, self.remote, self.stations = names, scopes, remote, stations
        self.tcp, self.udp, self.sctp = ports["tcp"], ports["udp"], ports["sctp"]

    def adorn(self, dict record, RawFlow flow) -> int:
        """Add name, service and scope to the record of a flow; the bits IS_NEAR and HAS_NO_NAME of what is left."""
        cdef FlowAt at
        cdef int left = 0
        if not flow.at(&at):
            return 0
        service = self.service(at.row, at.out)
        if service is not None:
            record["service"] = service
        name = self.name_of(record, &at)
        if name is not None:
            record["name"] = name
        else:
            left = HAS_NO_NAME
        if at.row.family == FAMILY_MAC:
            return left | IS_NEAR
        record["scope"] = {"src": self.scope(source(&at), at.row.family), "dst": self.scope(target(&at), at.row.family)}
        if self.stations and (address_text(source(&at), at.row.family) in self.stations or
                              address_text(target(&at), at.row.family) in self.stations):
            left |= IS_NEAR
        return left

    cdef dict name_of(self, dict record, const FlowAt* at):
        """The name of the responder: as the flow says it, else as an answer did before it began."""
        cdef Answer answer
        cdef u64 when = 0
        name = own_name(record)
        if name is None and self.names.held:
            answer = self.names.of(packed(source(at), at.row.family), packed(target(at), at.row.family), at.cold.first,
                                   &when)
            if answer is not None:
                name = {"host": answer.host, "via": VIAS[answer.via], "age_s": (at.cold.first - when) / 1e9}
        return name

    cdef object scope(self, const u8* address, u8 family):
        """What the address is good for, by where it lies."""
        cdef int place = self.scopes.place(address, family == FAMILY_IP6)
        return self.scopes.values[place - 1] if place else None

    cdef object service(self, const Row* row, int out):
        """The name of the responder's port; of the initiator's where that has none, and is not a client's."""
        cdef dict ports
        cdef u16 sport = row.pb if out else row.pa, dport = row.pa if out else row.pb
        if row.proto == PROTO_TCP:
            ports = self.tcp
        elif row.proto == PROTO_UDP or row.proto == PROTO_UDPLITE:
            ports = self.udp
        elif row.proto == PROTO_SCTP:
            ports = self.sctp
        else:
            return None
        found = ports.get(dport)
        return ports.get(sport) if found is None and sport < EPHEMERAL else found

    def remote_end(self, RawFlow flow) -> str | None:
        """The end of a flow that lies beyond the site: the responder where both do, None where neither does."""
        cdef FlowAt at
        if not flow.at(&at) or at.row.family == FAMILY_MAC:
            return None
        for address in (packed(target(&at), at.row.family), packed(source(&at), at.row.family)):
            if self.scope(address, at.row.family) in self.remote:
                return address_text(address, at.row.family)
        return None


cdef inline const u8* source(const FlowAt* at) noexcept nogil:
    return &at.row.b[0] if at.out else &at.row.a[0]


cdef inline const u8* target(const FlowAt* at) noexcept nogil:
    return &at.row.a[0] if at.out else &at.row.b[0]


cdef bint is_name(str host):
    """Not an address in text, of either family: no top-level domain ends in a digit or has a colon."""
    return len(host) > 0 and not (<Py_UCS4>host[len(host) - 1]).isdigit() and ":" not in host


cdef str without_port(str host):
    """A Host field (RFC 9110 section 7.2) without its port."""
    if ":" not in host:
        return host
    name, colon, port = host.rpartition(":")
    return name if colon and (not port or port.isdigit()) else host


def said_name(str host, bint with_port) -> str | None:
    """The name of a host as a flow says it, `with_port` in a Host field; None when that is none."""
    return name_in(host, with_port)


cdef str name_in(str host, bint with_port):
    if with_port:
        host = without_port(host)
    return host.lower() if is_name(host) else None


cdef dict own_name(dict record):
    """The name that the flow itself says, with where it says it."""
    for carrier in ("tls", "quic"):
        said = record.get(carrier)
        if said is not None and "sni" in said:
            host = name_in(said["sni"], False)
            if host is not None:
                return {"host": host, "via": "sni"}
    said = record.get("http")
    if said is not None and "host" in said:
        host = name_in(said["host"], True)
        if host is not None:
            return {"host": host, "via": "http"}
    return None
