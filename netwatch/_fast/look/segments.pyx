"""Bytes of a stream that came before their turn: a list by sequence number, without overlaps; what came first stays.

Sequence numbers are compared modulo 2**32 (RFC 9293 section 3.4). Bounds are the caller's.
"""
from libc.stdlib cimport malloc
from libc.string cimport memcpy, memmove

from netwatch._fast.base.bytes cimport u8, u32, i32
from netwatch._fast.flow.row cimport Half, Segment
from netwatch._fast.look.protocol cimport Dpi


cdef bint put(Dpi* dpi, Half* half, Segment** link, u32 seq, const u8* p, u32 n, const Segment* like) noexcept nogil:
    cdef Segment* seg = <Segment*>malloc(sizeof(Segment) + n)
    if seg == NULL:
        return False
    seg.seq = seq
    seg.n = n
    seg.ack, seg.acks, seg.doubt, seg.ts, seg.frame = like.ack, like.acks, like.doubt, like.ts, like.frame
    seg.next = link[0]
    memcpy(<u8*>seg + sizeof(Segment), p, n)
    link[0] = seg
    half.early_bytes += n
    half.early_n += 1
    dpi.stream_bytes += sizeof(Segment) + n
    return True


cdef bint segments_keep(Dpi* dpi, Half* half, const Segment* like, const u8* p) noexcept nogil:
    """Keep those of the segment's bytes whose places are free; False when there is no memory."""
    cdef Segment** link = &half.early
    cdef Segment* seg
    cdef u32 k, seq = like.seq, n = like.n
    while n and link[0] != NULL:
        seg = link[0]
        k = 0
        if <i32>(seq - seg.seq) < 0:
            k = seg.seq - seq
            if k > n:
                k = n
            if not put(dpi, half, link, seq, p, k, like):
                return False
            link = &link[0].next                # the same segment again: it may cover what is left
        else:
            if <i32>(seq - (seg.seq + seg.n)) < 0:
                k = seg.seq + seg.n - seq
                if k > n:
                    k = n
            link = &seg.next
        seq += k
        p += k
        n -= k
    return n == 0 or put(dpi, half, link, seq, p, n, like)


cdef Segment* segments_take(Dpi* dpi, Half* half) noexcept nogil:
    """The first of the kept segments, off the list; the caller frees it. NULL when there is none."""
    cdef Segment* seg = half.early
    if seg != NULL:
        half.early = seg.next
        half.early_bytes -= seg.n
        half.early_n -= 1
        dpi.stream_bytes -= sizeof(Segment) + seg.n
    return seg


cdef void segments_cut(Dpi* dpi, Half* half, u32 n) noexcept nogil:
    """Without the first n bytes of the first of the kept segments, which has more."""
    cdef Segment* seg = half.early
    cdef u8* p = <u8*>seg + sizeof(Segment)
    seg.seq += n
    seg.n -= n
    memmove(p, p + n, seg.n)
    half.early_bytes -= n
    dpi.stream_bytes -= n
