"""EtherNet/IP (ODVA, CIP volume 2) over TCP and UDP: commands, identities, CIP services, objects, tags, failures.

A message has a command of few, a length and options that are zero, so that it is known in the middle of a connection
and found again after a hole. CIP requests and answers (volume 1) are read in unconnected and connected messages, also
those that are handed on by a connection manager or packed into one. Answers are paired by the sender's context.
"""
from libc.stdlib cimport free
from libc.string cimport memset

from netwatch._fast.base.bytes cimport (u8, u16, u32, u64, i64, Reader, Slice, le16, le32, left, reader, slice_of,
                                        take, take8, take_slice)
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, ON_UDP, PARSE_DONE, PARSE_NOT_MINE,
                                           PARSE_OK, fact_number, misfit, reads, set_initiator)
from netwatch._fast.proto.common.framed cimport Framed, each_message, framed, seek_again
from netwatch._fast.proto.common.learn cimport Waiting, asked, fact_distinct, keep_latency, keep_text, keep_u16
from netwatch._fast.proto.common.lines cimport from_client, port_is, smaller
from netwatch._fast.proto.common.utf16 cimport part

cdef enum:                     # fact keys, as in text.py
    ENIP_COMMAND = 1           # 2 bytes
    ENIP_STATUS = 2            # of encapsulation, 2 bytes
    ENIP_IDENTITY = 3          # vendor, device type, product code, revision, serial number: 12 bytes as on the wire
    ENIP_PRODUCT = 4
    ENIP_SERVICE = 5           # class (2 bytes, big-endian), service
    ENIP_TAG = 6
    ENIP_FAILURE = 7           # service, general status
    ENIP_REQUESTS = 8
    ENIP_LATENCY = 9
    ENIP_CONNECTION = 10       # id of implicit messages, 4 bytes as on the wire
    ENIP_IMPLICIT = 11         # how many of these

cdef enum:                     # commands, volume 2 section 2-3.2
    NOP = 0
    LIST_SERVICES = 4
    LIST_IDENTITY = 0x63
    LIST_INTERFACES = 0x64
    REGISTER = 0x65
    UNREGISTER = 0x66
    SEND_RR = 0x6f
    SEND_UNIT = 0x70
    INDICATE = 0x72
    CANCEL = 0x73
    IDENTITY_ITEM = 0x0c       # items, section 2-6
    CONNECTED = 0xb1
    SEQUENCED = 0x8002
    UNCONNECTED = 0xb2

cdef enum:                     # CIP, volume 1
    ANSWER = 0x80
    UNCONNECTED_SEND = 0x52    # of the connection manager, section 3-5.5.4
    MULTIPLE = 0x0a            # appendix A
    CONNECTION_MANAGER = 6
    MESSAGE_ROUTER = 2
    NO_CLASS = 0xffff

cdef enum:
    PORT = 44818
    HEAD = 24
    DATA_MOST = 65511
    READ_MOST = 2048
    ITEMS = 4
    INSIDE = 2                 # messages inside messages
    PACKED = 16                # of a Multiple Service Packet that are read
    MAX_SERVICES = 24
    MAX_TAGS = 16
    FEW = 8

cdef struct Enip:
    Framed frame
    Waiting waiting
    u64 requests
    u64 implicit


# --- encapsulation ---

cdef bint data_fits(u16 command, u32 size) noexcept nogil:
    """Is the length one that the command's data can have?"""
    if command == REGISTER:
        return size == 4 or size == 0
    if command == UNREGISTER:
        return size == 0
    if command == SEND_RR or command == SEND_UNIT:
        return size >= 8 or size == 0
    if command in (LIST_SERVICES, LIST_IDENTITY, LIST_INTERFACES, INDICATE, CANCEL):
        return size < 1024
    return command == NOP and size < 512


cdef i64 size_of(Look* look, const u8* p, u32* want) noexcept nogil:
    cdef u16 command = le16(p)
    cdef u32 size = le16(p + 2), status = le32(p + 8)
    if not data_fits(command, size) or size > DATA_MOST or le32(p + 20):
        return 0
    if status > 3 and status not in (0x64, 0x65, 0x69, 0x6a):
        return 0
    if status and size > 4 or command == NOP and (status or le32(p + 4)):
        return 0
    want[0] = READ_MOST
    return HEAD + <i64>size


cdef bint form(Slice m) noexcept nogil:
    """What stands behind the header."""
    cdef u16 command = le16(m.p)
    cdef u32 size = le16(m.p + 2)
    if command == REGISTER and size == 4:
        return m.n >= HEAD + 4 and le16(m.p + HEAD) == 1 and le16(m.p + HEAD + 2) == 0
    if (command == SEND_RR or command == SEND_UNIT) and size:
        return m.n >= HEAD + 8 and le32(m.p + HEAD) == 0 and le16(m.p + HEAD + 6) <= 8
    if command == UNREGISTER:
        return le32(m.p + 4) != 0
    if (command == LIST_SERVICES or command == LIST_IDENTITY or command == LIST_INTERFACES) and size:
        return m.n >= HEAD + 2 and le16(m.p + HEAD) <= ITEMS and \
            (size == 2 or m.n >= HEAD + 6 and 6 + <u32>le16(m.p + HEAD + 4) <= size)
    return True


cdef bint implicit_fits(Slice d) noexcept nogil:
    """Implicit messages have no header: a sequenced address, then connected data that end with the datagram."""
    return d.n >= 18 and le16(d.p) == 2 and le16(d.p + 2) == SEQUENCED and le16(d.p + 4) == 8 and \
        le16(d.p + 14) == CONNECTED and 18 + <u32>le16(d.p + 16) == d.n


cdef int enip_detect(Look* look, Slice d) noexcept nogil:
    """A command without data says little by itself, and a NOP nothing, unless it goes to the own port."""
    cdef u32 want, size
    cdef bint home = port_is(look, PORT)
    if look.datagram and implicit_fits(d):
        return 96
    if d.p[0] == 2 or (d.n > 1 and d.p[1]) or (d.n < HEAD and (look.datagram or not home and d.n > 3 and d.p[0] == 0)):
        return 0
    if d.n < HEAD:
        return DETECT_MORE
    size = <u32>size_of(look, d.p, &want)
    if size == 0 or not form(d) or look.datagram and size != d.n:
        return 0
    if d.n > size and (d.n - size < 4 or not data_fits(le16(d.p + size), le16(d.p + size + 2))):
        return 0
    if le16(d.p) == NOP:
        return 80 if home and d.n >= size + HEAD and d.p[size] != NOP and size_of(look, d.p + size, &want) else 0
    if size > HEAD or le32(d.p + 4):
        return 95 if home else 85 if size > HEAD else 0
    return 90 if home else 0


# --- CIP ---

cdef u16 path_class(Look* look, Slice path) noexcept nogil:
    """The class that a path leads to; symbols of tags in it are kept (volume 1 appendix C)."""
    cdef Reader r = reader(path.p, path.n)
    cdef u16 found = NO_CLASS
    cdef u8 kind, size
    cdef Slice symbol
    while left(&r) >= 2:
        kind = take8(&r)
        size = take8(&r)
        if kind == 0x91:
            symbol = take_slice(&r, size)
            if size & 1:
                take(&r, 1)
            if not r.bad:
                keep_text(look, ENIP_TAG, symbol, MAX_TAGS)
        elif kind & 0xe0 != 0x20:
            return found
        elif kind & 3 == 0:
            if kind == 0x20:
                found = size
        elif kind & 3 == 1:                                # two bytes behind a pad
            symbol = take_slice(&r, 2)
            if kind == 0x21 and not r.bad:
                found = le16(symbol.p)
        elif kind & 3 == 2:
            take(&r, 4)
        if r.bad:
            return found
    return found


cdef void keep_service(Look* look, u16 group, u8 service) noexcept nogil:
    cdef u8[3] fact
    fact[0] = <u8>(group >> 8)
    fact[1] = <u8>(group & 0xff)
    fact[2] = service
    fact_distinct(look, ENIP_SERVICE, fact, 3, MAX_SERVICES)


cdef void take_cip(Look* look, Slice m, int depth) noexcept nogil:
    """A request or an answer; those inside it as well."""
    cdef u32 head, count, at, i
    cdef u16 group
    cdef u8[2] fact
    if m.n < 2:
        return
    if m.p[0] & ANSWER:
        set_initiator(look, False)
        if m.n >= 4 and m.p[2]:
            fact[0] = m.p[0] & 0x7f
            fact[1] = m.p[2]
            fact_distinct(look, ENIP_FAILURE, fact, 2, FEW)
        return
    head = 2 + 2 * <u32>m.p[1]
    if head > m.n:
        return
    set_initiator(look, True)
    group = path_class(look, slice_of(m.p + 2, head - 2))
    keep_service(look, group, m.p[0])
    if depth >= INSIDE:
        return
    if m.p[0] == UNCONNECTED_SEND and group == CONNECTION_MANAGER and m.n >= head + 4:
        take_cip(look, part(m, head + 4, le16(m.p + head + 2)), depth + 1)
    elif m.p[0] == MULTIPLE and group == MESSAGE_ROUTER and m.n >= head + 2:
        count = le16(m.p + head)
        for i in range(smaller(count, PACKED)):
            if head + 2 + 2 * (i + 1) > m.n:
                return
            at = head + le16(m.p + head + 2 + 2 * i)
            if at < m.n:
                take_cip(look, slice_of(m.p + at, m.n - at), depth + 1)


# --- messages ---

cdef void take_identity(Look* look, Slice item) noexcept nogil:
    """Volume 2 section 2-4.2: version, a socket address, then the identity object, its name, state."""
    cdef u8[12] fact
    cdef u32 i
    if item.n < 33 or 33 + <u32>item.p[32] > item.n:
        return
    for i in range(8):
        fact[i] = item.p[18 + i]
    for i in range(4):
        fact[8 + i] = item.p[28 + i]
    fact_distinct(look, ENIP_IDENTITY, fact, 12, FEW)
    keep_text(look, ENIP_PRODUCT, slice_of(item.p + 33, item.p[32]), FEW)


cdef void take_items(Look* look, Slice m) noexcept nogil:
    """The common packet format (volume 2 section 2-6): count, then items of type and length."""
    cdef u32 at = 2, size, _i
    cdef u16 kind
    if m.n < 2:
        return
    for _i in range(smaller(le16(m.p), ITEMS)):
        if at + 4 > m.n:
            return
        kind = le16(m.p + at)
        size = smaller(le16(m.p + at + 2), m.n - at - 4)
        at += 4
        if kind == IDENTITY_ITEM:
            set_initiator(look, False)
            take_identity(look, slice_of(m.p + at, size))
        elif kind == UNCONNECTED:
            take_cip(look, slice_of(m.p + at, size), 0)
        elif kind == CONNECTED and size > 2:
            take_cip(look, slice_of(m.p + at + 2, size - 2), 0)
        at += size


cdef void take_command(Look* look, Slice m) noexcept nogil:
    cdef u16 command = le16(m.p)
    cdef u16 status = <u16>(le32(m.p + 8) & 0xffff)
    keep_u16(look, ENIP_COMMAND, command, FEW * 2)
    if status:
        keep_u16(look, ENIP_STATUS, status, FEW)
    if command == SEND_RR or command == SEND_UNIT:
        take_items(look, part(m, HEAD + 6, m.n - HEAD - 6 if m.n > HEAD + 6 else 0))
    elif command == LIST_IDENTITY or command == LIST_SERVICES:
        take_items(look, slice_of(m.p + HEAD, m.n - HEAD))


cdef void paired(Look* look, Enip* enip, Slice m) noexcept nogil:
    """By the context that comes back as it was sent; connected messages have none."""
    cdef u16 command = le16(m.p)
    cdef u64 context = <u64>le32(m.p + 16) << 32 | le32(m.p + 12)
    if command == NOP or command == SEND_UNIT or command == UNREGISTER:
        return
    if from_client(look):
        enip.requests += 1
        fact_number(look, ENIP_REQUESTS, enip.requests)
        asked(&enip.waiting, context ^ command, look.ts)
    else:
        keep_latency(look, ENIP_LATENCY, &enip.waiting, context ^ command)


cdef int take_message(Look* look, Slice m, u64 size) noexcept nogil:
    cdef Enip* enip = <Enip*>look.state[0]
    if not form(m):
        if not enip.frame.sure:
            return PARSE_NOT_MINE
        look.dpi.malformed[look.proto] += 1
        return PARSE_OK
    enip.frame.sure = True
    take_command(look, m)
    paired(look, enip, m)
    return PARSE_OK


cdef int enip_parse(Look* look, Slice data) noexcept nogil:
    cdef u32 want
    if framed(look, sizeof(Enip)) == NULL:
        return PARSE_DONE
    if not look.datagram:
        return each_message(look, data, HEAD, size_of, take_message)
    look.used = data.n
    if implicit_fits(data):
        fact_distinct(look, ENIP_CONNECTION, data.p + 6, 4, FEW)
        (<Enip*>look.state[0]).implicit += 1
        fact_number(look, ENIP_IMPLICIT, (<Enip*>look.state[0]).implicit)
        return PARSE_OK
    if data.n >= HEAD and size_of(look, data.p, &want) == data.n:
        return take_message(look, data, data.n)
    return misfit(look)


cdef void enip_define(Proto* p) noexcept nogil:
    reads(p, "enip", ON_TCP | ON_UDP, enip_detect, enip_parse)
    p.ports[0] = PORT
    p.ports[1] = 2222
    p.first[NOP] = p.first[LIST_SERVICES] = p.first[2] = 1     # 2 items begin an implicit message
    memset(p.first + LIST_IDENTITY, 1, 4)
    p.first[SEND_RR] = p.first[SEND_UNIT] = p.first[INDICATE] = p.first[CANCEL] = 1
    p.lost = seek_again
    p.free = free
