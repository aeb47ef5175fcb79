"""Domain names on the wire (RFC 1035 section 4.1.4), for DNS and for whoever meets its messages.

Compression pointers must point backwards, each further than the last, so no name can loop; a name is 255 bytes at most.
"""
from netwatch._fast.base.bytes cimport u8, u32, be16

cdef enum:
    MAX_LABEL = 63             # RFC 1035 section 2.3.4
    MAX_NAME = 255
    MAX_HOPS = 64              # pointers followed in one name
    BROKEN = 0xffff
    MESSAGE_HEAD = 12          # bytes of a message that no name can be in

cdef struct Walk:              # along one name
    u32 at
    u32 floor                  # lowest offset visited
    u32 total                  # bytes of the name so far
    u32 hops


cdef Walk walk_from(u32 at) noexcept nogil:
    cdef Walk w
    w.at = w.floor = at
    w.total = w.hops = 0
    return w


cdef u32 next_label(const u8* p, u32 n, Walk* w) noexcept nogil:
    """Follow pointers to the next label: its length, 0 at the root, BROKEN when the name is broken.

    A pointer must go below every offset visited (RFC 1035 section 4.1.4, "prior occurrence").
    """
    cdef u32 to, size
    while w.at < n and p[w.at] >= 0xc0:
        w.hops += 1
        if n - w.at < 2 or w.hops > MAX_HOPS:
            return BROKEN
        to = be16(p + w.at) & 0x3fff
        if to >= w.floor or to < MESSAGE_HEAD:
            return BROKEN
        w.at = w.floor = to
    if w.at >= n or p[w.at] > MAX_LABEL:
        return BROKEN
    size = p[w.at]
    w.total += 1 + size
    return size if n - w.at > size and w.total <= MAX_NAME else BROKEN


cdef u32 name_end(const u8* p, u32 n, u32 at) noexcept nogil:
    """Offset after the name at `at`, pointers checked; 0 when it is broken."""
    cdef Walk w
    cdef u32 size, start, end = at
    while end < n and end - at < MAX_NAME and 0 < p[end] <= MAX_LABEL:     # most names are whole where they stand
        end += 1 + p[end]
    if end >= n or end - at >= MAX_NAME or 0 < p[end] < 0xc0:
        return 0
    if p[end] == 0:
        return end + 1
    w = walk_from(at)
    end = 0
    while True:
        start = w.at
        size = next_label(p, n, &w)
        if size == BROKEN:
            return 0
        if w.at != start and end == 0:
            end = start + 2
        if size == 0:
            return end if end else w.at + 1
        w.at += 1 + size


cdef int label_text(const u8* p, u32 size, char* out) noexcept nogil:
    """One label as text; its length, at most 4 times the label's."""
    cdef int len = 0
    cdef u32 i
    cdef u8 c
    for i in range(size):
        c = p[i]
        if c < 32 or c == 127:
            out[len] = c'\\'
            out[len + 1] = <char>(48 + c // 100)
            out[len + 2] = <char>(48 + c // 10 % 10)
            out[len + 3] = <char>(48 + c % 10)
            len += 4
            continue
        if c == c'.' or c == c'\\':
            out[len] = c'\\'
            len += 1
        out[len] = <char>c
        len += 1
    return len


cdef int name_text(const u8* p, u32 n, u32 at, char* out) noexcept nogil:
    """The name as text of at most NAME_TEXT bytes, without the final dot, "." for the root; -1 when it is broken.

    Inside a label a dot and a backslash are escaped by a backslash, control bytes as backslash DDD (RFC 1035 section
    5.1). Bytes above 127 stay as they are: UTF-8 is common in mDNS and LLMNR.
    """
    cdef Walk w = walk_from(at)
    cdef u32 size
    cdef int len = 0
    while True:
        size = next_label(p, n, &w)
        if size == BROKEN:
            return -1
        if size == 0:
            break
        if len:
            out[len] = c'.'
            len += 1
        len += label_text(p + w.at + 1, size, out + len)
        w.at += 1 + size
    if len == 0:
        out[0] = c'.'
        len = 1
    return len
