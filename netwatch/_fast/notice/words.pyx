"""The parts by which tables tell groups and members apart, as detectors name them."""
from netwatch._fast.base.bytes cimport u8, u32
from netwatch._fast.notice.turnkeys cimport *
from netwatch._fast.out.rawflow cimport packed

from netwatch._fast.base.text import clean
from netwatch._fast.out.names import proto_name

PARTS = {"src": PART_SRC, "dst": PART_DST, "sport": PART_SPORT, "dport": PART_DPORT, "proto": PART_PROTO,
         "facts": PART_FACTS, "domain": PART_DOMAIN, "name": PART_NAME}


cdef dict told_parts(const Parts* parts, u32 which):
    """Packed addresses, ports, the name of the protocol: of those parts that count."""
    cdef dict found = {}
    if which & PART_SRC:
        found["src"] = packed(parts.src, <u8>parts.family)
    if which & PART_DST:
        found["dst"] = packed(parts.dst, <u8>parts.family)
    if which & PART_SPORT:
        found["sport"] = parts.sport
    if which & PART_DPORT:
        found["dport"] = parts.dport
    if which & PART_PROTO:
        found["proto"] = proto_name(parts.proto)
    if which & PART_DOMAIN:
        found["domain"] = clean((<const char*>parts.name)[:parts.name_n], NAME_KEPT)
    elif which & PART_NAME:
        found["name"] = clean((<const char*>parts.name)[:parts.name_n], NAME_KEPT)
    return found
