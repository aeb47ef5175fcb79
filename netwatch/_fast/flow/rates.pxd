"""Bytes per second of a flow in 16 bits: exact below 2048, then 11 bits of mantissa (error under 0.05 %)."""
from netwatch._fast.base.bytes cimport u16, u32, u64
from netwatch._fast.flow.row cimport Cold


cdef inline u16 pack_rate(u32 v) noexcept nogil:
    cdef u32 shift = 0
    while v >> shift >= 4096:
        shift += 1
    if v < 2048:
        return <u16>v
    return <u16>((shift + 1) << 11 | (v >> shift & 0x7ff))

cdef inline u32 unpack_rate(u16 x) noexcept nogil:
    cdef u32 shift = x >> 11
    return x if shift == 0 else <u32>(0x800 | (x & 0x7ff)) << (shift - 1)

cdef inline void turn_second(Cold* cold, u16 second) noexcept nogil:
    """Close the second that was being counted and begin another."""
    cdef int side
    cdef u16 packed
    for side in range(2):
        packed = pack_rate(cold.now[side])
        if unpack_rate(packed) > unpack_rate(cold.peak[side]):
            cold.peak[side] = packed
        cold.rate[side] = packed if <u16>(second - cold.second) == 1 else 0
        cold.now[side] = 0
    cold.second = second

cdef inline void count_rate(Cold* cold, int side, u32 n, u64 second) noexcept nogil:
    if cold.second != <u16>second:
        turn_second(cold, <u16>second)
    cold.now[side] += n

cdef inline u32 rate_now(const Cold* cold, int side, u64 second) noexcept nogil:
    """Bytes/s in the last full packet-time second before `second`."""
    cdef u16 behind = <u16>(second - cold.second)
    if behind == 0:
        return unpack_rate(cold.rate[side])
    return cold.now[side] if behind == 1 else 0

cdef inline u32 rate_peak(const Cold* cold, int side) noexcept nogil:
    cdef u32 peak = unpack_rate(cold.peak[side])
    return cold.now[side] if cold.now[side] > peak else peak
