"""RDP's transport over UDP (MS-RDPEUDP): versions, units and loss tolerance that the two sides agree on.

It is known by its first datagrams, which have a fixed beginning and are padded to the size of the unit. In version 1
the later ones can be told by the TLS or DTLS record that their data begin with, on RDP's port; in version 2 and 3 they
have nothing to be known by: such a flow joined late stays unknown.
"""
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u8, u16, u32, Slice, be16, be32
from netwatch._fast.look.protocol cimport (Look, Proto, ON_UDP, PARSE_DONE, PARSE_NOT_MINE, PARSE_OK, fact_once, reads,
                                           set_initiator)
from netwatch._fast.proto.common.lines cimport port_is
from netwatch._fast.proto.common.describing import by_key, named, number, one_or_all

cdef enum:                     # fact keys
    UDP_VERSION_OFFERED = 1    # 2 bytes
    UDP_VERSION = 2
    UDP_UP = 3                 # units, 2 bytes
    UDP_DOWN = 4
    UDP_LOSSY = 5
    UDP_CORRELATION = 6        # 16 bytes
    UDP_WINDOW = 7             # 2 bytes

cdef enum:                     # section 2.2.2.1
    PORT = 3389
    AHEAD = 4096               # between the numbers of a datagram and of the data it carries
    HEAD = 16                  # header and the SYN's data
    SYN = 0x0001
    FIN = 0x0002
    ACK = 0x0004
    DATA = 0x0008
    ACKED_ACKS = 0x0100
    LOSSY = 0x0200
    CORRELATED = 0x0800
    EXTENDED = 0x1000
    FIRST_FLAGS = SYN | ACK | LOSSY | CORRELATED | EXTENDED
    NOTHING_YET = 0xffffffff   # is acknowledged by a SYN
    UNIT_LEAST = 1132          # section 2.2.2.5
    UNIT_MOST = 1232


cdef u32 correlation_at(const u8* p) noexcept nogil:
    """Where the correlation id stands, 0 nowhere."""
    return HEAD if be16(p + 6) & CORRELATED else 0


cdef u32 extension_at(const u8* p) noexcept nogil:
    """Where the extended data stand: behind the correlation id and its 16 reserved bytes."""
    return HEAD + (32 if be16(p + 6) & CORRELATED else 0)


cdef bint fits(Slice d) noexcept nogil:
    """A SYN or its answer."""
    cdef u16 flags
    if d.n < UNIT_LEAST or d.n > UNIT_MOST:
        return False
    flags = be16(d.p + 6)
    if flags & SYN == 0 or flags & ~FIRST_FLAGS != 0:
        return False
    if flags & ACK == 0 and be32(d.p) != NOTHING_YET:
        return False
    if not UNIT_LEAST <= be16(d.p + 12) <= UNIT_MOST or not UNIT_LEAST <= be16(d.p + 14) <= UNIT_MOST:
        return False
    if flags & EXTENDED == 0:
        return True
    return be16(d.p + extension_at(d.p)) <= 1 and be16(d.p + extension_at(d.p) + 2) in (1, 2, 0x101)


cdef bint carries_record(Slice d) noexcept nogil:
    """Data of version 1: acknowledgement, its vector, two sequence numbers, then a record of TLS or DTLS."""
    cdef u32 flags, at
    if d.n < 28:
        return False
    flags = be16(d.p + 6)
    if flags & (SYN | FIN | ACK | DATA) != ACK | DATA or flags >= 0x0800:
        return False
    at = 8 + (2 + be16(d.p + 8) + 3) // 4 * 4
    if flags & ACKED_ACKS:
        at += 4
    if be16(d.p + 8) > 2048 or at + 8 + 5 > d.n or be32(d.p + at) - be32(d.p + at + 4) > AHEAD:
        return False
    at += 8
    return 20 <= d.p[at] <= 23 and (d.p[at + 1] == 3 and d.p[at + 2] <= 4 or d.p[at + 1] == 0xfe)


cdef int rdpudp_detect(Look* look, Slice d) noexcept nogil:
    if fits(d):
        return 96
    return 85 if port_is(look, PORT) and carries_record(d) else 0


cdef int rdpudp_parse(Look* look, Slice d) noexcept nogil:
    cdef u16 flags
    cdef u8 one = 1
    look.used = d.n
    if not fits(d):
        if look.cold.facts != NULL:
            return PARSE_DONE
        if not carries_record(d):
            return PARSE_NOT_MINE
        fact_once(look, UDP_VERSION, b"\x00\x01", 2)
        return PARSE_DONE
    flags = be16(d.p + 6)
    set_initiator(look, not flags & ACK)
    fact_once(look, UDP_UP, d.p + 12, 2)
    fact_once(look, UDP_DOWN, d.p + 14, 2)
    fact_once(look, UDP_WINDOW, d.p + 4, 2)
    if flags & LOSSY:
        fact_once(look, UDP_LOSSY, &one, 1)
    if correlation_at(d.p):
        fact_once(look, UDP_CORRELATION, d.p + correlation_at(d.p), 16)
    if flags & EXTENDED and be16(d.p + extension_at(d.p)) & 1:
        fact_once(look, UDP_VERSION if flags & ACK else UDP_VERSION_OFFERED, d.p + extension_at(d.p) + 2, 2)
    return PARSE_OK


cdef void rdpudp_define(Proto* p) noexcept nogil:
    reads(p, "rdpudp", ON_UDP, rdpudp_detect, rdpudp_parse)
    p.ports[0] = PORT
    memset(p.first, 1, sizeof(p.first))     # an answer begins with the number that it acknowledges


# --- describing ---

FACT_FIELDS = {}
_VERSIONS = {1: "1", 2: "2", 0x101: "3"}


def describe(facts) -> dict:
    """The `rdpudp` object."""
    known = by_key(facts)
    obj = {}
    one_or_all(obj, "version", known, UDP_VERSION, named(_VERSIONS, "version"))
    one_or_all(obj, "offered_version", known, UDP_VERSION_OFFERED, named(_VERSIONS, "version"))
    one_or_all(obj, "upstream_mtu", known, UDP_UP, number)
    one_or_all(obj, "downstream_mtu", known, UDP_DOWN, number)
    one_or_all(obj, "window", known, UDP_WINDOW, number)
    one_or_all(obj, "correlation_id", known, UDP_CORRELATION, lambda raw: raw.hex())
    if UDP_LOSSY in known:
        obj["lossy"] = True
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "RDP-UDP 2"."""
    return " ".join(["RDP-UDP", *([obj["version"]] if isinstance(obj.get("version"), str) else [])])
