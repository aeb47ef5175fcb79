"""RFB, the protocol of VNC (RFC 6143; VeNCrypt, Tight and Apple's logins after the community's rfbproto).

The two sides take turns: versions, security type, login, the desktop's name and size. When TLS is agreed the flow is
given back; the session itself, and logins nobody has described, are left alone.
"""
from libc.stdlib cimport free

from netwatch._fast.base.bytes cimport u8, u32, Slice, be16, be32, slice_of
from netwatch._fast.flow.row cimport BIT_SEEN
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_MALFORMED,
                                           PARSE_NOT_MINE, PARSE_OK, fact_once, set_initiator, reads, has_state)
from netwatch._fast.proto.common.learn cimport keep_u8
from netwatch._fast.proto.common.lines cimport from_client, is_digit, keep_once, smaller, wait_for, wait_more
from netwatch._fast.proto.vnc.joined cimport FIRST_MOST, SERVER_INIT, joined

cdef enum:                     # what is to come next, and below which the server speaks
    AT_SERVER_VERSION = 0
    AT_TYPES = 1
    AT_CHALLENGE = 2
    AT_RESULT = 3
    AT_REASON = 4
    AT_SERVER_INIT = 5
    AT_ARD_KEYS = 6
    AT_VEN_VERSION = 7
    AT_VEN_TYPES = 8
    AT_VEN_ACK = 9
    AT_TUNNELS = 10
    AT_TIGHT_TYPES = 11
    AT_CLIENT = 32             # from here on the client
    AT_CLIENT_VERSION = 32
    AT_CHOICE = 33
    AT_ANSWER = 34
    AT_CLIENT_INIT = 35
    AT_ARD_ANSWER = 36
    AT_VEN_CLIENT = 37
    AT_VEN_CHOICE = 38
    AT_VEN_PLAIN = 39
    AT_TUNNEL = 40
    AT_TIGHT_CHOICE = 41

cdef enum:
    VERSION = 12               # "RFB 003.008\n", RFC 6143 section 7.1.1
    TYPE_NONE = 1              # RFC 6143 section 7.1.2 and IANA's list of RFB security types
    TYPE_VNC = 2
    TYPE_TIGHT = 16
    TYPE_TLS = 18
    TYPE_VENCRYPT = 19
    TYPE_ARD = 30
    VEN_PLAIN = 256
    VEN_LAST = 262             # 257 and up begin with TLS
    DES = 16                   # challenge and answer, RFC 6143 section 7.2.2
    ARD_LOGIN = 128
    ARD_KEY_MOST = 1024
    TEXT_MOST = 4096
    MANY = 32

cdef struct Vnc:
    u8 at
    u8 minor                   # 3, 7 or 8: which exchange is spoken
    u32 ard                    # length of Apple's key


# --- detection ---

cdef bint version_fits(const u8* p, u32 n) noexcept nogil:
    """The bytes are a version, or its beginning."""
    cdef u32 i
    for i in range(smaller(n, VERSION)):
        if i < 4 and p[i] != <u8>(b"RFB "[i]) or i == 7 and p[i] != c'.' or i == 11 and p[i] != c'\n' or \
                3 < i < 11 and i != 7 and not is_digit(p[i]):
            return False
    return True


cdef int vnc_detect(Look* look, Slice d) noexcept nogil:
    if d.n and d.p[0] != c'R':
        return 0 if look.row.bits & BIT_SEEN else joined(look, d)
    if not version_fits(d.p, d.n):
        return 0
    return 98 if d.n >= VERSION else DETECT_MORE


# --- the steps: each uses its whole message, or waits ---

cdef int take_version(Look* look, Vnc* vnc, const u8* p) noexcept nogil:
    cdef u32 minor = (p[8] - c'0') * 100 + (p[9] - c'0') * 10 + (p[10] - c'0')
    if not version_fits(p, VERSION):
        return PARSE_MALFORMED
    look.used += VERSION
    if vnc.at == AT_SERVER_VERSION:
        set_initiator(look, False)
        fact_once(look, VNC_SERVER, p + 4, 7)
        vnc.at = AT_CLIENT_VERSION
        return PARSE_OK
    fact_once(look, VNC_CLIENT, p + 4, 7)
    vnc.minor = 8 if p[6] > c'3' or minor >= 8 else 7 if minor == 7 else 3      # RFC 6143 appendix A
    vnc.at = AT_TYPES
    return PARSE_OK


cdef int chosen(Look* look, Vnc* vnc, u8 kind) noexcept nogil:
    """How it goes on with a security type."""
    fact_once(look, VNC_CHOSEN, &kind, 1)
    if kind == TYPE_NONE:
        vnc.at = AT_RESULT if vnc.minor == 8 else AT_CLIENT_INIT
    elif kind == TYPE_VNC:
        vnc.at = AT_CHALLENGE
    elif kind == TYPE_ARD:
        vnc.at = AT_ARD_KEYS
    elif kind == TYPE_VENCRYPT:
        vnc.at = AT_VEN_VERSION
    elif kind == TYPE_TIGHT:
        vnc.at = AT_TUNNELS
    else:
        return PARSE_NOT_MINE if kind == TYPE_TLS else PARSE_DONE
    return PARSE_OK


cdef int take_types(Look* look, Vnc* vnc, Slice d) noexcept nogil:
    """The server's list; version 3.3 decides instead."""
    cdef const u8* p = d.p + look.used
    cdef u32 n = d.n - look.used, i, kind
    if vnc.minor == 3:
        if n < 4:
            return wait_for(look, d, 4)
        look.used += 4
        kind = be32(p)
        if kind > 255:
            return PARSE_MALFORMED
        vnc.at = AT_REASON
        return chosen(look, vnc, <u8>kind) if kind else PARSE_OK
    if n < 1 + <u32>p[0]:
        return wait_for(look, d, 1 + <u32>p[0])
    look.used += 1 + <u32>p[0]
    for i in range(p[0]):
        keep_u8(look, VNC_OFFERED, p[1 + i], MANY)
    vnc.at = AT_CHOICE if p[0] else AT_REASON
    return PARSE_OK


cdef int take_result(Look* look, Vnc* vnc, const u8* p) noexcept nogil:
    """RFC 6143 section 7.1.3; before version 3.8 no reason follows."""
    cdef u8 code = p[3]
    if be32(p) > 2:
        return PARSE_MALFORMED
    look.used += 4
    fact_once(look, VNC_RESULT, &code, 1)
    vnc.at = AT_REASON if code else AT_CLIENT_INIT
    return PARSE_DONE if code and vnc.minor < 8 else PARSE_OK


cdef int take_reason(Look* look, Slice d) noexcept nogil:
    cdef const u8* p = d.p + look.used
    cdef u32 n = d.n - look.used
    if n < 4 or be32(p) <= TEXT_MOST and n < 4 + be32(p):
        return wait_for(look, d, 4 if n < 4 else 4 + be32(p))
    if be32(p) > TEXT_MOST:
        return PARSE_MALFORMED
    look.used += 4 + be32(p)
    keep_once(look, VNC_REASON, slice_of(p + 4, be32(p)))
    return PARSE_DONE


cdef Slice bare_name(Slice name) noexcept nogil:
    """What follows the last NUL: Apple's servers put numbers before the name."""
    cdef u32 start
    while name.n and name.p[name.n - 1] == 0:
        name.n -= 1
    start = name.n
    while start and name.p[start - 1]:
        start -= 1
    return slice_of(name.p + start, name.n - start)


cdef int take_desktop(Look* look, Slice d) noexcept nogil:
    """ServerInit: size, pixel format, name."""
    cdef const u8* p = d.p + look.used
    cdef u32 n = d.n - look.used, size
    if n < SERVER_INIT:
        return wait_for(look, d, SERVER_INIT)
    size = be32(p + 20)
    if size > TEXT_MOST:
        return PARSE_MALFORMED
    if n < SERVER_INIT + size:
        return wait_for(look, d, SERVER_INIT + size)
    look.used += SERVER_INIT + size
    fact_once(look, VNC_SIZE, p, 4)
    fact_once(look, VNC_FORMAT, p + 4, 2)
    keep_once(look, VNC_NAME, bare_name(slice_of(p + SERVER_INIT, size)))
    return PARSE_DONE


cdef int take_ard_keys(Look* look, Vnc* vnc, Slice d) noexcept nogil:
    """Generator, length, prime, public key."""
    cdef const u8* p = d.p + look.used
    cdef u32 n = d.n - look.used
    if n < 4:
        return wait_for(look, d, 4)
    vnc.ard = be16(p + 2)
    if vnc.ard == 0 or vnc.ard > ARD_KEY_MOST:
        return PARSE_MALFORMED
    if n < 4 + 2 * vnc.ard:
        return wait_for(look, d, 4 + 2 * vnc.ard)
    look.used += 4 + 2 * vnc.ard
    vnc.at = AT_ARD_ANSWER
    return PARSE_OK


cdef int take_ven_types(Look* look, Vnc* vnc, Slice d) noexcept nogil:
    """Acknowledgement 0, a count, subtypes."""
    cdef const u8* p = d.p + look.used
    cdef u32 n = d.n - look.used
    if p[0]:
        return PARSE_DONE
    if n < 2 or n < 2 + 4 * <u32>p[1]:
        return wait_for(look, d, 2 if n < 2 else 2 + 4 * <u32>p[1])
    look.used += 2 + 4 * <u32>p[1]
    vnc.at = AT_VEN_CHOICE
    return PARSE_OK


cdef int take_ven_choice(Look* look, Vnc* vnc, const u8* p) noexcept nogil:
    look.used += 4
    fact_once(look, VNC_SUBTYPE, p, 4)
    vnc.at = AT_VEN_PLAIN if be32(p) == VEN_PLAIN else AT_VEN_ACK
    return PARSE_OK if VEN_PLAIN <= be32(p) <= VEN_LAST else PARSE_DONE


cdef int take_plain(Look* look, Vnc* vnc, Slice d) noexcept nogil:
    """Lengths of user and password, both texts."""
    cdef const u8* p = d.p + look.used
    cdef u32 n = d.n - look.used, user, secret
    if n < 8:
        return wait_for(look, d, 8)
    user = be32(p)
    secret = be32(p + 4)
    if user > TEXT_MOST or secret > TEXT_MOST:
        return PARSE_MALFORMED
    if n < 8 + user + secret:
        return wait_for(look, d, 8 + user + secret)
    look.used += 8 + user + secret
    keep_once(look, VNC_USER, slice_of(p + 8, user))
    keep_once(look, VNC_PASSWORD, slice_of(p + 8 + user, secret))
    vnc.at = AT_RESULT
    return PARSE_OK


cdef int take_offers(Look* look, Vnc* vnc, Slice d) noexcept nogil:
    """Tight's tunnels and logins: a count, 16 bytes each. No login at all leads where nobody has described it."""
    cdef const u8* p = d.p + look.used
    cdef u32 n = d.n - look.used, count
    if n < 4:
        return wait_for(look, d, 4)
    count = be32(p)
    if count > MANY:
        return PARSE_MALFORMED
    if n < 4 + 16 * count:
        return wait_for(look, d, 4 + 16 * count)
    look.used += 4 + 16 * count
    if vnc.at == AT_TUNNELS:
        vnc.at = AT_TUNNEL if count else AT_TIGHT_TYPES
        return PARSE_OK
    vnc.at = AT_TIGHT_CHOICE
    return PARSE_OK if count else PARSE_DONE


cdef int take_tight_choice(Look* look, Vnc* vnc, const u8* p) noexcept nogil:
    """A tunnel, where 0 is none; or the login."""
    look.used += 4
    if vnc.at == AT_TUNNEL:
        vnc.at = AT_TIGHT_TYPES
        return PARSE_DONE if be32(p) else PARSE_OK
    fact_once(look, VNC_SUBTYPE, p, 4)
    vnc.at = AT_CHALLENGE
    return PARSE_OK if be32(p) == TYPE_VNC else PARSE_DONE


cdef u32 size_of(const Vnc* vnc) noexcept nogil:
    """Length of the next message where it is fixed, else 1."""
    if vnc.at == AT_SERVER_VERSION or vnc.at == AT_CLIENT_VERSION:
        return VERSION
    if vnc.at == AT_CHALLENGE or vnc.at == AT_ANSWER:
        return DES
    if vnc.at == AT_RESULT or vnc.at == AT_VEN_CHOICE or vnc.at == AT_TUNNEL or vnc.at == AT_TIGHT_CHOICE:
        return 4
    if vnc.at == AT_VEN_VERSION or vnc.at == AT_VEN_CLIENT:
        return 2
    return ARD_LOGIN + vnc.ard if vnc.at == AT_ARD_ANSWER else 1


cdef int passed(Look* look, Vnc* vnc, u32 size, u8 next) noexcept nogil:
    """A message with nothing to learn."""
    look.used += size
    vnc.at = next
    return PARSE_OK


cdef int fixed(Look* look, Vnc* vnc, const u8* p, u32 size) noexcept nogil:
    """The messages of a fixed length, which are there."""
    if vnc.at == AT_SERVER_VERSION or vnc.at == AT_CLIENT_VERSION:
        return take_version(look, vnc, p)
    if vnc.at == AT_CHOICE:
        look.used += 1
        return chosen(look, vnc, p[0])
    if vnc.at == AT_CHALLENGE:
        return passed(look, vnc, size, AT_ANSWER)
    if vnc.at == AT_ANSWER or vnc.at == AT_ARD_ANSWER:
        return passed(look, vnc, size, AT_RESULT)
    if vnc.at == AT_RESULT:
        return take_result(look, vnc, p)
    if vnc.at == AT_CLIENT_INIT:
        fact_once(look, VNC_SHARED, p, 1)
        return passed(look, vnc, size, AT_SERVER_INIT)
    if vnc.at == AT_VEN_VERSION:
        return passed(look, vnc, size, AT_VEN_CLIENT)
    if vnc.at == AT_VEN_CLIENT:
        return passed(look, vnc, size, AT_VEN_TYPES)
    if vnc.at == AT_VEN_CHOICE:
        return take_ven_choice(look, vnc, p)
    if vnc.at == AT_VEN_ACK:
        look.used += 1
        return PARSE_NOT_MINE if p[0] == 1 else PARSE_DONE
    return take_tight_choice(look, vnc, p)


cdef int step(Look* look, Vnc* vnc, Slice d) noexcept nogil:
    cdef u32 size = size_of(vnc)
    if vnc.at == AT_TYPES:
        return take_types(look, vnc, d)
    if vnc.at == AT_REASON:
        return take_reason(look, d)
    if vnc.at == AT_SERVER_INIT:
        return take_desktop(look, d)
    if vnc.at == AT_ARD_KEYS:
        return take_ard_keys(look, vnc, d)
    if vnc.at == AT_VEN_TYPES:
        return take_ven_types(look, vnc, d)
    if vnc.at == AT_VEN_PLAIN:
        return take_plain(look, vnc, d)
    if vnc.at == AT_TUNNELS or vnc.at == AT_TIGHT_TYPES:
        return take_offers(look, vnc, d)
    if d.n - look.used < size:
        return wait_for(look, d, size)
    return fixed(look, vnc, d.p + look.used, size)


cdef int vnc_parse(Look* look, Slice d) noexcept nogil:
    cdef Vnc* vnc
    cdef int code = PARSE_OK
    if not has_state(look, sizeof(Vnc)):
        return PARSE_DONE
    vnc = <Vnc*>look.state[0]
    if vnc.at == 0 and d.n and d.p[0] != c'R':
        return PARSE_DONE                       # joined behind the handshake
    while code == PARSE_OK and look.used < d.n:
        # who speaks first is the server; where the handshake was not seen that decides who is who
        if (vnc.at or look.row.bits & BIT_SEEN) and (vnc.at >= AT_CLIENT) != from_client(look):
            return wait_more(look, d)
        code = step(look, vnc, d)
    return code


cdef void vnc_define(Proto* p) noexcept nogil:
    cdef int c
    reads(p, "vnc", ON_TCP, vnc_detect, vnc_parse)
    for c in range(FIRST_MOST):
        p.first[c] = 1
    p.first[c'R'] = 1
    p.free = free
