"""BACnet/IP (ANSI/ASHRAE 135, annex J) over UDP: devices, services, objects, names that devices give, errors.

A datagram is known by its first byte and a length that fits exactly, then by the form of its network and application
layers. Confirmed requests and their answers are paired by the invoke id.
"""
from libc.stdlib cimport free
from libc.string cimport memcpy, memset

from netwatch._fast.base.bytes cimport (u8, u16, u32, u64, Reader, Slice, be16, left, reader, take, take8, take16,
                                        take_slice)
from netwatch._fast.look.protocol cimport (Look, Proto, ON_UDP, PARSE_DONE, PARSE_OK, reads, set_initiator, has_state,
                                           misfit)
from netwatch._fast.proto.common.learn cimport TEXT_MOST, Waiting, asked, fact_distinct, keep_latency, keep_u16, keep_u8
from netwatch._fast.proto.common.lines cimport smaller

cdef enum:                     # fact keys, as in text.py
    BAC_FUNCTION = 1           # of the BVLC
    BAC_SERVICE = 2            # 0 unconfirmed or 1 confirmed, service
    BAC_DEVICE = 3             # instance numbers of I-Am, 4 bytes
    BAC_VENDOR = 4             # 2 bytes
    BAC_OBJECT = 5             # object identifier and property, 4 bytes each
    BAC_WRITTEN = 6            # likewise
    BAC_NAME = 7               # property, then the text that a device gives
    BAC_NETWORK = 8            # numbers of networks behind routers, 2 bytes
    BAC_ERROR = 9              # class, code
    BAC_REJECT = 10            # 6 reject or 7 abort, reason
    BAC_MESSAGE = 11           # type of network layer message
    BAC_LATENCY = 12

cdef enum:                     # BVLC functions, section J.2
    RESULT = 0
    FORWARDED = 4
    DISTRIBUTE = 9
    UNICAST = 10
    BROADCAST = 11
    BVLC = 0x81
    HEAD = 4

cdef enum:                     # types of APDU, section 20.1
    CONFIRMED = 0
    UNCONFIRMED = 1
    SIMPLE_ACK = 2
    COMPLEX_ACK = 3
    ERROR = 5
    REJECT = 6
    ABORT = 7
    SEGMENTED = 8
    READ_PROPERTY = 12
    WRITE_PROPERTY = 15
    CONFIRMED_LAST = 34
    I_AM = 0
    UNCONFIRMED_LAST = 14

cdef enum:                     # of the network layer, section 6.2
    NETWORK_MESSAGE = 0x80
    DESTINATION = 0x20
    SOURCE = 0x08
    RESERVED = 0x50
    FEW = 8
    MAX_OBJECTS = 24

cdef struct Layers:            # of a datagram that fits
    u8 function
    bint message               # the network layer speaks, `service` is its type
    u16 network                # where it comes from, 0: this one
    u8 kind                    # of APDU
    u8 invoke
    u8 service
    Slice body


# --- the layers ---

cdef bint apdu(Reader* r, Layers* l) noexcept nogil:
    """Section 20.1.2 and those after it."""
    cdef u8 head = take8(r)
    l.kind = head >> 4
    if r.bad or l.kind > ABORT:
        return False
    if l.kind == UNCONFIRMED:
        l.service = take8(r)
        return head == 0x10 and l.service <= UNCONFIRMED_LAST and not r.bad
    if l.kind == CONFIRMED:
        take8(r)
    l.invoke = take8(r)
    if l.kind == 4:
        take(r, 2)
        return left(r) == 0 and not r.bad
    if head & SEGMENTED and (l.kind == CONFIRMED or l.kind == COMPLEX_ACK):
        take(r, 2)
    l.service = take8(r)
    if l.kind >= REJECT:
        return left(r) == 0 and not r.bad
    return l.service <= CONFIRMED_LAST and not r.bad


cdef bint npdu(Reader r, Layers* l) noexcept nogil:
    """Section 6.2: version, control, addresses of other networks, hop count; then a message or an APDU."""
    cdef u8 version = take8(&r), control = take8(&r)
    if version != 1 or control & RESERVED:
        return False
    if control & DESTINATION:
        take16(&r)
        take(&r, take8(&r))
    if control & SOURCE:
        l.network = take16(&r)
        take(&r, take8(&r))
    if control & DESTINATION:
        take8(&r)
    if r.bad or left(&r) == 0:
        return False
    l.message = control & NETWORK_MESSAGE != 0
    if l.message:
        l.service = take8(&r)
    elif not apdu(&r, l):
        return False
    l.body = take_slice(&r, <u32>left(&r))
    return True


cdef bint fits(Slice d, Layers* l) noexcept nogil:
    memset(l, 0, sizeof(Layers))
    if d.n < HEAD or d.p[0] != BVLC or be16(d.p + 2) != d.n:
        return False
    l.function = d.p[1]
    if DISTRIBUTE <= l.function <= BROADCAST:
        return npdu(reader(d.p + HEAD, d.n - HEAD), l)
    if l.function == FORWARDED:
        return d.n > 10 and npdu(reader(d.p + 10, d.n - 10), l)
    if l.function == RESULT or l.function == 5:
        return d.n == 6
    if l.function == 2 or l.function == 6:
        return d.n == 4
    return d.n == 10 if l.function == 8 else d.n % 10 == 4 if l.function in (1, 3, 7) else False


cdef int bacnet_detect(Look* look, Slice d) noexcept nogil:
    cdef Layers l
    return 96 if fits(d, &l) else 0


# --- what they say ---

cdef bint tagged(Reader* r, u8* tag, u8* kind, Slice* value) noexcept nogil:
    """The next tag of section 20.2.1: its number, whether of the context (1), opening (2) or closing (3); its value."""
    cdef u8 head = take8(r)
    cdef u32 size = head & 7
    tag[0] = head >> 4
    kind[0] = head >> 3 & 1
    if tag[0] == 15:
        tag[0] = take8(r)
    if kind[0] and size >= 6:
        kind[0] = <u8>(size - 4)
        size = 0
    elif size == 5:
        size = take8(r)
        if size == 254:
            size = take16(r)
    if r.bad or size > left(r):
        return False
    value[0] = take_slice(r, size)
    return True


cdef u32 number_of(Slice s) noexcept nogil:
    """An unsigned or enumerated value."""
    cdef u32 value = 0, i
    for i in range(smaller(s.n, 4)):
        value = value << 8 | s.p[i]
    return value


cdef void keep_device(Look* look, Slice body) noexcept nogil:
    """I-Am: object identifier, longest APDU, segmentation, vendor (section 16.10)."""
    cdef Reader r = reader(body.p, body.n)
    cdef u8 tag = 0, kind = 0
    cdef Slice id, value
    cdef u8[4] fact
    if not tagged(&r, &tag, &kind, &id) or tag != 12 or kind or id.n != 4 or id.p[0] != 2:
        return
    fact[0] = 0
    fact[1] = id.p[1] & 0x3f
    fact[2] = id.p[2]
    fact[3] = id.p[3]
    fact_distinct(look, BAC_DEVICE, fact, 4, FEW)
    tagged(&r, &tag, &kind, &value)
    tagged(&r, &tag, &kind, &value)
    if tagged(&r, &tag, &kind, &value) and tag == 2 and not kind and value.n <= 2:
        keep_u16(look, BAC_VENDOR, <u16>number_of(value), FEW)


cdef void keep_property(Look* look, Layers* l) noexcept nogil:
    """ReadProperty and WriteProperty: object, property; in the answer of the first a text, where it is one."""
    cdef Reader r = reader(l.body.p, l.body.n)
    cdef u8 tag = 0, kind = 0
    cdef Slice id, what, value
    cdef u8[TEXT_MOST] fact
    cdef u32 i, n
    if not tagged(&r, &tag, &kind, &id) or tag != 0 or kind != 1 or id.n != 4:
        return
    if not tagged(&r, &tag, &kind, &what) or tag != 1 or kind != 1 or what.n == 0:
        return
    memcpy(fact, id.p, 4)
    for i in range(4):
        fact[4 + i] = <u8>(number_of(what) >> (24 - 8 * i) & 0xff)
    if l.kind == CONFIRMED:
        fact_distinct(look, BAC_WRITTEN if l.service == WRITE_PROPERTY else BAC_OBJECT, fact, 8, MAX_OBJECTS)
        return
    while tagged(&r, &tag, &kind, &value):
        if kind == 0 and tag == 7 and value.n > 1 and value.p[0] == 0 and id.p[0] == 2 and id.p[1] < 64 and what.n == 1:
            n = smaller(value.n - 1, TEXT_MOST - 1)        # a text in UTF-8 (section 20.2.9), of the device itself
            fact[0] = what.p[0]
            memcpy(fact + 1, value.p + 1, n)
            fact_distinct(look, BAC_NAME, fact, 1 + n, FEW)


cdef void keep_error(Look* look, Slice body) noexcept nogil:
    """Class and code, both enumerated."""
    cdef Reader r = reader(body.p, body.n)
    cdef u8 tag = 0, kind = 0
    cdef Slice group, code
    cdef u8[2] fact
    if tagged(&r, &tag, &kind, &group) and tag == 9 and tagged(&r, &tag, &kind, &code) and tag == 9:
        fact[0] = <u8>(number_of(group) & 0xff)
        fact[1] = <u8>(number_of(code) & 0xff)
        fact_distinct(look, BAC_ERROR, fact, 2, FEW)


cdef void keep_pair(Look* look, u8 key, u8 a, u8 b) noexcept nogil:
    cdef u8[2] fact
    fact[0] = a
    fact[1] = b
    fact_distinct(look, key, fact, 2, MAX_OBJECTS)


cdef void take_apdu(Look* look, Layers* l) noexcept nogil:
    cdef u64 ident = l.invoke
    if l.kind == UNCONFIRMED:
        keep_pair(look, BAC_SERVICE, 0, l.service)
        if l.service == I_AM:
            keep_device(look, l.body)
        return
    if l.kind == CONFIRMED:
        set_initiator(look, True)
        asked(<Waiting*>look.state[0], ident | <u64>look.side << 32, look.ts)
    elif l.kind != 4:
        set_initiator(look, False)
        keep_latency(look, BAC_LATENCY, <Waiting*>look.state[0], ident | <u64>(1 - look.side) << 32)
    if l.kind >= REJECT:
        keep_pair(look, BAC_REJECT, l.kind, l.service)
        return
    keep_pair(look, BAC_SERVICE, 1, l.service)
    if l.kind == ERROR:
        keep_error(look, l.body)
    elif l.kind != SIMPLE_ACK and (l.service == READ_PROPERTY or l.service == WRITE_PROPERTY):
        keep_property(look, l)


cdef int bacnet_parse(Look* look, Slice d) noexcept nogil:
    cdef Layers l
    look.used = d.n
    if not fits(d, &l):
        return misfit(look)
    if not has_state(look, sizeof(Waiting)):
        return PARSE_DONE
    keep_u8(look, BAC_FUNCTION, l.function, FEW)
    if l.network:
        keep_u16(look, BAC_NETWORK, l.network, FEW)
    if l.message:
        keep_u8(look, BAC_MESSAGE, l.service, FEW)
    elif l.function == FORWARDED or DISTRIBUTE <= l.function <= BROADCAST:
        take_apdu(look, &l)
    return PARSE_OK


cdef void bacnet_define(Proto* p) noexcept nogil:
    reads(p, "bacnet", ON_UDP, bacnet_detect, bacnet_parse)
    p.ports[0] = 47808
    p.first[BVLC] = 1
    p.free = free
