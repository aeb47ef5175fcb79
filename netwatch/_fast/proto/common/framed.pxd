"""Messages that say their length: told apart, waited for, passed over, and found again after a hole.

Inline. The state of such a protocol begins with a Framed. Its two functions are `size_of`, which judges the fixed bytes
that every message begins with, and `take`, which gets a message's beginning.
"""
from netwatch._fast.base.bytes cimport u8, u32, u64, i64, Slice, slice_of
from netwatch._fast.look.protocol cimport Look, PARSE_DONE, PARSE_NOT_MINE, PARSE_OK, zeroed
from netwatch._fast.proto.common.lines cimport skip_bytes, smaller, wait_for

cdef struct Framed:
    bint seeking[2]            # the side's next message start is looked for, byte by byte
    bint good[2]               # a message of the side was taken
    bint sure                  # what was said can be nothing else: bytes that do not fit are a fault, not a mistake

# whole length of the message that begins at p, whose fixed bytes are there; 0 when none begins there.
# `want` is how many of its bytes `take` must see: all, unless it is lowered.
ctypedef i64 (*SizeOf)(Look*, const u8* p, u32* want) noexcept nogil
# a message's first bytes, as many as were wanted, and its whole length; a PARSE_ code
ctypedef int (*Take)(Look*, Slice, u64 size) noexcept nogil


cdef inline Framed* framed(Look* look, size_t size) noexcept nogil:
    """The flow's state of `size` bytes, made where there is none; NULL without memory."""
    if look.state[0] == NULL:
        look.state[0] = zeroed(size)
    return <Framed*>look.state[0]


cdef inline int unfit(Look* look, Framed* f) noexcept nogil:
    """No message begins where one should: PARSE_OK to look for the next."""
    if f.seeking[look.side]:
        return PARSE_OK
    if not f.sure:
        return PARSE_NOT_MINE
    if f.good[look.side]:
        look.dpi.malformed[look.proto] += 1
    f.seeking[look.side] = True
    return PARSE_OK


cdef inline int each_message(Look* look, Slice data, u32 head, SizeOf size_of, Take take) noexcept nogil:
    """Give every message of a stream to `take`, until that answers anything but PARSE_OK."""
    cdef Framed* f = <Framed*>look.state[0]
    cdef const u8* p
    cdef u32 n, want
    cdef i64 size
    cdef int code
    while look.used < data.n and look.skip == 0:
        p = data.p + look.used
        n = data.n - look.used
        if n < head:
            return wait_for(look, data, head)
        want = 0xffffffff
        size = size_of(look, p, &want)
        if size <= 0:
            code = unfit(look, f)
            if code != PARSE_OK:
                return code
            look.used += 1
            continue
        want = <u32>size if size < want else want
        if n < want:
            return wait_for(look, data, want)
        f.seeking[look.side] = False
        f.good[look.side] = True
        code = take(look, slice_of(p, want), <u64>size)
        if code != PARSE_OK:
            return code
        skip_bytes(look, data, <u64>size)
    return PARSE_OK


cdef inline int seek_again(Look* look, u64 n) noexcept nogil:
    """For Proto.lost: after a hole the next message start is looked for."""
    if look.state[0] == NULL:
        return PARSE_DONE
    (<Framed*>look.state[0]).seeking[look.side] = True
    return PARSE_OK
