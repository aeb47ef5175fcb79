"""Bytes that arrive in any order, put together from their offsets: QUIC's CRYPTO frames, DTLS's fragments."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64

cdef enum:
    PIECES_BYTES = 16384       # offsets from here on are refused
    PIECES_RANGES = 64         # separate runs held at a time; a datagram that scatters more is refused in part

cdef struct Pieces:
    u8* buf
    u32 cap
    u32 n                      # runs of bytes present, ascending, not touching each other
    u16 low[PIECES_RANGES]
    u16 high[PIECES_RANGES]    # one past the last

cdef bint pieces_put(Pieces* s, u64 at, const u8* p, u64 n) noexcept nogil
cdef u32 pieces_ready(const Pieces* s) noexcept nogil
cdef void pieces_clear(Pieces* s) noexcept nogil
