"""Flow records get what is known of their ends: name, service, scope. Made fast because every record passes here."""
from netwatch._fast.out.naming cimport NameTable
from netwatch._fast.base.scopes cimport Blocks

EPHEMERAL = 32768              # from this port on a client's own says nothing


cdef class Adorner:
    """`ports`: transport → {port: service}; `remote`: scopes beyond any site; `stations`: neighbours by address."""
    cdef NameTable names
    cdef Blocks scopes
    cdef dict ports
    cdef frozenset remote
    cdef object stations

    def __init__(self, NameTable names, Blocks scopes, dict ports, frozenset remote, stations):
        self.names, self.scopes, self.ports, self.remote, self.stations = names, scopes, ports, remote, stations

    def adorn(self, dict record):
        """Add name, service and scope to a flow record. The bits that are left to do: 1 an end is a neighbour or a
        station of the link itself; 2 no name is known."""
        cdef str src = record["src"], dst = record["dst"]
        cdef int left = 0
        if "dport" in record:
            service = self.service(record["proto"], record["sport"], record["dport"])
            if service is not None:
                record["service"] = service
        name = self.name(record)
        if name is not None:
            record["name"] = name
        else:
            left = 2
        scope = self.scopes.find(src)
        if scope is not None:
            record["scope"] = {"src": scope, "dst": self.scopes.find(dst)}
        if scope is None or src in self.stations or dst in self.stations:
            left |= 1
        return left

    cpdef dict name(self, dict record):
        """The name of the responder: as the flow says it, else as an answer did before it began."""
        name = own_name(record)
        if name is None and self.names.held:
            found = self.names.look(record["src"], record["dst"], record["first"])
            if found is not None:
                name = {"host": found[0], "via": found[1], "age_s": found[2] / 1e9}
        return name

    cpdef object service(self, str proto, sport, dport):
        """The name of the responder's port; of the initiator's where that has none, and is not a client's."""
        cdef dict ports = self.ports.get(proto)
        if ports is None:
            return None
        found = ports.get(dport)
        return ports.get(sport) if found is None and sport < EPHEMERAL else found

    def remote_end(self, str src, str dst):
        """The end of a flow that lies beyond the site: the responder where both do, None where neither does."""
        if self.scopes.find(dst) in self.remote:
            return dst
        return src if self.scopes.find(src) in self.remote else None


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
