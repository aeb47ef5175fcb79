"""NetFlow 1, 5, 7 and 9 (RFC 3954) over UDP, IPFIX (RFC 7011) over UDP and TCP: exporters, templates, what was lost.

The packets are known by lengths that add up: records of a fixed size, or sets of a stated one, fill each to its last
byte. Of templates the information elements are learnt; the flow records themselves are counted, and handed to who
reads them (netwatch/collect). What sequence numbers pass over was lost on the way to the collector, or to us.
"""
from libc.stdlib cimport free

from netwatch._fast.base.bytes cimport (u8, u16, u32, u64, i64, Reader, Slice, be16, be32, left, reader, take, take16,
                                        take_reader)
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, ON_UDP, PARSE_DONE, PARSE_NOT_MINE,
                                           PARSE_OK, fact_number, fact_once, set_initiator, reads, misfit)
from netwatch._fast.proto.common.exported cimport hand_on
from netwatch._fast.proto.common.framed cimport Framed, each_message, framed, seek_again
from netwatch._fast.proto.common.learn cimport fact_distinct, keep_u16, keep_u8, noted
from netwatch._fast.proto.common.lines cimport DETECT_ENOUGH, port_is
from netwatch._fast.proto.common.xdr cimport put32

cdef enum:                     # fact keys, as in text.py
    FLOW_VERSION = 1
    FLOW_SOURCE = 2            # 4 bytes: source id, observation domain; of version 5 and 7 engine type and id
    FLOW_TEMPLATE = 3          # 2 bytes
    FLOW_ELEMENT = 4           # 2 bytes
    FLOW_SAMPLING = 5          # 2 bytes
    FLOW_RECORDS = 6
    FLOW_MESSAGES = 7
    FLOW_LOST = 8

cdef enum:
    VERSION_9 = 9
    IPFIX = 10
    HEAD_9 = 20                # RFC 3954 section 5.1
    HEAD_IPFIX = 16            # RFC 7011 section 3.1
    SET_HEAD = 4
    FIRST_DATA = 256           # set numbers below are not of data
    SLACK = 8                  # bytes that some exporters put behind the records
    RECORDS_MOST = 30          # of version 5; a datagram holds no more
    MESSAGE_MOST = 65535
    TEMPLATES = 16             # kept
    ELEMENTS = 48
    SOURCES = 8
    FIELDS_MOST = 512          # of a template
    ENTERPRISE = 0x8000
    SETS = 64
    TIME_LEAST = 0x30000000    # 1995: clocks before it are not set
    GAP_MOST = 1 << 24         # a longer one is a restart

cdef struct Source:            # one exporting process
    bint known
    u32 id
    u32 next                   # sequence number that should follow

cdef struct Export:
    Framed frame
    u64 records
    u64 messages
    u64 lost
    u64[4] elements            # written down already, by number
    u8 turn
    Source[SOURCES] sources


# --- the form of a packet ---

cdef u32 fixed_size(u32 version, u32* head) noexcept nogil:
    """Bytes of a record, and of the header, of the versions without templates; 0 of others."""
    head[0] = 16 if version == 1 else 24
    return 48 if version == 5 else 52 if version == 1 or version == 7 else 0


cdef bint sets_fit(const u8* p, u32 n, u8 first_reserved) noexcept nogil:
    """Sets fill the bytes; numbers up to `first_reserved` and from FIRST_DATA on have a meaning."""
    cdef u32 at = 0, number, size
    while at + SET_HEAD <= n:
        number = be16(p + at)
        size = be16(p + at + 2)
        if size < SET_HEAD or size > n - at:
            return False
        if number < FIRST_DATA and (number > first_reserved or first_reserved - number > 1):
            return False
        at += size
    return at > 0 and at == n


cdef bint home(Look* look) noexcept nogil:
    return port_is(look, 2055) or port_is(look, 2056) or port_is(look, 4739) or port_is(look, 9995) or \
        port_is(look, 9996) or port_is(look, 9555) or port_is(look, 6343)


cdef int netflow_detect(Look* look, Slice d) noexcept nogil:
    cdef u32 version, head = 0, size, count
    cdef bint dated
    if d.n < HEAD_9 + SET_HEAD:
        return 0
    version = be16(d.p)
    count = be16(d.p + 2)
    dated = be32(d.p + 8) >= TIME_LEAST
    if version == VERSION_9:
        if count == 0 or count > d.n // 4 or not sets_fit(d.p + HEAD_9, d.n - HEAD_9, 1):
            return 0
        return 95 if home(look) or dated else 0
    size = fixed_size(version, &head)
    if size == 0 or count == 0 or count > RECORDS_MOST or be32(d.p + 12) >= 1000000000:   # nanoseconds
        return 0
    if d.n != head + size * count:
        return 70 if home(look) and dated and d.n - head - size * count < SLACK else 0
    return 92 if home(look) else 75 if dated else 0


cdef int ipfix_detect(Look* look, Slice d) noexcept nogil:
    """Of a stream the first message alone must fit; what follows it another."""
    cdef u32 size
    if (d.n > 1 and d.p[1] != IPFIX) or (d.n > 2 and d.p[2] > 0x7f and not look.datagram):
        return 0
    if d.n < HEAD_IPFIX + SET_HEAD:
        return DETECT_MORE if not look.datagram else 0
    size = be16(d.p + 2)
    if size < HEAD_IPFIX + SET_HEAD or look.datagram and size != d.n:
        return 0
    if size > d.n:
        if d.n < DETECT_ENOUGH:
            return DETECT_MORE
        return 80 if home(look) and be16(d.p + 16) in (2, 3) and be16(d.p + 18) <= size - HEAD_IPFIX else 0
    if not sets_fit(d.p + HEAD_IPFIX, size - HEAD_IPFIX, 3) or d.n > size + 1 and be16(d.p + size) != IPFIX:
        return 0
    return 95 if home(look) or be32(d.p + 4) >= TIME_LEAST else 0


# --- what it says ---

cdef void sequence(Export* x, u32 ident, u32 number, u32 step) noexcept nogil:
    """Count what is missing between the packet before and this one, which `step` belong to."""
    cdef Source* s
    cdef int i
    for i in range(SOURCES):
        s = &x.sources[i]
        if s.known and s.id == ident:
            if 0 < number - s.next < GAP_MOST:
                x.lost += number - s.next
            if number - s.next < GAP_MOST or s.next - number > GAP_MOST:
                s.next = number + step
            return
    s = &x.sources[x.turn]
    x.turn = <u8>((x.turn + 1) % SOURCES)
    s.known = True
    s.id = ident
    s.next = number + step


cdef void take_templates(Look* look, Export* x, Reader r, bint options, bint ipfix) noexcept nogil:
    """Template records: number, count of fields, of which options say how many are scopes, or both as bytes; fields."""
    cdef u32 number, count, scopes, element, _i
    while left(&r) >= 4:
        number = take16(&r)
        count = take16(&r)
        scopes = take16(&r) if options else 0
        if options and not ipfix:
            element = scopes
            scopes = count // 4
            count = scopes + element // 4
        if number < FIRST_DATA or count == 0 or count > FIELDS_MOST:
            return
        keep_u16(look, FLOW_TEMPLATE, <u16>number, TEMPLATES)
        for _i in range(count):
            element = take16(&r)
            take16(&r)
            if ipfix and element & ENTERPRISE:
                take(&r, 4)
            elif not r.bad and (ipfix or _i >= scopes) and (element > 255 or not noted(x.elements, <u8>element)):
                keep_u16(look, FLOW_ELEMENT, <u16>element, ELEMENTS)
        if r.bad:
            return


cdef void take_sets(Look* look, Export* x, Reader r, bint ipfix) noexcept nogil:
    cdef u16 number, size
    cdef Reader body
    cdef int _i
    for _i in range(SETS):
        if left(&r) < SET_HEAD:
            return
        number = take16(&r)
        size = take16(&r)
        if size < SET_HEAD:
            return
        body = take_reader(&r, size - SET_HEAD)
        if r.bad:
            return
        if number <= 3 and number >= (2 if ipfix else 0):
            take_templates(look, x, body, number & 1 != 0, ipfix)


cdef void tell(Look* look, Export* x, u32 version, u32 source) noexcept nogil:
    """What every packet adds to."""
    cdef u8[4] ident
    put32(ident, source)
    keep_u8(look, FLOW_VERSION, <u8>version, 4)
    fact_distinct(look, FLOW_SOURCE, ident, 4, SOURCES)
    x.messages += 1
    fact_number(look, FLOW_MESSAGES, x.messages)
    if version != IPFIX:
        fact_number(look, FLOW_RECORDS, x.records)
        if x.lost:
            fact_number(look, FLOW_LOST, x.lost)
    set_initiator(look, True)


cdef void take_packet(Look* look, Export* x, const u8* p, u32 n) noexcept nogil:
    cdef u32 version = be16(p), count = be16(p + 2)
    hand_on(look, p, n)
    if version == IPFIX:
        take_sets(look, x, reader(p + HEAD_IPFIX, n - HEAD_IPFIX), True)
        tell(look, x, version, be32(p + 12))
        return
    x.records += count
    if version == VERSION_9:
        sequence(x, be32(p + 16), be32(p + 12), 1)
        take_sets(look, x, reader(p + HEAD_9, n - HEAD_9), False)
        tell(look, x, version, be32(p + 16))
        return
    if version != 1:
        sequence(x, be16(p + 20), be32(p + 16), count)
    if version == 5 and be16(p + 22) & 0x3fff:
        fact_once(look, FLOW_SAMPLING, p + 22, 2)
    tell(look, x, version, be16(p + 20) if version == 5 else 0)


cdef int read_datagram(Look* look, Export* x, Slice d, int sure) noexcept nogil:
    look.used = d.n
    if sure > 0:
        take_packet(look, x, d.p, d.n)
    else:
        return misfit(look)
    return PARSE_OK


cdef int netflow_parse(Look* look, Slice data) noexcept nogil:
    cdef Export* x = <Export*>framed(look, sizeof(Export))
    return read_datagram(look, x, data, netflow_detect(look, data)) if x != NULL else PARSE_DONE


# --- IPFIX over TCP ---

cdef i64 size_of(Look* look, const u8* p, u32* want) noexcept nogil:
    cdef u32 size = be16(p + 2)
    return size if be16(p) == IPFIX and size >= HEAD_IPFIX + SET_HEAD and \
        (be16(p + 16) in (2, 3) or be16(p + 16) >= FIRST_DATA) and SET_HEAD <= be16(p + 18) <= size - HEAD_IPFIX else 0


cdef int take_message(Look* look, Slice m, u64 size) noexcept nogil:
    cdef Export* x = <Export*>look.state[0]
    if not sets_fit(m.p + HEAD_IPFIX, m.n - HEAD_IPFIX, 3):
        if not x.frame.sure:
            return PARSE_NOT_MINE
        look.dpi.malformed[look.proto] += 1
        return PARSE_OK
    x.frame.sure = True
    take_packet(look, x, m.p, m.n)
    return PARSE_OK


cdef int ipfix_parse(Look* look, Slice data) noexcept nogil:
    cdef Export* x = <Export*>framed(look, sizeof(Export))
    if x == NULL:
        return PARSE_DONE
    if look.datagram:
        return read_datagram(look, x, data, ipfix_detect(look, data))
    return each_message(look, data, HEAD_IPFIX + SET_HEAD, size_of, take_message)


cdef void netflow_define(Proto* p) noexcept nogil:
    reads(p, "netflow", ON_UDP, netflow_detect, netflow_parse)
    p.ports[0] = 2055
    p.ports[1] = 4739
    p.ports[2] = 9995
    p.ports[3] = 9996
    p.first[0] = 1
    p.free = free


cdef void ipfix_define(Proto* p) noexcept nogil:
    netflow_define(p)
    p.name = "ipfix"
    p.on = ON_TCP | ON_UDP
    p.detect = ipfix_detect
    p.parse = ipfix_parse
    p.lost = seek_again
