"""Media that a signalling protocol agrees on: where it will go is announced, so that RTP and RTCP are known by that.

SDP (RFC 8866): `c=IN IP4 address`, `m=audio 49170 RTP/AVP 0`. RTCP goes to the port after RTP's (RFC 3550 section 11)
unless `a=rtcp:` says another (RFC 3605).
Inline. An address translator changes what is said inside, so each end is announced by the address in the message and by
the one that the message came from.
"""
from libc.string cimport memcmp, memcpy, memset

from netwatch._fast.base.bytes cimport u8, u16, u32, i64, Slice, find_byte, slice_of, starts
from netwatch._fast.look.announced cimport announce
from netwatch._fast.look.protocol cimport Look
from netwatch._fast.proto.common.lines cimport holds_word, next_line, number_of, take_word, trimmed
from netwatch._fast.wire.packet cimport FAMILY_IP4, PROTO_UDP

cdef extern from "<arpa/inet.h>" nogil:
    int AF_INET6
    int inet_pton(int family, const char* text, void* out)


cdef inline void media_at(Look* look, const u8* address, u32 port, u32 control) noexcept nogil:
    """RTP and RTCP come to these ports of the address."""
    cdef Slice nothing = slice_of(address, 0)
    if 0 < port <= 0xffff:
        announce(look, b"rtp", PROTO_UDP, address, <u16>port, 0, nothing)
    if 0 < control <= 0xffff:
        announce(look, b"rtcp", PROTO_UDP, address, <u16>control, 0, nothing)


cdef inline const u8* end_of(const Look* look, int side) noexcept nogil:
    """The address of one side of the flow."""
    return &look.row.b[0] if side else &look.row.a[0]


cdef inline bint dotted(Slice text, u8* out) noexcept nogil:
    """Four numbers with dots between them, as the 16 bytes of an address."""
    cdef i64 dot, value
    cdef u32 i, n
    memset(out, 0, 16)
    for i in range(4):
        dot = find_byte(text.p, text.n, c'.') if i < 3 else <i64>text.n
        if dot <= 0:
            return False
        value = number_of(slice_of(text.p, <u32>dot), 3)
        if value < 0 or value > 255:
            return False
        out[i] = <u8>value
        n = <u32>dot + 1 if i < 3 else text.n
        text = slice_of(text.p + n, text.n - n)
    return True


cdef inline bint address_of(const Look* look, Slice text, u8* out) noexcept nogil:
    """The text as an address of the flow's family, 16 bytes. A multicast address may have a TTL behind a slash."""
    cdef char copy[48]
    cdef i64 slash = find_byte(text.p, text.n, c'/')
    if slash >= 0:
        text.n = <u32>slash
    if look.row.family == FAMILY_IP4:
        return dotted(text, out)
    if text.n >= sizeof(copy):
        return False
    memcpy(copy, text.p, text.n)
    copy[text.n] = 0
    return inet_pton(AF_INET6, copy, out) == 1


cdef struct Medium:            # of a session description
    u32 port                   # 0: none is spoken of, or no RTP
    u32 count                  # pairs of ports
    u32 control                # of RTCP, where it says so, else 0
    u8 said[16]                # where it comes to


cdef inline void take_medium(Look* look, Slice line, Medium* medium) noexcept nogil:
    """`m=kind port[/pairs] RTP/profile formats` (RFC 8866 section 5.14)."""
    cdef Slice port
    cdef i64 slash, number, pairs = 1
    take_word(&line)
    port = take_word(&line)
    slash = find_byte(port.p, port.n, c'/')
    if slash > 0:
        pairs = number_of(slice_of(port.p + slash + 1, port.n - <u32>slash - 1), 1)
        port.n = <u32>slash
    number = number_of(port, 5)
    medium.port = medium.control = 0
    medium.count = <u32>pairs if pairs > 0 else 1
    if number > 0 and holds_word(line.p, line.n if line.n < 20 else 20, b"rtp/", 4):
        medium.port = <u32>number


cdef inline void announce_medium(Look* look, const Medium* medium) noexcept nogil:
    """At the address that was said, and where the speaker is."""
    cdef const u8* speaker = end_of(look, look.side)
    cdef u32 i, port, control
    if medium.port == 0:
        return
    for i in range(medium.count):
        port = medium.port + 2 * i
        control = medium.control if medium.control and i == 0 else port + 1
        media_at(look, speaker, port, control)
        if memcmp(speaker, medium.said, 16) != 0:
            media_at(look, medium.said, port, control)


cdef inline void take_control(Look* look, Slice rest, Medium* medium) noexcept nogil:
    """What stands behind `a=rtcp:` (RFC 3605): a port, and perhaps where else it is."""
    cdef i64 number = number_of(take_word(&rest), 5)
    cdef u8 address[16]
    if number <= 0:
        return
    medium.control = <u32>number
    if rest.n > 7 and address_of(look, slice_of(rest.p + 7, rest.n - 7), address):
        media_at(look, address, 0, <u32>number)


cdef inline void media_of_sdp(Look* look, Slice body) noexcept nogil:
    """Announce what a session description of the side speaking names. Each medium may say where it comes to; else the
    session's address, or the speaker's, stands for it."""
    cdef u8 session[16]
    cdef Medium medium
    cdef Slice line
    cdef i64 step = 1
    cdef bint of_session = True
    memset(&medium, 0, sizeof(Medium))
    memcpy(session, end_of(look, look.side), 16)
    while body.n and step > 0:
        step = next_line(body.p, body.n, body.n, &line)
        if step <= 0:
            break
        body = slice_of(body.p + step, body.n - <u32>step)
        if starts(line.p, line.n, b"c=IN IP", 7) and line.n > 9:
            address_of(look, trimmed(slice_of(line.p + 9, line.n - 9)), &session[0] if of_session else &medium.said[0])
        elif starts(line.p, line.n, b"m=", 2):
            announce_medium(look, &medium)
            take_medium(look, line, &medium)
            memcpy(medium.said, session, 16)
            of_session = False
        elif starts(line.p, line.n, b"a=rtcp:", 7):
            take_control(look, slice_of(line.p + 7, line.n - 7), &medium)
    announce_medium(look, &medium)
