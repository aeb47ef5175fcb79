"""DNP3 (IEEE 1815-2012) over TCP and UDP: link addresses, function codes, object headers, internal indications.

A link header begins with 0564 and ends in a checksum, so a flow is known in its middle and found again after a hole.
Of an application fragment its first link frame is read; the object headers of a request that asks for objects are all
read, of other fragments the first one.
"""
from libc.stdlib cimport free

from netwatch._fast.base.bytes cimport u8, u16, u32, u64, Reader, Slice, le16, reader, take, take8, take16
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, ON_UDP, PARSE_DONE, PARSE_OK, fact_set,
                                           set_initiator, reads, has_state, misfit)
from netwatch._fast.proto.common.learn cimport fact_distinct, keep_u16, keep_u8, noted
from netwatch._fast.proto.common.lines cimport smaller, wait_for
from netwatch._fast.proto.common.describing import by_key, listed, named, number, one_or_all

cdef enum:                     # fact keys
    DNP3_MASTER = 1            # two bytes, big-endian
    DNP3_OUTSTATION = 2
    DNP3_FUNCTION = 3
    DNP3_OBJECT = 4            # group, variation
    DNP3_INDICATIONS = 5       # all bits seen, two bytes
    DNP3_LINK = 6              # bit 4 PRM, bits 0 to 3 the link function

cdef enum:                     # link layer, section 9.2.4
    HEAD = 10
    BLOCK = 16                 # user data come in blocks of at most 16, each with its checksum
    FRAME_MOST = 292
    FROM_MASTER = 0x80         # DIR
    PRIMARY = 0x40             # PRM
    BROADCAST = 0xfffd         # this address and the two after it
    CONFIRMED_DATA = 3
    UNCONFIRMED_DATA = 4
    FIRST = 0x40               # FIR of the transport header, section 8.2.1.2

cdef enum:                     # application functions, section 4.2.2.5
    CONFIRM = 0
    READ = 1
    ASSIGN_CLASS = 22
    RESPONSE = 129
    UNSOLICITED = 130
    FUNCTION_LAST = 131

cdef enum:
    FEW = 8
    MAX_OBJECTS = 24
    MAX_FUNCTIONS = 40

cdef struct Dnp3:
    bint seeking[2]
    u64 functions[3]           # written down already, by number
    u64 links
    u16 indications

cdef u16 CRC[256]              # filled by dnp3_define


# --- the link layer ---

cdef u16 checksum(const u8* p, u32 n) noexcept nogil:
    """Section 9.2.4.3.1.9: polynomial 3D65 reflected, complemented."""
    cdef u16 crc = 0
    cdef u32 i
    for i in range(n):
        crc = <u16>(crc >> 8) ^ CRC[(crc ^ p[i]) & 0xff]
    return <u16>~crc


cdef int header(const u8* p, u32 n, u32* size) noexcept nogil:
    """1 and the frame's length, 0 when the header is cut, -1 when it is none."""
    cdef u32 data
    if (n and p[0] != 0x05) or (n > 1 and p[1] != 0x64) or (n > 2 and p[2] < 5):
        return -1
    if n < HEAD:
        return 0
    if checksum(p, 8) != le16(p + 8):
        return -1
    data = p[2] - 5
    size[0] = HEAD + data + 2 * ((data + BLOCK - 1) // BLOCK)
    return 1


cdef int dnp3_detect(Look* look, Slice data) noexcept nogil:
    cdef u32 size = 0
    cdef int sure = header(data.p, data.n, &size)
    if sure == 1:
        return 98 if not look.datagram or size <= data.n else 0
    return DETECT_MORE if sure == 0 and not look.datagram else 0


cdef int user_data(const u8* p, u8* out) noexcept nogil:
    """The user data of a whole frame without the checksums; -1 when one of those is wrong."""
    cdef u32 rest = p[2] - 5, n, i, filled = 0
    p += HEAD
    while rest:
        n = smaller(rest, BLOCK)
        if checksum(p, n) != le16(p + n):
            return -1
        for i in range(n):
            out[filled + i] = p[i]
        filled += n
        rest -= n
        p += n + 2
    return <int>filled


# --- the application layer ---

cdef int range_size(u8 qualifier) noexcept nogil:
    """Bytes of the range field after a header without object data, -1 for codes not read (section 4.2.2.7.3)."""
    if qualifier == 0x06:
        return 0
    if qualifier == 0x07:
        return 1
    if qualifier == 0x00 or qualifier == 0x08:
        return 2
    return 4 if qualifier == 0x01 else -1


cdef void take_objects(Look* look, u8 function, Reader r) noexcept nogil:
    """Object headers; beyond the first only where no data stand between them."""
    cdef const u8* p
    cdef int size, _i
    for _i in range(MAX_OBJECTS):
        p = take(&r, 3)
        if p == NULL:
            return
        fact_distinct(look, DNP3_OBJECT, p, 2, MAX_OBJECTS)
        size = range_size(p[2])
        if size < 0 or size and function != READ:
            return
        take(&r, <size_t>size)


cdef void take_fragment(Look* look, Dnp3* dnp3, Reader r) noexcept nogil:
    """Control, function, indications of an answer, objects."""
    cdef u8 function
    cdef u8 two[2]
    take8(&r)
    function = take8(&r)
    if r.bad or function > FUNCTION_LAST:
        return
    if not noted(dnp3.functions, function):
        keep_u8(look, DNP3_FUNCTION, function, MAX_FUNCTIONS)
    if not look.datagram:
        set_initiator(look, function < RESPONSE)
    if function == RESPONSE or function == UNSOLICITED:
        dnp3.indications |= take16(&r)
        two[0] = <u8>(dnp3.indications >> 8)
        two[1] = <u8>(dnp3.indications & 0xff)
        if not r.bad:
            fact_set(look, DNP3_INDICATIONS, two, 2)
    take_objects(look, function, r)


cdef void take_frame(Look* look, Dnp3* dnp3, const u8* p) noexcept nogil:
    """A whole frame."""
    cdef u8 control = p[3], link = (control & PRIMARY) >> 2 | control & 15
    cdef u8 data[256]
    cdef int n
    cdef bint master = control & FROM_MASTER != 0
    if le16(p + 4) < BROADCAST:
        keep_u16(look, DNP3_OUTSTATION if master else DNP3_MASTER, le16(p + 4), FEW)
    keep_u16(look, DNP3_MASTER if master else DNP3_OUTSTATION, le16(p + 6), FEW)
    if not noted(&dnp3.links, link):
        keep_u8(look, DNP3_LINK, link, FEW)
    if not control & PRIMARY or control & 15 != CONFIRMED_DATA and control & 15 != UNCONFIRMED_DATA:
        return
    n = user_data(p, data)
    if n < 0:
        look.dpi.malformed[look.proto] += 1
    elif n > 2 and data[0] & FIRST:
        take_fragment(look, dnp3, reader(data + 1, <size_t>n - 1))


# --- the stream ---

cdef int step(Look* look, Dnp3* dnp3, Slice data) noexcept nogil:
    """The next frame, or a byte less to where it may begin."""
    cdef const u8* p = data.p + look.used
    cdef u32 n = data.n - look.used, size = 0
    if n < HEAD:
        return wait_for(look, data, HEAD)
    if header(p, n, &size) < 0:
        if not dnp3.seeking[look.side]:
            look.dpi.malformed[look.proto] += 1
            dnp3.seeking[look.side] = True
        look.used += 1
        return PARSE_OK
    if n < size:
        return wait_for(look, data, size)
    dnp3.seeking[look.side] = False
    take_frame(look, dnp3, p)
    look.used += size
    return PARSE_OK


cdef int read_datagram(Look* look, Dnp3* dnp3, Slice data) noexcept nogil:
    """Whole frames; what does not fit is malformed."""
    cdef u32 size = 0
    while look.used < data.n:
        if header(data.p + look.used, data.n - look.used, &size) != 1 or size > data.n - look.used:
            look.used = data.n
            return misfit(look)
        take_frame(look, dnp3, data.p + look.used)
        look.used += size
    return PARSE_OK


cdef int dnp3_parse(Look* look, Slice data) noexcept nogil:
    cdef Dnp3* dnp3
    cdef int code = PARSE_OK
    if not has_state(look, sizeof(Dnp3)):
        return PARSE_DONE
    dnp3 = <Dnp3*>look.state[0]
    if look.datagram:
        return read_datagram(look, dnp3, data)
    while code == PARSE_OK and look.used < data.n:
        code = step(look, dnp3, data)
    return code


cdef int dnp3_lost(Look* look, u64 n) noexcept nogil:
    """After a hole the next header is looked for."""
    if look.state[0] == NULL:
        return PARSE_DONE
    (<Dnp3*>look.state[0]).seeking[look.side] = True
    return PARSE_OK


cdef void dnp3_define(Proto* p) noexcept nogil:
    cdef u32 i, _k
    cdef u16 crc
    reads(p, "dnp3", ON_TCP | ON_UDP, dnp3_detect, dnp3_parse)
    p.ports[0] = 20000
    for i in range(256):
        crc = <u16>i
        for _k in range(8):
            crc = <u16>(crc >> 1) ^ (<u16>0xa6bc if crc & 1 else <u16>0)
        CRC[i] = crc
    p.first[0x05] = 1
    p.lost = dnp3_lost
    p.free = free


# --- describing ---

FACT_FIELDS = {}
_FUNCTIONS = {
    0: "confirm", 1: "read", 2: "write", 3: "select", 4: "operate", 5: "direct operate",
    6: "direct operate no ack", 7: "freeze", 8: "freeze no ack", 9: "freeze clear", 10: "freeze clear no ack",
    11: "freeze at time", 12: "freeze at time no ack", 13: "cold restart", 14: "warm restart", 15: "initialize data",
    16: "initialize application", 17: "start application", 18: "stop application", 19: "save configuration",
    20: "enable unsolicited", 21: "disable unsolicited", 22: "assign class", 23: "delay measurement",
    24: "record current time", 25: "open file", 26: "close file", 27: "delete file", 28: "get file info",
    29: "authenticate file", 30: "abort file", 31: "activate configuration", 32: "authenticate request",
    33: "authenticate error", 129: "response", 130: "unsolicited response", 131: "authenticate response"}
_LINKS = {0x10: "reset link", 0x11: "reset user process", 0x12: "test link", 0x13: "confirmed data",
          0x14: "unconfirmed data", 0x19: "request link status", 0: "ack", 1: "nack", 11: "link status",
          14: "not functioning", 15: "not supported"}
# bits of the two octets as they come, IIN1 in the upper one (section 4.2.2.6)
_INDICATIONS = {0x0100: "broadcast", 0x0200: "class 1 events", 0x0400: "class 2 events", 0x0800: "class 3 events",
                0x1000: "need time", 0x2000: "local control", 0x4000: "device trouble", 0x8000: "device restart",
                0x0001: "function not supported", 0x0002: "object unknown", 0x0004: "parameter error",
                0x0008: "event buffer overflow", 0x0010: "already executing", 0x0020: "configuration corrupt"}


def describe(facts) -> dict:
    """The `dnp3` object."""
    known = by_key(facts)
    obj = {}
    one_or_all(obj, "master", known, DNP3_MASTER, number)
    one_or_all(obj, "outstation", known, DNP3_OUTSTATION, number)
    listed(obj, "functions", known, DNP3_FUNCTION, named(_FUNCTIONS, "function"))
    listed(obj, "objects", known, DNP3_OBJECT, lambda raw: f"g{raw[0]}v{raw[1]}")
    bits = number(known.get(DNP3_INDICATIONS, [b""])[-1])
    indications = [name for bit, name in _INDICATIONS.items() if bits & bit]
    if indications:
        obj["indications"] = indications
    listed(obj, "link", known, DNP3_LINK, named(_LINKS, "link"))
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "DNP3 1 > 10 read"."""
    ends = [str(obj[end][0] if isinstance(obj[end], list) else obj[end]) for end in ("master", "outstation")
            if end in obj]
    return " ".join(part for part in ("DNP3", " > ".join(ends), *obj.get("functions", ())[:1]) if part)
