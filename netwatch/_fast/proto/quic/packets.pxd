"""QUIC's long headers, variable-length integers and transport parameters."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64, Reader, Slice, left, slice_of, take, take8
from netwatch._fast.look.protocol cimport Look

cdef enum:                     # packet types, in the order of version 1 (RFC 9000 section 17.2)
    QUIC_INITIAL = 0
    QUIC_EARLY = 1             # 0-RTT
    QUIC_HANDSHAKE = 2
    QUIC_RETRY = 3
    QUIC_NEGOTIATION = 4       # version 0: the versions the server offers

cdef enum:                     # fact keys beyond those of tlshello.pxd; 1 to 20, and 64 more, are those
    QK_VERSION = 32            # 4 bytes
    QK_DCID = 33               # of the client's first Initial
    QK_SCID = 34
    QK_CLOSE = 35              # error code in 8 bytes, 1 for the server, reason
    QK_IDLE = 36               # number, ms: max_idle_timeout of the client
    QK_AGENT = 37              # text, Google's
    QK_RETRY = 38              # empty: the server sent a Retry
    QK_OFFERED = 39            # versions of a Version Negotiation packet, 4 bytes each
    QK_EARLY = 40              # empty: the client sent 0-RTT packets
    QK_GOOGLE_SNI = 42         # text: the name in the CHLO of Google's older QUIC, which is not a ClientHello
    QK_PATH = 43               # empty: a further path of a connection
    QK_HANDSHAKE_US = 41       # number, from the client's first Initial to its first 1-RTT packet

cdef enum:
    LONG = 0x80                # of a packet's first byte: the form of its header
    FIXED = 0x40               # ... and the bit that marks QUIC
    SHORTEST = 21              # bytes of a packet with a short header, section 10.3

cdef struct Header:            # a long header packet
    u8 kind
    u32 version
    Slice dcid
    Slice scid
    u32 number_at              # of the packet number, from the start of the packet; 0 where there is none
    u32 size                   # of the packet
    bint cut                   # it is longer than the datagram at hand
    Slice offered              # the versions of a negotiation packet

cdef bint read_header(const u8* p, u32 n, Header* h) noexcept nogil
cdef bint version_known(u32 version) noexcept nogil
cdef bint version_reserved(u32 version) noexcept nogil
cdef void read_parameters(Look* look, u32 version, Slice hello) noexcept nogil

cdef inline u64 take_varint(Reader* r) noexcept nogil:
    """RFC 9000 section 16; 0 and `bad` when it is cut."""
    cdef u8 first = take8(r)
    cdef u32 more = (<u32>1 << (first >> 6)) - 1
    cdef const u8* p = take(r, more)
    cdef u64 value = first & 0x3f
    cdef u32 i
    if p == NULL:
        return 0
    for i in range(more):
        value = value << 8 | p[i]
    return value

cdef inline Slice take_part(Reader* r) noexcept nogil:
    """A varint length and as many bytes; an empty one and `bad` when there are fewer."""
    cdef u64 n = take_varint(r)
    if r.bad or n > left(r):
        r.bad = True
        return slice_of(r.p, 0)
    return slice_of(take(r, n), <u32>n)
cdef bint quic_path(Slice data) noexcept nogil
