"""TLS records handed on whole to who may hold the keys: where they begin and end, also after bytes were lost.

Nothing is read here but record headers (RFC 8446 section 5.1). A record is handed on when its last byte has come, so
that an event's time and frame are those of its completion.
"""
from netwatch._fast.base.bytes cimport u8, u32, u64, Slice, be16, slice_of
from netwatch._fast.look.protocol cimport Look, SEALED_END, sealed

cdef enum:
    REC_FIRST = 20
    REC_LAST = 24
    RECORD_HEAD = 5
    MAX_RECORD = 16384 + 2048  # RFC 5246 section 6.2.3


cdef inline bint might_be_head(const u8* p, u32 n) noexcept nogil:
    """May these bytes, as far as they go, begin a record?"""
    if n > 0 and (p[0] < REC_FIRST or p[0] > REC_LAST):
        return False
    if (n > 1 and p[1] != 3) or (n > 2 and p[2] > 4):
        return False
    return n < RECORD_HEAD or be16(p + 3) <= MAX_RECORD


cdef u32 find_record(const u8* p, u32 n, bint fin) noexcept nogil:
    """Offset of the first place where a record may begin that another one, or nothing, follows."""
    cdef u32 at = 0, next
    while at < n:
        if might_be_head(p + at, n - at) and (n - at < RECORD_HEAD or be16(p + at + 3)):
            if n - at < RECORD_HEAD:
                return n if fin else at
            next = RECORD_HEAD + be16(p + at + 3)
            if next > n - at:
                if not fin:
                    return at
            elif might_be_head(p + at + next, n - at - next):
                return at
        at += 1
    return n


cdef u64 tap_take(Look* look, Tap* tap, Slice data, Slice* records) noexcept nogil:
    """The whole records that the data begin with, after what lies before them; how long the data must become to hold
    one more is the answer, 0 when what follows is no record."""
    cdef u32 at = 0, size
    cdef int side = look.side
    if tap.seeking[side]:
        at = find_record(data.p, data.n, look.fin)
        if at < data.n and data.n - at >= RECORD_HEAD and RECORD_HEAD + be16(data.p + at + 3) <= data.n - at:
            tap.seeking[side] = False
    records[0] = slice_of(data.p + at, 0)
    while True:
        if data.n - at < RECORD_HEAD:
            return at + RECORD_HEAD
        if not might_be_head(data.p + at, RECORD_HEAD):
            return 0
        size = RECORD_HEAD + be16(data.p + at + 3)
        if data.n - at < size:
            return at + size
        at += size
        records.n += size


cdef void tap_give(Look* look, Tap* tap, Slice data, Slice records) noexcept nogil:
    """Hand the records on, with the number of bytes of the side that were lost or of no use before them."""
    cdef int side = look.side
    cdef u64 start = look.offset + <u64>(records.p - data.p)
    cdef u64 missing = start - tap.end[side] if tap.begun[side] else 0
    look.used = <u32>(records.p - data.p) + records.n
    if records.n == 0:
        return
    tap.begun[side] = True
    tap.end[side] = start + records.n
    sealed(look, records.p, records.n, <u32>missing if missing < SEALED_END else SEALED_END - 1)


cdef void tap_end(Look* look) noexcept nogil:
    """Nothing more comes of the flow."""
    sealed(look, NULL, 0, SEALED_END)
