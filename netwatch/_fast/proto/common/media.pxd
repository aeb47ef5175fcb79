"""Media that a signalling protocol agrees on: where it will go is announced, so that RTP and RTCP are known by that.

SDP (RFC 8866): `c=IN IP4 address`, `m=audio 49170 RTP/AVP 0`. RTCP goes to the port after RTP's (RFC 3550 section 11).
Inline. An address translator changes what is said inside, so each end is announced by the address in the message and by
the one that the message came from.
"""
from libc.string cimport memcpy, memset

from netwatch._fast.base.bytes cimport u8, u16, u32, i64, Slice, find_byte, slice_of, starts
from netwatch._fast.look.announced cimport announce
from netwatch._fast.look.protocol cimport Look
from netwatch._fast.proto.common.lines cimport holds_word, next_line, number_of, take_word
from netwatch._fast.wire.packet cimport FAMILY_IP4, PROTO_UDP


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


cdef inline void media_line(Look* look, Slice line, const u8* said) noexcept nogil:
    """`m=kind port[/n] RTP/profile formats`: the ports, where RTP is spoken."""
    cdef Slice port
    cdef i64 slash, number
    take_word(&line)
    port = take_word(&line)
    slash = find_byte(port.p, port.n, c'/')
    number = number_of(slice_of(port.p, <u32>slash) if slash > 0 else port, 5)
    if number <= 0 or not holds_word(line.p, line.n if line.n < 20 else 20, b"rtp/", 4):
        return
    media_at(look, end_of(look, look.side), <u32>number, <u32>number + 1)
    media_at(look, said, <u32>number, <u32>number + 1)


cdef inline void media_of_sdp(Look* look, Slice body) noexcept nogil:
    """Announce what a session description of the side speaking names. A line of a medium may come before its own
    address; then the session's, or the speaker's, stands for it."""
    cdef u8 said[16]
    cdef Slice line, rest
    cdef i64 step
    memcpy(said, end_of(look, look.side), 16)
    while body.n:
        step = next_line(body.p, body.n, body.n, &line)
        if step <= 0:
            return
        body = slice_of(body.p + step, body.n - <u32>step)
        if starts(line.p, line.n, b"c=IN IP4 ", 9) and look.row.family == FAMILY_IP4:
            rest = slice_of(line.p + 9, line.n - 9)
            if not dotted(take_word(&rest), said):
                memcpy(said, end_of(look, look.side), 16)
        elif starts(line.p, line.n, b"m=", 2):
            media_line(look, line, said)
