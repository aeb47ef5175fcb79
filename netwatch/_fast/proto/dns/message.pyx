"""DNS messages on the wire (RFC 1035 section 4, RFC 6891): the bounded walk over a message; names are base/domain's."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64, be16, be32
from netwatch._fast.base.domain cimport name_end


cdef DnsHead dns_head(const u8* p) noexcept nogil:
    """The header of a message of at least DNS_HEAD bytes."""
    cdef DnsHead h
    cdef int i
    h.id = be16(p)
    h.flags = be16(p + 2)
    for i in range(4):
        h.count[i] = be16(p + 4 + 2 * i)
    return h


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
    """What a query and its response have in common: id and first question, letters without case (FNV-1a). The last
    two bytes are the id, all that a response without a question tells."""
    cdef u64 h = (<u64>14695981039346656037ULL ^ id) * 1099511628211ULL
    cdef u32 i, end
    cdef u8 c
    if n < DNS_HEAD or be16(p + 4) == 0:
        return id
    end = name_end(p, n, DNS_HEAD)
    if end == 0 or end + 4 > n:
        return id
    for i in range(DNS_HEAD, end + 4):
        c = p[i]
        if c >= c'A' and c <= c'Z':
            c |= 32
        h = (h ^ c) * 1099511628211ULL
    return h << 16 | id
