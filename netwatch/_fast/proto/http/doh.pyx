"""DNS over HTTP (RFC 8484) in HTTP/1: the query in the target of a GET, messages in bodies, told as any DNS message.

In the clear nobody should speak it; a proxy that ends TLS does, behind itself.
"""
from netwatch._fast.base.bytes cimport u8, u32, u64, i64, Slice, find_byte, slice_of, starts
from netwatch._fast.look.protocol cimport EV_DNS, EV_NAMES, Look, wants
from netwatch._fast.proto.common.base64 cimport base64_decode
from netwatch._fast.proto.common.lines cimport word_is
from netwatch._fast.proto.dns.facts cimport OVER_HTTPS
from netwatch._fast.proto.dns.message cimport message_end
from netwatch._fast.proto.dns.naming cimport dns_names
from netwatch._fast.proto.dns.wire cimport dns_report
from netwatch._fast.proto.http.pair cimport Way

cdef enum:
    DOH_MOST = 65535           # bytes of a message, section 6
    TARGET_MOST = 2048         # bytes of a query in a target


cdef bint is_doh(Slice content_type) noexcept nogil:
    """application/dns-message, with whatever parameters (section 6)."""
    cdef i64 end = find_byte(content_type.p, content_type.n, c';')
    if end >= 0:
        content_type.n = <u32>end
    while content_type.n and content_type.p[content_type.n - 1] == c' ':
        content_type.n -= 1
    return word_is(content_type, b"application/dns-message", 23)


cdef bint doh_waits(Look* look, Way* way, u32 n) noexcept nogil:
    """Is it a message of which the rest is waited for? No more than what it promised can be held here."""
    if not way.doh or way.left != way.promised or way.promised > DOH_MOST or n >= way.promised or look.fin:
        return False
    way.held = n
    look.need = <u32>way.promised
    return True


cdef void doh_target(Look* look, Slice target) noexcept nogil:
    """The query that stands in base64url behind `?dns=`, the only variable of the template there is (section 4.1)."""
    cdef u8 message[TARGET_MOST]
    cdef i64 mark = find_byte(target.p, target.n, c'?')
    if mark < 0 or not (wants(look, EV_DNS) or wants(look, EV_NAMES)):
        return
    target = slice_of(target.p + mark + 1, target.n - <u32>mark - 1)
    if starts(target.p, target.n, b"dns=", 4):
        doh_message(look, message, base64_decode(slice_of(target.p + 4, target.n - 4), message, TARGET_MOST))


cdef void doh_message(Look* look, const u8* p, u32 n) noexcept nogil:
    """A message, where these bytes are a whole one."""
    cdef u64 unknown = 0
    if n == 0 or message_end(p, n) != n:
        return
    dns_report(look, OVER_HTTPS, unknown, p, n)
    dns_names(look, OVER_HTTPS, p, n)
