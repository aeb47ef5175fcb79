"""BGP-4 (RFC 4271): who the two speakers are and what they can do, which prefixes come and go, and why a session ends.

Every message begins with sixteen bytes of ones, so a flow is known in its middle, and found again after a hole.
Prefixes are read of IPv4 and IPv6 unicast; with ADD-PATH (RFC 7911) as the two OPENs agree on it. What was not seen
agreed and does not read as plain prefixes is left out of the counts.
"""
from libc.stdlib cimport free

from netwatch._fast.base.bytes cimport (u8, u16, u32, u64, i64, Reader, Slice, be16, left, reader, slice_of, take,
                                        take8, take16, take_reader)
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_MALFORMED, PARSE_OK,
                                           fact_number, fact_once, fact_set, reads, has_state)
from netwatch._fast.proto.common.learn cimport fact_distinct, keep_u8
from netwatch._fast.proto.common.lines cimport from_client, keep_once, smaller, wait_for

cdef enum:                     # fact keys; those of a speaker stand twice, + BGP_IN for the responder
    BGP_AS = 1                 # four bytes
    BGP_ROUTER_ID = 2
    BGP_HOLD_TIME = 3
    BGP_CAPABILITY = 4         # codes, one byte each
    BGP_HOST = 5
    BGP_IN = 10
    BGP_MESSAGE = 21           # types, one byte each
    BGP_FAMILY = 22            # AFI and SAFI, three bytes
    BGP_ANNOUNCED = 23         # counts
    BGP_WITHDRAWN = 24
    BGP_PREFIX = 25            # the first ones announced: 4 or 6, bits, bytes
    BGP_GONE = 26              # the first ones withdrawn
    BGP_NOTIFICATION = 27      # code, subcode, 1 when the initiator says so
    BGP_REASON = 28            # text of a shutdown, RFC 9003

cdef enum:                     # message types, section 4.1, and RFC 2918
    OPEN = 1
    UPDATE = 2
    NOTIFICATION = 3
    KEEPALIVE = 4
    REFRESH = 5

cdef enum:                     # capabilities (IANA) and path attributes that are read
    CAP_FAMILY = 1             # RFC 4760 section 8
    CAP_AS4 = 65               # RFC 6793 section 3
    CAP_ADD_PATH = 69          # RFC 7911 section 4
    CAP_HOST = 73              # draft-walton-bgp-hostname-capability
    REACH = 14                 # RFC 4760 section 3
    UNREACH = 15
    EXTENDED = 0x10            # the attribute's length has two bytes
    CEASE = 6                  # RFC 4486

cdef enum:
    VERSION = 4
    HEAD = 19
    MARKER = 16
    MAX_KEPT = 8               # prefixes of each kind
    MAX_CODES = 32
    RECEIVES = 1               # RFC 7911 section 4
    SENDS = 2

cdef struct Bgp:
    bint good[2]               # the side has sent a whole header
    bint seeking[2]            # the next header has to be found
    bint opened[2]
    u8 add_path[2][2]          # by side, and IPv4 or IPv6
    u8 kept[2]                 # prefixes written down: announced, withdrawn
    u8 types                   # bits of the message types seen
    u64 announced
    u64 withdrawn


# --- headers ---

cdef int header(const u8* p, u32 n, u32* size) noexcept nogil:
    """1 and the length of a message whose header fits, 0 when that is cut, -1 when it is none (lengths by RFC 8654)."""
    cdef u32 i
    cdef u8 kind
    for i in range(smaller(n, MARKER)):
        if p[i] != 0xff:
            return -1
    if n < HEAD:
        return 0
    size[0] = be16(p + MARKER)
    kind = p[18]
    if kind == OPEN:
        return 1 if 29 <= size[0] <= 4096 else -1
    if kind == UPDATE or kind == REFRESH:
        return 1 if size[0] >= 23 else -1
    if kind == NOTIFICATION:
        return 1 if size[0] >= 21 else -1
    return 1 if kind == KEEPALIVE and size[0] == HEAD else -1


cdef int bgp_detect(Look* look, Slice data) noexcept nogil:
    cdef u32 size
    cdef int sure = header(data.p, data.n, &size)
    if sure <= 0:
        return DETECT_MORE if sure == 0 else 0
    if data.p[18] == OPEN and data.n > HEAD:
        return 98 if data.p[HEAD] == VERSION else 80
    return 95


# --- OPEN ---

cdef void take_add_path(Bgp* bgp, int side, Reader r) noexcept nogil:
    cdef u16 family
    cdef u8 kind, way
    while left(&r) >= 4:
        family = take16(&r)
        kind = take8(&r)
        way = take8(&r)
        if kind == 1 and 1 <= family <= 2:
            bgp.add_path[side][family - 1] = way


cdef void take_capability(Look* look, Bgp* bgp, u8 code, Reader r, u8 of) noexcept nogil:
    """RFC 5492 section 4."""
    cdef const u8* p = r.p
    cdef u8 family[3]
    keep_u8(look, BGP_CAPABILITY + of, code, MAX_CODES)
    if code == CAP_AS4 and left(&r) == 4:
        fact_set(look, BGP_AS + of, p, 4)
    elif code == CAP_FAMILY and left(&r) == 4:
        family[0] = p[0]
        family[1] = p[1]
        family[2] = p[3]
        fact_distinct(look, BGP_FAMILY, family, 3, MAX_CODES)
    elif code == CAP_ADD_PATH:
        take_add_path(bgp, look.side, r)
    elif code == CAP_HOST and left(&r) > 1 and p[0] < left(&r):
        keep_once(look, BGP_HOST + of, slice_of(p + 1, p[0]))


cdef void take_open(Look* look, Bgp* bgp, Reader r) noexcept nogil:
    """Section 4.2; longer parameters by RFC 9072 section 2."""
    cdef u8 of = 0 if from_client(look) else BGP_IN
    cdef const u8* p = take(&r, 10)
    cdef Reader params, sub
    cdef u8 kind, code
    cdef u8 as_number[4]
    cdef bint wide
    if p == NULL or p[0] != VERSION:
        return
    bgp.opened[look.side] = True
    wide = p[9] == 255 and left(&r) >= 3 and r.p[0] == 255
    if wide:
        take8(&r)
        params = take_reader(&r, take16(&r))
    else:
        params = take_reader(&r, p[9])
    as_number[0] = as_number[1] = 0
    as_number[2] = p[1]
    as_number[3] = p[2]
    fact_set(look, BGP_AS + of, as_number, 4)
    fact_once(look, BGP_HOLD_TIME + of, p + 3, 2)
    fact_once(look, BGP_ROUTER_ID + of, p + 5, 4)
    while left(&params) and not params.bad:
        kind = take8(&params)
        sub = take_reader(&params, take16(&params) if wide else take8(&params))
        while kind == 2 and left(&sub) and not sub.bad:
            code = take8(&sub)
            take_capability(look, bgp, code, take_reader(&sub, take8(&sub)), of)


# --- UPDATE ---

cdef i64 prefixes(Reader r, bint v6, bint path_ids) noexcept nogil:
    """How many prefixes the bytes are (section 4.3), -1 when they are no such list; a default route stands once."""
    cdef i64 count = 0
    cdef u8 bits
    cdef bint default = False
    while left(&r):
        if path_ids:
            take(&r, 4)
        bits = take8(&r)
        take(&r, (bits + 7) >> 3)
        if r.bad or bits > (128 if v6 else 32) or bits == 0 and default and not path_ids:
            return -1
        default = default or bits == 0
        count += 1
    return count


cdef void keep_prefixes(Look* look, Bgp* bgp, Reader r, bint v6, bint path_ids, bint gone) noexcept nogil:
    """Write down the first of them; the list is known to be whole."""
    cdef u8 fact[18]
    cdef const u8* p
    cdef u32 i
    while left(&r) and bgp.kept[gone] < MAX_KEPT:
        if path_ids:
            take(&r, 4)
        fact[0] = 6 if v6 else 4
        fact[1] = take8(&r)
        p = take(&r, (fact[1] + 7) >> 3)
        for i in range((fact[1] + 7) >> 3):
            fact[2 + i] = p[i]
        fact_distinct(look, BGP_GONE if gone else BGP_PREFIX, fact, 2 + ((fact[1] + 7) >> 3), MAX_KEPT)
        bgp.kept[gone] += 1


cdef void take_prefixes(Look* look, Bgp* bgp, Reader r, bint v6, bint gone) noexcept nogil:
    cdef int s = look.side
    cdef bint agreed = bgp.opened[0] and bgp.opened[1]
    cdef bint path_ids = agreed and bgp.add_path[s][v6] & SENDS and bgp.add_path[1 - s][v6] & RECEIVES
    cdef i64 count = prefixes(r, v6, path_ids)
    if count < 0 and not agreed and r.p[0] == 0:
        path_ids = True        # their numbers are small
        count = prefixes(r, v6, True)
    if count <= 0:
        return
    if gone:
        bgp.withdrawn += <u64>count
        fact_number(look, BGP_WITHDRAWN, bgp.withdrawn)
    else:
        bgp.announced += <u64>count
        fact_number(look, BGP_ANNOUNCED, bgp.announced)
    keep_prefixes(look, bgp, r, v6, path_ids, gone)


cdef void take_attribute(Look* look, Bgp* bgp, u8 kind, Reader r) noexcept nogil:
    """MP_REACH_NLRI and MP_UNREACH_NLRI."""
    cdef u8 family[3]
    cdef const u8* p
    if kind != REACH and kind != UNREACH:
        return
    p = take(&r, 3)
    if p == NULL:
        return
    family[0] = p[0]
    family[1] = p[1]
    family[2] = p[2]
    if kind == REACH:
        take(&r, take8(&r))
        take8(&r)
    if r.bad:
        return
    fact_distinct(look, BGP_FAMILY, family, 3, MAX_CODES)
    if p[0] == 0 and 1 <= p[1] <= 2 and p[2] == 1:
        take_prefixes(look, bgp, r, p[1] == 2, kind == UNREACH)


cdef bint take_update(Look* look, Bgp* bgp, Reader r) noexcept nogil:
    """Section 4.3; False when its lengths do not fit."""
    cdef Reader gone = take_reader(&r, take16(&r))
    cdef Reader attributes = take_reader(&r, take16(&r))
    cdef u8 flags, kind
    if r.bad:
        return False
    take_prefixes(look, bgp, gone, False, True)
    while left(&attributes):
        flags = take8(&attributes)
        kind = take8(&attributes)
        gone = take_reader(&attributes, take16(&attributes) if flags & EXTENDED else take8(&attributes))
        if attributes.bad:
            return False
        take_attribute(look, bgp, kind, gone)
    take_prefixes(look, bgp, r, False, False)
    return True


# --- the stream ---

cdef void take_notification(Look* look, Reader r) noexcept nogil:
    """Section 4.5; the text of an administrative shutdown or reset is RFC 9003's."""
    cdef u8 fact[3]
    fact[0] = take8(&r)
    fact[1] = take8(&r)
    fact[2] = 1 if from_client(look) else 0
    fact_once(look, BGP_NOTIFICATION, fact, 3)
    if fact[0] == CEASE and (fact[1] == 2 or fact[1] == 4) and left(&r) and r.p[0] <= left(&r) - 1:
        keep_once(look, BGP_REASON, slice_of(r.p + 1, r.p[0]))


cdef int seek(Look* look, Bgp* bgp, Slice data) noexcept nogil:
    """Go on at the next header; what cannot begin one is passed over."""
    cdef u32 size
    cdef int found
    while data.n - look.used >= HEAD:
        found = header(data.p + look.used, data.n - look.used, &size)
        if found == 1:
            bgp.seeking[look.side] = False
            return PARSE_OK
        look.used += 1
    return wait_for(look, data, HEAD)


cdef int take_message(Look* look, Bgp* bgp, Slice data) noexcept nogil:
    cdef const u8* p = data.p + look.used
    cdef u32 n = data.n - look.used, size = 0
    cdef Reader r
    cdef int sure
    if n < HEAD:
        return wait_for(look, data, HEAD)
    sure = header(p, n, &size)
    if sure < 0:
        if bgp.good[look.side]:
            return PARSE_MALFORMED
        bgp.seeking[look.side] = True
        return PARSE_OK
    if n < size:
        return wait_for(look, data, size)
    bgp.good[look.side] = True
    look.used += size
    if not bgp.types >> p[18] & 1:
        bgp.types |= <u8>(1 << p[18])
        keep_u8(look, BGP_MESSAGE, p[18], MAX_CODES)
    r = reader(p + HEAD, size - HEAD)
    if p[18] == OPEN:
        take_open(look, bgp, r)
    elif p[18] == UPDATE and not take_update(look, bgp, r):
        look.dpi.malformed[look.proto] += 1
    elif p[18] == NOTIFICATION:
        take_notification(look, r)
        return PARSE_DONE
    return PARSE_OK


cdef int bgp_parse(Look* look, Slice data) noexcept nogil:
    cdef Bgp* bgp
    cdef int code = PARSE_OK
    if not has_state(look, sizeof(Bgp)):
        return PARSE_DONE
    bgp = <Bgp*>look.state[0]
    while code == PARSE_OK and look.used < data.n:
        code = seek(look, bgp, data) if bgp.seeking[look.side] else take_message(look, bgp, data)
    return code


cdef int bgp_lost(Look* look, u64 n) noexcept nogil:
    """After a hole the next marker is looked for."""
    if look.state[0] == NULL:
        return PARSE_DONE
    (<Bgp*>look.state[0]).seeking[look.side] = True
    return PARSE_OK


cdef void bgp_define(Proto* p) noexcept nogil:
    reads(p, "bgp", ON_TCP, bgp_detect, bgp_parse)
    p.first[0xff] = 1
    p.lost = bgp_lost
    p.free = free
