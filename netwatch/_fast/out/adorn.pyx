"""Flow records get what is known of their ends: name, service, scope. Made fast because every record passes here."""
from netwatch._fast.base.bytes cimport u16, u64
from netwatch._fast.base.scopes cimport Blocks
from netwatch._fast.flow.row cimport Row
from netwatch._fast.out.flowfields cimport FlowAt
from netwatch._fast.out.rawflow cimport RawFlow, packed
from netwatch._fast.out.naming cimport NameTable
from netwatch._fast.wire.packet cimport PROTO_SCTP, PROTO_TCP, PROTO_UDP, PROTO_UDPLITE

cdef enum:
    EPHEMERAL = 32768          # from this port on a client's own says nothing
    IS_NEAR = 1                # what is left to do: an end is a neighbour or a station of the link itself
    HAS_NO_NAME = 2


cdef class Adorner:
    """`ports`: transport → {port: service}; `remote`: scopes beyond any site; `stations`: neighbours by their address.
    """
    cdef NameTable names
    cdef Blocks scopes
    cdef dict tcp, udp, sctp
    cdef frozenset remote
    cdef object stations

    def __init__(self, NameTable names, Blocks scopes, dict ports, frozenset remote, stations):
        self.names, self.scopes, self.remote, self.stations = names, scopes, remote, stations
        self.tcp, self.udp, self.sctp = ports["tcp"], ports["udp"], ports["sctp"]

    def adorn(self, dict record, RawFlow flow):
        """Add name, service and scope to the record of a flow; the bits IS_NEAR and HAS_NO_NAME of what is left."""
        cdef FlowAt at
        cdef int left = 0
        if not flow.at(&at):
            return 0
        src, dst = ends(&at)
        service = self.service(at.row, at.out)
        if service is not None:
            record["service"] = service
        name = self.name_of(record, src, dst, at.cold.first)
        if name is not None:
            record["name"] = name
        else:
            left = HAS_NO_NAME
        scope = self.scopes.holding(src, at.row.family)
        if scope is not None:
            record["scope"] = {"src": scope, "dst": self.scopes.holding(dst, at.row.family)}
        if scope is None or src in self.stations or dst in self.stations:
            left |= IS_NEAR
        return left

    cdef dict name_of(self, dict record, bytes src, bytes dst, u64 first):
        """The name of the responder: as the flow says it, else as an answer did before it began."""
        name = own_name(record)
        if name is None and self.names.held:
            found = self.names.look(src, dst, first)
            if found is not None:
                name = {"host": found[0], "via": found[1], "age_s": found[2] / 1e9}
        return name

    def name(self, dict record):
        """The same of a record with packed ends and its beginning in ns."""
        return self.name_of(record, record["src"], record["dst"], record["first"])

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

    def remote_end(self, bytes src, bytes dst):
        """The end of a flow that lies beyond the site: the responder where both do, None where neither does."""
        if self.scopes.find(dst) in self.remote:
            return dst
        return src if self.scopes.find(src) in self.remote else None


cdef inline tuple ends(const FlowAt* at):
    """The packed addresses of initiator and responder."""
    a, b = packed(at.row.a, at.row.family), packed(at.row.b, at.row.family)
    return (b, a) if at.out else (a, b)


cdef bint is_name(str host):
    """Not an address in text, of either family: no top-level domain ends in a digit or has a colon."""
    return len(host) > 0 and not host[len(host) - 1].isdigit() and ":" not in host


cdef str without_port(str host):
    """A Host field (RFC 9110 section 7.2) without its port."""
    name, colon, port = host.rpartition(":")
    return name if colon and (not port or port.isdigit()) else host


cdef dict own_name(dict record):
    """The name that the flow itself says, with where it says it."""
    cdef str host
    for carrier in ("tls", "quic"):
        said = record.get(carrier)
        if said is not None and "sni" in said:
            host = said["sni"]
            if is_name(host):
                return {"host": host.lower(), "via": "sni"}
    said = record.get("http")
    if said is not None and "host" in said:
        host = without_port(said["host"])
        if is_name(host):
            return {"host": host.lower(), "via": "http"}
    return None
