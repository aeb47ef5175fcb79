"""The frames that version 5 of Cassandra's protocol puts around its envelopes (native_protocol_v5.spec section 2)."""
from netwatch._fast.base.bytes cimport u8, u32

cdef enum:
    HEAD_FRAME = 6
    HEAD_FRAME_LZ4 = 8         # with a second length, of what was compressed


cdef inline u32 crc24(const u8* p, u32 n) noexcept nogil:
    """The checksum of a frame's head (version 5, section 2)."""
    cdef u32 crc = 0x875060, i
    cdef int _bit
    for i in range(n):
        crc ^= <u32>p[i] << 16
        for _bit in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= 0x1974f0b
    return crc


cdef inline bint is_frame(const u8* p, u32 head) noexcept nogil:
    """Do the bytes, as many as the head of a frame has, end in their checksum?"""
    return crc24(p, head - 3) == (p[head - 3] | <u32>p[head - 2] << 8 | <u32>p[head - 1] << 16)
