"""Where a known flow's messages begin again behind lost bytes: and where one joined in its middle may be known.

Asked at the beginnings of segments, of a flow whose protocol is known: a line that begins with one of the protocol's
commands, or a message that detection knows, is then no chance.
"""
from netwatch._fast.base.bytes cimport u8, u32, u64, i64, Slice, find_byte
from netwatch._fast.look.protocol cimport DETECT_MORE, Look
from netwatch._fast.proto.common.lines cimport DETECT_ENOUGH, all_text, reply_fits, same_word

cdef enum:
    SURE_AGAIN = 60            # of detection, of a flow that is the protocol's already
    WHOLE_BEFORE = 2           # messages before one that goes on beyond the bytes, where lengths are all there is

# whole length of the message whose first n bytes stand at p, 0 when none begins there; more than n when that is cut
ctypedef u64 (*LengthOf)(Look*, const u8* p, u32 n) noexcept nogil


cdef inline int begins_again(Look* look, Slice data, int (*detect)(Look*, Slice) noexcept nogil) noexcept nogil:
    """Does detection know a message here? The flow's confidence stays what it was."""
    cdef int sure = detect(look, data)
    return sure if sure == DETECT_MORE else sure >= SURE_AGAIN


cdef inline bint messages_fill(Look* look, Slice data, LengthOf length_of) noexcept nogil:
    """Is each message followed by another, and does the last end with the bytes, or come after some that are whole?"""
    cdef u32 at = 0, whole = 0
    cdef u64 size
    while at < data.n:
        size = length_of(look, data.p + at, data.n - at)
        if size == 0:
            return False
        if size > data.n - at:
            return whole >= WHOLE_BEFORE
        at += <u32>size
        whole += 1
    return whole > 0


cdef inline bint among(const u8* p, u32 n, const char* words) noexcept nogil:
    """Is the word of n bytes one of the list, which has lower case and a blank after each?"""
    cdef u32 at = 0, size
    while words[at]:
        size = 0
        while words[at + size] != c' ':
            size += 1
        if n and size == n and same_word(p, words + at, n):
            return True
        at += size + 1
    return False


cdef inline int command_line(Slice data, const char* verbs) noexcept nogil:
    """A whole line of text whose first word is one of the verbs: 0, 1 or DETECT_MORE."""
    cdef u32 i = 0
    cdef i64 lf = find_byte(data.p, data.n, c'\n')
    if lf < 0:
        return DETECT_MORE if data.n < DETECT_ENOUGH and all_text(data.p, data.n - 1 if data.n else 0) else 0
    while i < lf and data.p[i] > c' ':
        i += 1
    return among(data.p, i, verbs) and all_text(data.p, <u32>lf - 1 if lf and data.p[lf - 1] == c'\r' else <u32>lf)


cdef inline int reply_line(Slice data) noexcept nogil:
    """A whole line that is `NNN text`, or `NNN-text`: 0, 1 or DETECT_MORE."""
    if data.n < 4 or not reply_fits(data.p, data.n):
        return 0
    if find_byte(data.p, data.n, c'\n') < 0:
        return DETECT_MORE if data.n < DETECT_ENOUGH else 0
    return 1
