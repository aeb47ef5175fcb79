"""Compressed messages opened under a hard cap: each function fills the room it is given and no more, so that what is
made to grow a thousandfold grows nothing. What comes before the first fault is told; 0 bytes where nothing does.
"""
from libc.string cimport memcpy, memset

from netwatch._fast.base.bytes cimport u8, u32, Slice

cdef extern from "zlib.h" nogil:
    ctypedef struct z_stream:
        const u8* next_in
        unsigned int avail_in
        u8* next_out
        unsigned int avail_out
    int inflateInit2(z_stream*, int)
    int inflate(z_stream*, int)
    int inflateEnd(z_stream*)
    enum: Z_SYNC_FLUSH, Z_STREAM_END, Z_OK

cdef enum:
    ZSTD_WINDOW = 1 << 21      # bytes of history that a frame may ask for: what its levels up to 19 do in messages


cdef u32 inflated(Slice packed, int window, u8* out, u32 room, bint* whole) noexcept nogil:
    """Bytes of a deflate stream, WINDOW_*; `whole` when it ended, and the packed bytes with it."""
    cdef z_stream z
    cdef int answer
    whole[0] = False
    memset(&z, 0, sizeof(z))
    if inflateInit2(&z, window) != Z_OK:
        return 0
    z.next_in = packed.p
    z.avail_in = packed.n
    z.next_out = out
    z.avail_out = room
    answer = inflate(&z, Z_SYNC_FLUSH)
    whole[0] = answer == Z_STREAM_END and z.avail_in == 0
    inflateEnd(&z)
    return room - z.avail_out


cdef u32 unsnapped(Slice packed, u8* out, u32 room) noexcept nogil:
    """Bytes of a block of snappy (google/snappy, format_description.txt)."""
    cdef const u8* p = packed.p
    cdef u32 at = 0, n = 0, size, back, extra, i, _i
    while at < packed.n and p[at] & 0x80 and at < 4:       # the length of it all
        at += 1
    at += 1
    while at < packed.n and n < room:
        extra = p[at] & 3
        if extra == 0:
            size = (p[at] >> 2) + 1
            extra = size - 60 if size > 60 else 0
            if at + extra >= packed.n:
                return n
            if extra:
                size = 0
                for i in range(extra):
                    size |= <u32>p[at + 1 + i] << (8 * i)
                size += 1
            at += 1 + extra
            size = min(size, packed.n - at, room - n)
            memcpy(out + n, p + at, size)
            at += size
            n += size
            continue
        if at + (1 if extra == 1 else 2 if extra == 2 else 4) >= packed.n:
            return n
        if extra == 1:
            size = 4 + (p[at] >> 2 & 7)
            back = <u32>(p[at] >> 5) << 8 | p[at + 1]
            at += 2
        else:
            size = 1 + (p[at] >> 2)
            back = p[at + 1] | <u32>p[at + 2] << 8
            if extra == 3:
                back |= <u32>p[at + 3] << 16 | <u32>p[at + 4] << 24
            at += 3 if extra == 2 else 5
        if back == 0 or back > n:
            return n
        for _i in range(min(size, room - n)):               # it may repeat what it has just written
            out[n] = out[n - back]
            n += 1
    return n


cdef u32 zstd_unpacked(Slice packed, u8* out, u32 room) noexcept nogil:
    """Bytes of a Zstandard frame (RFC 8878), by the zstandard package; 0 without it."""
    with gil:
        return zstd_read(packed, out, room)


cdef u32 zstd_read(Slice packed, u8* out, u32 room) noexcept:
    cdef bytes data = b""
    try:
        import zstandard

        with zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW).stream_reader((<const u8*>packed.p)[:packed.n]) \
                as reader:
            data = reader.read(room)
    except (ImportError, ValueError, MemoryError):
        return 0
    except Exception:                  # zstandard.ZstdError, which is not importable without the package
        return 0
    memcpy(out, <const u8*>data, len(data))
    return <u32>len(data)
