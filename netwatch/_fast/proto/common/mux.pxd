"""STUN, DTLS, RTP and RTCP that share one pair of ports (RFC 7983, RFC 9443; RFC 5761 for the last two).

One protocol reads a flow at a time. It gives a datagram of another kind back only while that kind has left nothing
among the flow's facts: so each is read, the stack names them all, and the flow does not go to and fro for ever.
"""
from netwatch._fast.base.bytes cimport u8, Slice
from netwatch._fast.look.protocol cimport Look

cdef enum:                     # bits of Conn.met
    MUX_STUN = 1
    MUX_DTLS = 2
    MUX_RTP = 4
    MUX_RTCP = 8
    MUX_DARK = 16              # ... and of those, by side, that encrypt within DTLS


cdef inline u8 mux_kind(Slice d) noexcept nogil:
    """Which of them a datagram is by its first bytes, 0 none."""
    if d.n < 2:
        return 0
    if d.p[0] <= 3:
        return MUX_STUN
    if 20 <= d.p[0] <= 63:
        return MUX_DTLS
    if 128 <= d.p[0] <= 191:
        return MUX_RTCP if 192 <= d.p[1] <= 223 else MUX_RTP
    return 0


cdef inline void mux_met(Look* look, u8 kind) noexcept nogil:
    """The flow holds facts of the kind."""
    look.conn.met |= kind


cdef inline bint mux_was_met(const Look* look, u8 kind) noexcept nogil:
    return look.conn.met & kind != 0


cdef inline bint mux_foreign(const Look* look, Slice d, u8 own) noexcept nogil:
    """The datagram is of another kind, and of one that the flow holds nothing of."""
    cdef u8 kind = mux_kind(d)
    return kind != 0 and kind != own and look.conn.met & kind == 0
