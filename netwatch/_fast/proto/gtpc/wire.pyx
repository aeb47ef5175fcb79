"""GTP's control plane, versions 1 (3GPP TS 29.060) and 2 (TS 29.274), over UDP: messages, subscribers, APNs, addresses.

A message is known by a length that fits exactly and by information elements that fill it; version 1 has less form and
is taken on its own port only. Requests and answers are paired by their sequence numbers. The user plane is not read
here: what it carries is unwrapped before any protocol is asked.
"""
from libc.stdlib cimport free
from libc.string cimport memset

from netwatch._fast.base.bytes cimport (u8, u32, u64, Reader, Slice, be16, be24, be32, left, reader, slice_of, take8,
                                        take16, take_slice)
from netwatch._fast.look.protocol cimport (Look, Proto, ON_UDP, PARSE_DONE, PARSE_OK, reads, set_initiator, has_state,
                                           misfit)
from netwatch._fast.proto.common.learn cimport Waiting, asked, fact_distinct, keep_latency, keep_text, keep_u8
from netwatch._fast.proto.common.lines cimport port_is

cdef enum:                     # fact keys, as in text.py
    GTP_VERSION = 1
    GTP_MESSAGE = 2            # version, type
    GTP_IMSI = 3               # digits, two a byte, as on the wire
    GTP_MSISDN = 4
    GTP_IMEI = 5
    GTP_APN = 6                # labels
    GTP_ADDRESS = 7            # of the subscriber, 4 or 16 bytes
    GTP_RAT = 8                # version, type
    GTP_NETWORK = 9            # serving network, 3 bytes
    GTP_CAUSE = 10             # version, cause
    GTP_PEER = 11              # addresses of the tunnels' ends, 4 or 16 bytes
    GTP_LATENCY = 12

cdef enum:
    PORT = 2123
    HEAD_1 = 8                 # TS 29.060 section 6
    HEAD_2 = 8                 # TS 29.274 section 5.1, without TEID
    TEID = 0x08                # flag of version 2
    PIGGYBACKED = 0x10
    WITH_MORE = 0x07           # flags of version 1: extension, sequence number, N-PDU number
    EXTENSION = 0x04
    SEQUENCE = 0x02
    END_USER = 128             # the first element of version 1 that says its length
    BEARER = 93                # elements inside an element
    ELEMENTS = 64              # of a message that are read
    MAX_KEPT = 8
    FEW = 4

cdef struct Message:
    u8 version
    u8 kind
    u32 sequence
    u32 size                   # all of it
    Slice elements

# Table 37 of TS 29.060: bytes of the value of the elements of version 1 that do not say it, 0 of unknown ones
cdef const u8* FIXED = (
    b"\x00\x01\x08\x06\x04\x04\x00\x00\x01\x1c\x00\x01\x03\x01\x01\x01\x04\x04\x05\x01\x01\x01\x09\x01\x01\x02\x02\x02"
    b"\x02\x01")


cdef bint read_2(Slice d, Message* m) noexcept nogil:
    """A message of version 2 at the beginning of the bytes."""
    cdef u32 head
    if d.n < HEAD_2 or d.p[0] & 0xe3 != 0x40:
        return False
    head = 12 if d.p[0] & TEID else HEAD_2
    m.size = 4 + <u32>be16(d.p + 2)
    if m.size < head or m.size > d.n or d.p[head - 1] & 0x0f:
        return False
    m.version = 2
    m.kind = d.p[1]
    m.sequence = be24(d.p + head - 4)
    m.elements = slice_of(d.p + head, m.size - head)
    return True


cdef bint read_1(Slice d, Message* m) noexcept nogil:
    """... of version 1; extension headers are passed over."""
    cdef u32 at = HEAD_1
    cdef u8 more
    if d.n < HEAD_1 or d.p[0] & 0xf8 != 0x30:
        return False
    m.size = HEAD_1 + <u32>be16(d.p + 2)
    if m.size != d.n:
        return False
    m.version = 1
    m.kind = d.p[1]
    m.sequence = 0
    if d.p[0] & WITH_MORE:
        if d.n < 12:
            return False
        m.sequence = be16(d.p + 8)
        more = d.p[11] if d.p[0] & EXTENSION else 0
        at = 12
        while more:
            if at >= d.n or d.p[at] == 0 or 4 * <u32>d.p[at] > d.n - at:
                return False
            at += 4 * <u32>d.p[at]
            more = d.p[at - 1]
    m.elements = slice_of(d.p + at, d.n - at)
    return True


cdef bint known(u8 version, u8 kind) noexcept nogil:
    """Types of message that are assigned, T-PDUs and what else is of the user plane left out."""
    if version == 2:
        return 1 <= kind <= 3 or 25 <= kind <= 41 or 64 <= kind <= 73 or 95 <= kind <= 104 or 128 <= kind <= 141 or \
            149 <= kind <= 180 or 200 <= kind <= 201 or 211 <= kind <= 212 or 231 <= kind <= 244
    return 1 <= kind <= 7 or 16 <= kind <= 37 and kind != 26 or 48 <= kind <= 62 or kind == 70 or 96 <= kind <= 129


cdef bint next_element(Reader* r, u8 version, u8* kind, Slice* value) noexcept nogil:
    """The next element; False at the end, with `bad` when it is none."""
    cdef u32 size
    if left(r) == 0 or r.bad:
        return False
    kind[0] = take8(r)
    if version == 2:
        size = take16(r)
        take8(r)
    elif kind[0] >= END_USER:
        size = take16(r)
    else:
        size = 4 if kind[0] == 127 else FIXED[kind[0]] if kind[0] < 30 else 0
        if size == 0:
            r.bad = True
    value[0] = take_slice(r, size)
    return not r.bad


cdef int elements_fill(const Message* m) noexcept nogil:
    """How many elements fill the message, -1 when they do not."""
    cdef Reader r = reader(m.elements.p, m.elements.n)
    cdef u8 kind
    cdef Slice value
    cdef int count = 0
    while next_element(&r, m.version, &kind, &value):
        count += 1
    return -1 if r.bad else count


cdef int gtpc_detect(Look* look, Slice d) noexcept nogil:
    cdef Message m
    cdef int count
    cdef bint home = port_is(look, PORT)
    if read_2(d, &m) and known(2, m.kind):
        count = elements_fill(&m)
        if m.size < d.n and not d.p[0] & PIGGYBACKED:
            return 0
        return 97 if home and count >= 0 else 80 if count >= 2 else 0
    if home and read_1(d, &m) and known(1, m.kind):
        return 92 if elements_fill(&m) >= 0 else 60 if d.p[0] & SEQUENCE and m.kind >= 16 else 0
    return 0


# --- elements ---

cdef void keep_pair(Look* look, u8 key, u8 version, u8 value) noexcept nogil:
    cdef u8[2] fact
    fact[0] = version
    fact[1] = value
    fact_distinct(look, key, fact, 2, MAX_KEPT * 2)


cdef void keep_address(Look* look, u8 key, Slice s) noexcept nogil:
    if s.n == 4 and be32(s.p) or s.n == 16:
        fact_distinct(look, key, s.p, s.n, MAX_KEPT)


cdef void element_1(Look* look, u8 kind, Slice v) noexcept nogil:
    """TS 29.060 section 7.7."""
    if kind == 1 and v.p[0] != 128:
        keep_pair(look, GTP_CAUSE, 1, v.p[0])
    elif kind == 2:
        fact_distinct(look, GTP_IMSI, v.p, 8, MAX_KEPT)
    elif kind == 3:
        fact_distinct(look, GTP_NETWORK, v.p, 3, FEW)
    elif kind == 128 and v.n > 2:
        keep_address(look, GTP_ADDRESS, slice_of(v.p + 2, v.n - 2))
    elif kind == 131:
        keep_text(look, GTP_APN, v, MAX_KEPT)
    elif kind == 133:
        keep_address(look, GTP_PEER, v)
    elif kind == 134 and v.n > 1:
        keep_text(look, GTP_MSISDN, slice_of(v.p + 1, v.n - 1), MAX_KEPT)
    elif kind == 151 and v.n == 1:
        keep_pair(look, GTP_RAT, 1, v.p[0])
    elif kind == 154:
        keep_text(look, GTP_IMEI, v, MAX_KEPT)


cdef void allocated(Look* look, Slice v) noexcept nogil:
    """The PDN address: type, prefix length and IPv6 address where it has one, IPv4 address."""
    if v.n == 5 and v.p[0] & 7 == 1:
        keep_address(look, GTP_ADDRESS, slice_of(v.p + 1, 4))
    elif v.n >= 18 and (v.p[0] & 7 == 2 or v.p[0] & 7 == 3):
        keep_address(look, GTP_ADDRESS, slice_of(v.p + 2, 16))
        if v.n == 22:
            keep_address(look, GTP_ADDRESS, slice_of(v.p + 18, 4))


cdef void tunnel_end(Look* look, Slice v) noexcept nogil:
    """F-TEID: which addresses it has, TEID, addresses."""
    if v.n >= 9 and v.p[0] & 0x80:
        keep_address(look, GTP_PEER, slice_of(v.p + 5, 4))
    if v.p[0] & 0x40 and v.n >= (25 if v.p[0] & 0x80 else 21):
        keep_address(look, GTP_PEER, slice_of(v.p + (9 if v.p[0] & 0x80 else 5), 16))


cdef void element_2(Look* look, u8 kind, Slice v) noexcept nogil:
    """TS 29.274 section 8."""
    if v.n == 0:
        return
    if kind == 1:
        keep_text(look, GTP_IMSI, v, MAX_KEPT)
    elif kind == 2 and v.p[0] != 16:
        keep_pair(look, GTP_CAUSE, 2, v.p[0])
    elif kind == 71:
        keep_text(look, GTP_APN, v, MAX_KEPT)
    elif kind == 75:
        keep_text(look, GTP_IMEI, v, MAX_KEPT)
    elif kind == 76:
        keep_text(look, GTP_MSISDN, v, MAX_KEPT)
    elif kind == 79:
        allocated(look, v)
    elif kind == 82:
        keep_pair(look, GTP_RAT, 2, v.p[0])
    elif kind == 83 and v.n >= 3:
        fact_distinct(look, GTP_NETWORK, v.p, 3, FEW)
    elif kind == 87:
        tunnel_end(look, v)


cdef void take_elements(Look* look, u8 version, Slice s, bint inside) noexcept nogil:
    cdef Reader r = reader(s.p, s.n)
    cdef u8 kind
    cdef Slice value
    cdef int _i
    for _i in range(ELEMENTS):
        if not next_element(&r, version, &kind, &value):
            return
        if version == 1:
            element_1(look, kind, value)
        elif kind == BEARER and not inside:
            take_elements(look, version, value, True)
        else:
            element_2(look, kind, value)


cdef bint is_request(u8 version, u8 kind) noexcept nogil:
    """Types come in pairs, of which the request is mostly the even one."""
    cdef bint odd
    if version == 2:
        odd = kind <= 3 or 95 <= kind <= 104 or 149 <= kind <= 156 or 179 <= kind <= 180 or kind >= 211 and kind < 237
    else:
        odd = kind <= 3 or 27 <= kind <= 30 or 53 <= kind <= 54 or 61 <= kind <= 62
    return (kind & 1 != 0) == odd


cdef void take_message(Look* look, const Message* m) noexcept nogil:
    cdef u64 ident = <u64>m.sequence << 1
    keep_u8(look, GTP_VERSION, m.version, FEW)
    keep_pair(look, GTP_MESSAGE, m.version, m.kind)
    if is_request(m.version, m.kind):                      # either side may ask
        asked(<Waiting*>look.state[0], ident | <u64>look.side, look.ts)
        if m.kind == (32 if m.version == 2 else 16):
            set_initiator(look, True)
    else:
        keep_latency(look, GTP_LATENCY, <Waiting*>look.state[0], ident | <u64>(1 - look.side))
    take_elements(look, m.version, m.elements, False)


cdef int gtpc_parse(Look* look, Slice d) noexcept nogil:
    cdef Message m
    look.used = d.n
    if not has_state(look, sizeof(Waiting)):
        return PARSE_DONE
    if gtpc_detect(look, d) == 0:
        return misfit(look)
    if read_1(d, &m):
        take_message(look, &m)
        return PARSE_OK
    while d.n and read_2(d, &m):
        take_message(look, &m)
        d = slice_of(d.p + m.size, d.n - m.size)
    return PARSE_OK


cdef void gtpc_define(Proto* p) noexcept nogil:
    reads(p, "gtpc", ON_UDP, gtpc_detect, gtpc_parse)
    p.ports[0] = PORT
    memset(p.first + 0x30, 1, 8)
    memset(p.first + 0x40, 1, 0x20)
    p.free = free
