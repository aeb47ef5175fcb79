"""Names of DNS cut where a domain is registered, as far as labels tell: below a country's two letters, one label more
where the next one is as short as com, co, ac or gov. A name whose last label can be no domain is below the root.
"""
from netwatch._fast.base.bytes cimport u8, u32
from netwatch._fast.flow.content cimport FACT_HEAD
from netwatch._fast.flow.turns cimport Turn
from netwatch._fast.proto.dns.facts cimport DNS_NAME, DNS_RCODE

cdef enum:
    TOP_LEVEL = 24             # characters of the longest label that is one
    NXDOMAIN = 3               # RFC 1035 section 4.1.1


cdef u32 below(const u8* name, u32 n) noexcept nogil:
    """How many bytes stand before the domain and its dot; 0 when the name is no more than a domain."""
    cdef u32 end = n, at, label, last = 0, cut = 0
    cdef u32 labels = 0
    if n and name[n - 1] == 46:
        end -= 1
    at = end
    while at > 0:
        label = at
        while at > 0 and name[at - 1] != 46:
            at -= 1
        labels += 1
        if labels == 1:
            last = label - at
            if last > TOP_LEVEL:
                return end
        elif labels == 2 and not (last == 2 and label - at <= 3):
            cut = at
            break
        elif labels == 3:
            cut = at
            break
        if at:
            at -= 1
    return cut - 1 if cut else 0


def registered(name: bytes) -> bytes:
    """The domain that the name is, or stands below."""
    cdef u32 cut = below(name, <u32>len(name))
    return name[cut + 1:] if cut else name


cdef bint missing(const Turn* turn, int app) noexcept nogil:
    cdef const u8* at = <const u8*>turn + sizeof(Turn)
    cdef const u8* end = at + turn.facts
    cdef bint found = False
    while at < end:
        if at[0] == app and at[1] == DNS_RCODE and at[2] == 2:
            found = (at[FACT_HEAD] | at[FACT_HEAD + 1]) == NXDOMAIN
        at += FACT_HEAD + (at[2] | <u32>at[3] << 8)
    return found


cdef bint longish(const Turn* turn, int app) noexcept nogil:
    cdef const u8* at = <const u8*>turn + sizeof(Turn)
    cdef const u8* end = at + turn.facts
    cdef u32 n
    while at < end:
        n = at[2] | <u32>at[3] << 8
        if at[0] == app and at[1] == DNS_NAME and n >= LONG_NAME:
            return True
        at += FACT_HEAD + n
    return False
