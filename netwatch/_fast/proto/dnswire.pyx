"""DNS messages on the wire (RFC 1035 section 4, RFC 6891): names and the bounded walk over a message.

Compression pointers must point backwards, each further than the last, so no name can loop; a name is 255 bytes at most.
"""
from netwatch._fast.bytes cimport u8, u16, u32, u64, be16, be32

cdef enum:
    MAX_LABEL = 63             # RFC 1035 section 2.3.4
    MAX_NAME = 255
    MAX_HOPS = 64              # pointers followed in one name
    BROKEN = 0xffff

cdef struct Walk:              # along one name
    u32 at
    u32 floor                  # lowest offset visited
    u32 total                  # bytes of the name so far
    u32 hops


cdef DnsHead dns_head(const u8* p) noexcept nogil:
    """The header of a message of at least DNS_HEAD bytes."""
    cdef DnsHead h
    cdef int i
    h.id = be16(p)
    h.flags = be16(p + 2)
    for i in range(4):
        h.count[i] = be16(p + 4 + 2 * i)
    return h


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
        if to >= w.floor or to < DNS_HEAD:
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


cdef bint next_record(const u8* p, u32 n, u32* at, bint question, DnsRecord* r) noexcept nogil:
    """The question or record at `at`, which moves past it; False when it does not fit or its name is broken."""
    cdef u32 end = name_end(p, n, at[0])
    if end == 0 or end > n or n - end < (4 if question else 10):
        return False
    r.name = at[0]
    r.kind = be16(p + end)
    r.cls = be16(p + end + 2)
    r.ttl = 0
    r.data = end + 4
    r.size = 0
    if not question:
        r.ttl = be32(p + end + 4)
        r.size = be16(p + end + 8)
        r.data = end + 10
        if n - r.data < r.size:
            return False
    at[0] = r.data + r.size
    return True


cdef u32 message_end(const u8* p, u32 n) noexcept nogil:
    """Offset after the last record that the header counts; 0 when the message is broken.

    A truncated message (TC) may count records it does not carry: it ends where they do.
    """
    cdef DnsHead h
    cdef DnsRecord r
    cdef u32 at = DNS_HEAD
    cdef int section
    cdef u32 _i
    if n < DNS_HEAD:
        return 0
    h = dns_head(p)
    for section in range(4):
        for _i in range(h.count[section]):
            if at == n and h.flags & 0x0200:
                return at
            if not next_record(p, n, &at, section == 0, &r):
                return 0
    return at


cdef u64 question_hash(const u8* p, u32 n, u16 id) noexcept nogil:
    """What a query and its response have in common: id and first question, letters without case (FNV-1a)."""
    cdef u64 h = (<u64>14695981039346656037ULL ^ id) * 1099511628211ULL
    cdef u32 i, end
    cdef u8 c
    if n < DNS_HEAD or be16(p + 4) == 0:
        return h
    end = name_end(p, n, DNS_HEAD)
    if end == 0 or end + 4 > n:
        return h
    for i in range(DNS_HEAD, end + 4):
        c = p[i]
        if c >= c'A' and c <= c'Z':
            c |= 32
        h = (h ^ c) * 1099511628211ULL
    return h
