"""Reads what of QUIC is in the clear: long headers (RFC 9000 section 17.2, RFC 8999) and, of a ClientHello, the
transport parameters (RFC 9000 section 18). Versions 1 and 2, the drafts 22 to 34 and those of Google and Facebook
that share their form.
"""
from netwatch._fast.base.bytes cimport (u8, u16, u32, u64, Reader, Slice, be32, left, reader, slice_of, take, take8,
                                        take16, take_reader, take_slice)
from netwatch._fast.look.protocol cimport Look, fact_number, fact_once
from netwatch._fast.proto.quic.crypt cimport MAX_CID, QUIC_V2, draft_of, salt_of

cdef enum:
    QUIC_Q050 = 0x51303530     # Google's; its Initials carry no TLS
    MSQUIC = 0xabcd000         # ... with any last digit
    EXT_PARAMETERS = 0x39      # RFC 9001 section 8.2
    EXT_PARAMETERS_DRAFT = 0xffa5
    PARAM_IDLE = 1             # max_idle_timeout, ms
    PARAM_AGENT = 0x3129       # Google's user agent
    MAX_AGENT = 255
    LEAST_IDLE = 10            # seconds; bounds of the idle timeout that is believed
    MOST_IDLE = 600


cdef bint version_known(u32 version) noexcept nogil:
    """A version whose number was given out for this header form."""
    return salt_of(version) != NULL or version == QUIC_Q050 or version >> 4 == MSQUIC


cdef bint version_reserved(u32 version) noexcept nogil:
    """One of the numbers kept to exercise version negotiation (RFC 9000 section 15)."""
    return version & 0x0f0f0f0f == 0x0a0a0a0a


cdef bint read_header(const u8* p, u32 n, Header* h) noexcept nogil:
    """A long header at p; False when it is none or cut. The header of an unknown version ends after the IDs."""
    cdef Reader r = reader(p, n)
    cdef u64 length
    h.number_at = 0
    h.size = n
    h.cut = False
    if not take8(&r) & 0x80:
        return False
    h.version = be32(p + 1) if take(&r, 4) != NULL else 0
    h.dcid = take_slice(&r, take8(&r))
    h.scid = take_slice(&r, take8(&r))
    if r.bad or h.dcid.n > MAX_CID or h.scid.n > MAX_CID:
        return False
    if h.version == 0:
        h.kind = QUIC_NEGOTIATION
        h.offered = slice_of(r.p, <u32>left(&r))
        return h.offered.n >= 4 and h.offered.n % 4 == 0
    h.kind = p[0] >> 4 & 3
    if h.version == QUIC_V2:
        h.kind = (h.kind + 3) & 3
    if h.kind == QUIC_RETRY or not version_known(h.version):
        return True
    if h.kind == QUIC_INITIAL:
        take_part(&r)
    length = take_varint(&r)
    if r.bad:
        return False
    h.number_at = <u32>(r.p - p)
    h.cut = length > left(&r)
    if not h.cut:
        h.size = h.number_at + <u32>length
    return True


cdef bint find_ext(Slice hello, u16 kind, Slice* out) noexcept nogil:
    """The first extension of a kind in the body of a ClientHello (RFC 8446 section 4.1.2)."""
    cdef Reader r = reader(hello.p, hello.n), block
    cdef u16 found
    take(&r, 34)
    take_slice(&r, take8(&r))
    take_slice(&r, take16(&r))
    take_slice(&r, take8(&r))
    block = take_reader(&r, take16(&r))
    while left(&block):
        found = take16(&block)
        out[0] = take_slice(&block, take16(&block))
        if block.bad:
            break
        if found == kind:
            return True
    return False


cdef void read_parameters(Look* look, u32 version, Slice hello) noexcept nogil:
    """What the client's transport parameters say of the idle timeout, and the user agent where Google's name it."""
    cdef Slice ext, value
    cdef Reader r, number
    cdef u64 kind, idle
    cdef bint old = 0 < draft_of(version) < 27     # up to draft 26: 2-byte numbers in a list with its length
    if not find_ext(hello, EXT_PARAMETERS, &ext) and not find_ext(hello, EXT_PARAMETERS_DRAFT, &ext):
        return
    r = reader(ext.p, ext.n)
    if old:
        take16(&r)
    while left(&r):
        kind = take16(&r) if old else take_varint(&r)
        value = take_slice(&r, take16(&r)) if old else take_part(&r)
        if r.bad:
            break
        if kind == PARAM_IDLE:
            number = reader(value.p, value.n)
            idle = take_varint(&number)
            fact_number(look, QK_IDLE, idle)
            # Section 10.1: the smaller of both ends' values counts, and the server's is encrypted.
            if idle:
                idle = (idle + 999) // 1000
                look.row.tcp = LEAST_IDLE if idle < LEAST_IDLE else MOST_IDLE if idle > MOST_IDLE else <u32>idle
        elif kind == PARAM_AGENT and value.n <= MAX_AGENT:
            fact_once(look, QK_AGENT, value.p, value.n)


cdef bint quic_path(Slice data) noexcept nogil:
    """A short header (RFC 9000 section 17.3) on a packet of at least the shortest length (section 10.3)."""
    return data.n >= SHORTEST and data.p[0] & 0xc0 == 0x40
