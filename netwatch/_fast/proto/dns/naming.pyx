"""Names of addresses out of DNS, mDNS and LLMNR responses (RFC 1035, 6762, 4795): A, AAAA, PTR.

A unicast answer names its addresses by what was *asked for*: CNAMEs are followed from the question, and records that do
not hang on that chain are not believed. An mDNS response asks nothing, so each of its records speaks for its own name.
"""
from libc.string cimport memcpy, memset

from netwatch._fast.base.bytes cimport u8, u16, u32
from netwatch._fast.wire.packet cimport FAMILY_IP4, FAMILY_IP6
from netwatch._fast.look.protocol cimport Look
from netwatch._fast.proto.dns.facts cimport OVER_LLMNR, OVER_MDNS
from netwatch._fast.base.domain cimport NAME_TEXT, name_text
from netwatch._fast.proto.dns.message cimport DNS_HEAD, DnsHead, DnsRecord, dns_head, next_record
from netwatch._fast.flow.sighting cimport Named, VIA_DNS, VIA_LLMNR, VIA_MDNS, VIA_PTR, name_address
from netwatch._fast.proto.common.naming cimport names_wanted, tell_names

cdef enum:
    TYPE_A = 1
    TYPE_CNAME = 5
    TYPE_PTR = 12
    TYPE_AAAA = 28
    CLASS_IN = 1
    RCODE = 0x000f
    FLAG_RESPONSE = 0x8000
    MAX_HOPS = 16              # CNAMEs followed
    MAX_RECORDS = 128          # looked at, of one message
    ARPA4 = 13                 # ".in-addr.arpa"
    ARPA6 = 9                  # ".ip6.arpa"

cdef struct Name:
    int size                   # -1: broken
    u8 text[NAME_TEXT]


cdef void read_name(const u8* p, u32 n, u32 at, Name* out) noexcept nogil:
    out.size = name_text(p, n, at, <char*>out.text)


cdef inline u8 lower(u8 c) noexcept nogil:
    return c | 32 if c'A' <= c <= c'Z' else c


cdef bint same(const Name* a, const u8* b, int n) noexcept nogil:
    """Names are equal without regard to the case of letters (RFC 4343)."""
    cdef int i
    if a.size != n:
        return False
    for i in range(n):
        if lower(a.text[i]) != lower(b[i]):
            return False
    return True


cdef bint ends_in(const Name* name, const char* tail, int n) noexcept nogil:
    cdef int i
    if name.size <= n:
        return False
    for i in range(n):
        if lower(name.text[name.size - n + i]) != <u8>tail[i]:
            return False
    return True


cdef int hex_digit(u8 c) noexcept nogil:
    if c'0' <= c <= c'9':
        return c - c'0'
    c = lower(c)
    return c - c'a' + 10 if c'a' <= c <= c'f' else -1


cdef bint reverse4(const Name* name, u8* out) noexcept nogil:
    """d.c.b.a of d.c.b.a.in-addr.arpa (RFC 1035 section 3.5), all four parts."""
    cdef int i, part = 3, value = -1
    for i in range(name.size - ARPA4 + 1):
        if name.text[i] == c'.':
            if not 0 <= value <= 255 or part < 0:
                return False
            out[part] = <u8>value
            part -= 1
            value = -1
        elif c'0' <= name.text[i] <= c'9' and value < 256:
            value = max(value, 0) * 10 + name.text[i] - c'0'
        else:
            return False
    return part == -1


cdef bint reverse6(const Name* name, u8* out) noexcept nogil:
    """32 nibbles, lowest first, before .ip6.arpa (RFC 3596 section 2.5)."""
    cdef int i, digit
    if name.size != 63 + ARPA6:
        return False
    memset(out, 0, 16)
    for i in range(32):
        digit = hex_digit(name.text[2 * i])
        if digit < 0 or (i < 31 and name.text[2 * i + 1] != c'.'):
            return False
        out[15 - i // 2] |= <u8>(digit << (4 * (i & 1)))
    return True


cdef bint reverse_address(const Name* name, Named* out) noexcept nogil:
    """The address that a name of the reverse tree stands for."""
    cdef u8 address[16]
    out.n = 0
    if ends_in(name, b".in-addr.arpa", ARPA4) and reverse4(name, address):
        name_address(out, FAMILY_IP4, address)
    elif ends_in(name, b".ip6.arpa", ARPA6) and reverse6(name, address):
        name_address(out, FAMILY_IP6, address)
    return out.n != 0


cdef bint add_address(const u8* p, const DnsRecord* r, Named* out) noexcept nogil:
    """The address of an A or AAAA record; False when it is neither."""
    if r.kind == TYPE_A and r.size == 4:
        name_address(out, FAMILY_IP4, p + r.data)
    elif r.kind == TYPE_AAAA and r.size == 16:
        name_address(out, FAMILY_IP6, p + r.data)
    else:
        return False
    return True


cdef bint owned(const u8* p, u32 n, const DnsRecord* r, const Name* who) noexcept nogil:
    cdef u8 text[NAME_TEXT]
    cdef int size = name_text(p, n, r.name, <char*>text)
    return size > 0 and same(who, text, size)


cdef u32 records_at(const u8* p, u32 n, u16 questions) noexcept nogil:
    """Where the answers begin; 0 when the questions are broken."""
    cdef u32 at = DNS_HEAD
    cdef DnsRecord r
    cdef int _i
    for _i in range(questions):
        if not next_record(p, n, &at, True, &r):
            return 0
    return at


cdef bint follow(const u8* p, u32 n, u32 at, u16 count, Name* who) noexcept nogil:
    """The next name of the chain, if an answer is a CNAME of `who`."""
    cdef DnsRecord r
    cdef int _i
    for _i in range(min(count, <u16>MAX_RECORDS)):
        if not next_record(p, n, &at, False, &r):
            return False
        if r.kind == TYPE_CNAME and r.cls == CLASS_IN and owned(p, n, &r, who):
            read_name(p, r.data + r.size, r.data, who)
            return who.size > 0
    return False


cdef void answered(Look* look, u8 via, const u8* p, u32 n, const DnsHead* h) noexcept nogil:
    """A unicast response: what was asked for is the name, or, in the reverse tree, the address."""
    cdef DnsRecord r
    cdef Name asked, who, found
    cdef Named named
    cdef u32 at = records_at(p, n, h.count[0]), start
    cdef int _i
    cdef bint reverse
    read_name(p, n, DNS_HEAD, &asked)
    if at == 0 or asked.size <= 0 or h.count[1] == 0:
        return
    start = at
    reverse = reverse_address(&asked, &named)
    memcpy(&who, &asked, sizeof(Name))
    for _i in range(MAX_HOPS):
        if not follow(p, n, start, h.count[1], &who):
            break
    for _i in range(min(h.count[1], <u16>MAX_RECORDS)):
        if not next_record(p, n, &at, False, &r):
            break
        if r.cls != CLASS_IN or not owned(p, n, &r, &who):
            continue
        if reverse and r.kind == TYPE_PTR:
            read_name(p, r.data + r.size, r.data, &found)
            if found.size > 1:
                tell_names(look, VIA_PTR, True, &named, found.text, <u32>found.size)
            return
        if not reverse:
            add_address(p, &r, &named)
    if not reverse and asked.size > 1:
        tell_names(look, via, True, &named, asked.text, <u32>asked.size)


cdef void announced(Look* look, const u8* p, u32 n, const DnsHead* h) noexcept nogil:
    """An mDNS response: any of its records but those that say goodbye (TTL 0, RFC 6762 section 10.1)."""
    cdef DnsRecord r
    cdef Name owner, found
    cdef Named named
    cdef u32 at = records_at(p, n, h.count[0])
    cdef int _i
    if at == 0:
        return
    for _i in range(min(<u32>h.count[1] + h.count[2] + h.count[3], <u32>MAX_RECORDS)):
        if not next_record(p, n, &at, False, &r):
            return
        if r.ttl == 0 or r.cls & 0x7fff != CLASS_IN:    # the top bit: section 10.2, cache flush
            continue
        named.n = 0
        if add_address(p, &r, &named):
            read_name(p, n, r.name, &owner)
            if owner.size > 1:
                tell_names(look, VIA_MDNS, False, &named, owner.text, <u32>owner.size)
        elif r.kind == TYPE_PTR:
            read_name(p, n, r.name, &owner)
            if owner.size > 1 and reverse_address(&owner, &named):
                read_name(p, r.data + r.size, r.data, &found)
                if found.size > 1:
                    tell_names(look, VIA_MDNS, False, &named, found.text, <u32>found.size)


cdef void dns_names(Look* look, u8 over, const u8* p, u32 n) noexcept nogil:
    """Tell what the message says of names, if it is a response without an error and somebody listens."""
    cdef DnsHead h
    if not names_wanted(look) or n < DNS_HEAD:
        return
    h = dns_head(p)
    if not h.flags & FLAG_RESPONSE or h.flags & RCODE:
        return
    if over == OVER_MDNS:
        announced(look, p, n, &h)
    elif h.count[0] == 1:
        answered(look, VIA_LLMNR if over == OVER_LLMNR else VIA_DNS, p, n, &h)
