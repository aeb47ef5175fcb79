"""DNS messages on the wire: the bounded walk over a whole message."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64

cdef enum:
    DNS_HEAD = 12

cdef struct DnsHead:           # RFC 1035 section 4.1.1
    u16 id
    u16 flags
    u16 count[4]               # questions, answers, authorities, additionals

cdef struct DnsRecord:
    u32 name                   # offset of its name
    u16 kind
    u16 cls
    u32 ttl
    u32 data                   # offset of its data
    u32 size

cdef DnsHead dns_head(const u8* p) noexcept nogil
cdef bint next_record(const u8* p, u32 n, u32* at, bint question, DnsRecord* r) noexcept nogil
cdef u32 message_end(const u8* p, u32 n) noexcept nogil
cdef u64 question_hash(const u8* p, u32 n, u16 id) noexcept nogil
