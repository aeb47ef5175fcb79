"""Diameter (RFC 6733) over TCP: commands, applications, hosts and realms, subscribers, results.

A message is known by its header, whose reserved bits are zero and whose length is one of whole words, and by the first
AVP behind it. Answers are paired with their requests by the hop-by-hop identifier.
"""
from libc.stdlib cimport free

from netwatch._fast.base.bytes cimport (u8, u32, u64, i64, Reader, Slice, be24, be32, left, reader, take, take24,
                                        take32, take8, take_slice)
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_OK, fact_number, reads,
                                           set_initiator)
from netwatch._fast.proto.common.framed cimport Framed, each_message, framed, seek_again
from netwatch._fast.proto.common.learn cimport Waiting, asked, fact_distinct, keep_latency, keep_text
from netwatch._fast.proto.common.lines cimport smaller

cdef enum:                     # fact keys, as in text.py
    DIA_COMMAND = 1            # 3 bytes
    DIA_APPLICATION = 2        # 4 bytes
    DIA_ORIGIN_HOST = 3
    DIA_ORIGIN_REALM = 4
    DIA_HOST = 5               # of the destination
    DIA_REALM = 6
    DIA_USER = 7
    DIA_SUBSCRIBER = 8
    DIA_APN = 9
    DIA_ADDRESS = 10           # given to the subscriber, 4 bytes
    DIA_PRODUCT = 11
    DIA_RESULT = 12            # 4 bytes
    DIA_EXPERIMENTAL = 13      # 4 bytes
    DIA_ERROR = 14
    DIA_REQUESTS = 15
    DIA_LATENCY = 16

cdef enum:
    HEAD = 28                  # header (section 3) and the head of the first AVP (section 4.1)
    AVPS = 20                  # where AVPs begin
    MESSAGE_MOST = 1 << 20
    READ_MOST = 4096           # of a message
    REQUEST = 0x80             # flags
    ERROR = 0x20
    VENDOR = 0x80              # flag of an AVP
    COMMANDS_FROM = 257
    COMMANDS_TO = 8388864
    APPLICATIONS = 0x01000000  # from here on they are vendors'
    EVERY = 0xffffffff         # the relay's application
    AVPS_MOST = 64             # read of a message
    FEW = 4
    MAX_KEPT = 12

cdef struct Diameter:
    Framed frame
    Waiting waiting
    u64 requests


cdef bint avp_begins(const u8* p, u32 rest) noexcept nogil:
    """Code, reserved flags, a length within the message."""
    cdef u32 size = be24(p + 5)
    return 0 < be32(p) < 1 << 16 and p[4] & 0x1f == 0 and (12 if p[4] & VENDOR else 8) <= size <= rest


cdef i64 size_of(Look* look, const u8* p, u32* want) noexcept nogil:
    cdef u32 size = be24(p + 1), application = be32(p + 8)
    if p[0] != 1 or size & 3 or size < HEAD or size > MESSAGE_MOST or p[4] & 0x0f or p[4] & 0xa0 == REQUEST | ERROR:
        return 0
    if not COMMANDS_FROM <= be24(p + 5) < COMMANDS_TO:
        return 0
    if application > 100 and application != EVERY and application >> 16 != APPLICATIONS >> 16:
        return 0
    want[0] = READ_MOST
    return size if avp_begins(p + AVPS, size - AVPS) else 0


cdef int diameter_detect(Look* look, Slice d) noexcept nogil:
    cdef u32 want, size
    if d.n < HEAD:
        if (d.n > 3 and (d.p[3] & 3 or d.p[1] > 0x10)) or (d.n > 4 and d.p[4] & 0x0f):
            return 0
        return DETECT_MORE
    size = <u32>size_of(look, d.p, &want)
    return 97 if size and (d.n <= size or d.p[size] == 1) else 0


# --- AVPs ---

cdef Slice next_avp(Reader* r, u32* code, u32* vendor) noexcept nogil:
    """The data of the next AVP; `bad` at the end."""
    cdef u8 flags
    cdef u32 size, head
    cdef Slice data
    code[0] = take32(r)
    flags = take8(r)
    size = take24(r)
    head = 12 if flags & VENDOR else 8
    vendor[0] = take32(r) if flags & VENDOR else 0
    if size < head:
        r.bad = True
    data = take_slice(r, size - head if size >= head else 0)
    if not r.bad:
        take(r, smaller(-<i64>size & 3, <u32>left(r)))
    return data


cdef void take_group(Look* look, u32 group, Slice m) noexcept nogil:
    """What stands in Experimental-Result, Subscription-Id, Vendor-Specific-Application-Id."""
    cdef Reader r = reader(m.p, m.n)
    cdef u32 code = 0, vendor = 0, _i
    cdef Slice data
    for _i in range(AVPS_MOST):
        data = next_avp(&r, &code, &vendor)
        if r.bad:
            return
        if group == 297 and code == 298 and data.n == 4:
            fact_distinct(look, DIA_EXPERIMENTAL, data.p, 4, MAX_KEPT)
        elif group == 443 and code == 444:
            keep_text(look, DIA_SUBSCRIBER, data, MAX_KEPT)
        elif group == 260 and (code == 258 or code == 259) and data.n == 4:
            fact_distinct(look, DIA_APPLICATION, data.p, 4, MAX_KEPT)


cdef u8 text_key(u32 code) noexcept nogil:
    """Of an AVP that is a text (section 4.5): where it is kept, 0 nowhere."""
    if code == 264:
        return DIA_ORIGIN_HOST
    if code == 296:
        return DIA_ORIGIN_REALM
    if code == 293:
        return DIA_HOST
    if code == 283:
        return DIA_REALM
    if code == 1:
        return DIA_USER
    if code == 30:
        return DIA_APN
    if code == 269:
        return DIA_PRODUCT
    return DIA_ERROR if code == 281 else 0


cdef void take_avps(Look* look, Reader r) noexcept nogil:
    cdef u32 code = 0, vendor = 0, _i
    cdef Slice data
    for _i in range(AVPS_MOST):
        data = next_avp(&r, &code, &vendor)
        if r.bad:
            return
        if vendor:
            continue
        if text_key(code):
            keep_text(look, text_key(code), data, MAX_KEPT)
        elif code == 268 and data.n == 4:
            fact_distinct(look, DIA_RESULT, data.p, 4, MAX_KEPT)
        elif code == 8 and data.n == 4:
            fact_distinct(look, DIA_ADDRESS, data.p, 4, MAX_KEPT)
        elif (code == 258 or code == 259) and data.n == 4:
            fact_distinct(look, DIA_APPLICATION, data.p, 4, MAX_KEPT)
        elif code == 297 or code == 443 or code == 260:
            take_group(look, code, data)


cdef int take_message(Look* look, Slice m, u64 size) noexcept nogil:
    cdef Diameter* d = <Diameter*>look.state[0]
    cdef bint hello = be24(m.p + 5) == COMMANDS_FROM
    d.frame.sure = True
    fact_distinct(look, DIA_COMMAND, m.p + 5, 3, MAX_KEPT)
    if be32(m.p + 8) and be32(m.p + 8) != EVERY:
        fact_distinct(look, DIA_APPLICATION, m.p + 8, 4, MAX_KEPT)
    if hello:                                              # either side may ask the rest
        set_initiator(look, m.p[4] & REQUEST != 0)
    if m.p[4] & REQUEST:
        d.requests += 1
        fact_number(look, DIA_REQUESTS, d.requests)
        asked(&d.waiting, <u64>look.side << 32 | be32(m.p + 12), look.ts)
    else:
        keep_latency(look, DIA_LATENCY, &d.waiting, <u64>(1 - look.side) << 32 | be32(m.p + 12))
    take_avps(look, reader(m.p + AVPS, m.n - AVPS))
    return PARSE_OK


cdef int diameter_parse(Look* look, Slice data) noexcept nogil:
    if framed(look, sizeof(Diameter)) == NULL:
        return PARSE_DONE
    return each_message(look, data, HEAD, size_of, take_message)


cdef void diameter_define(Proto* p) noexcept nogil:
    reads(p, "diameter", ON_TCP, diameter_detect, diameter_parse)
    p.first[1] = 1
    p.lost = seek_again
    p.free = free
