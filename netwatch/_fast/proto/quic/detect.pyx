"""Is a datagram QUIC? By the long header of a known version, by opening it where its fixed bit is of any value, on a
further path by the connection ID that the server gave."""

from netwatch._fast.base.bytes cimport u8, u32, u64, Slice, be32
from netwatch._fast.look.migration cimport marked
from netwatch._fast.look.protocol cimport Look
from netwatch._fast.proto.quic.crypt cimport InitialKeys, PLAIN_BYTES, initial_keys, initial_open
from netwatch._fast.proto.quic.gquic cimport GoogleHeader, google_header
from netwatch._fast.proto.quic.packets cimport (FIXED, Header, LONG, QUIC_INITIAL, QUIC_NEGOTIATION, SHORTEST,
                                                read_header, version_known, version_reserved)

cdef enum:
    MIN_DATAGRAM = 1200        # RFC 9000 section 14.1
    MIN_DCID = 8               # of a client's first packet, section 7.2


cdef bint opens(const Header* h, Slice data) noexcept nogil:
    """Is it a client's first Initial, by the keys that anybody can make of it? The bit that marks QUIC may be of any
    value then (RFC 9287 section 3)."""
    cdef InitialKeys pair[2]
    cdef u8 plain[PLAIN_BYTES]
    cdef u64 following = 0
    return (h.kind == QUIC_INITIAL and not h.cut and data.n >= MIN_DATAGRAM and version_known(h.version)
            and initial_keys(h.version, h.dcid.p, h.dcid.n, &pair[0], &pair[1])
            and initial_open(&pair[0], data.p, h.number_at, h.size, &following, plain) >= 0)


cdef int quic_detect(Look* look, Slice data) noexcept nogil:
    cdef Header h
    cdef GoogleHeader google
    cdef u32 i
    if data.n < 7:
        return 0
    if data.p[0] & (LONG | FIXED) == FIXED:
        return 90 if data.n >= SHORTEST and marked(look, data.p + 1) else 0
    if google_header(data, &google):
        return 92
    if not read_header(data.p, data.n, &h):
        return 0
    if h.kind == QUIC_NEGOTIATION:
        for i in range(0, h.offered.n, 4):
            if version_known(be32(h.offered.p + i)):
                return 85
        return 0
    if not data.p[0] & FIXED:
        return 96 if opens(&h, data) else 0
    if version_known(h.version):
        return 75 if h.cut else 96
    return 60 if version_reserved(h.version) and data.n >= MIN_DATAGRAM and h.dcid.n >= MIN_DCID else 0
