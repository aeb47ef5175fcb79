"""S7 communication of Siemens PLCs over TPKT (RFC 1006) and COTP (RFC 905): functions, areas read and written, modules.

There is no public specification; lengths of three layers that agree make it known, also in the middle of a connection.
Other protocols begin with the same COTP: a flow whose data turn out to be something else is given back, and what the
connection request said is told only when they do not. Of the newer S7comm-plus the version is learnt.
"""
from libc.stdlib cimport free
from libc.string cimport memcpy

from netwatch._fast.base.bytes cimport u8, u16, u32, u64, i64, Slice, be16, slice_of
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_NOT_MINE, PARSE_OK,
                                           fact_number, fact_set, reads, set_initiator)
from netwatch._fast.proto.common.framed cimport Framed, each_message, framed, seek_again
from netwatch._fast.proto.common.learn cimport TEXT_MOST, Waiting, asked, fact_distinct, keep_latency, keep_u8
from netwatch._fast.proto.common.lines cimport port_is, smaller
from netwatch._fast.proto.common.sql cimport until_nul

cdef enum:                     # fact keys, as in text.py
    S7_VARIANT = 1             # 0x32, or 0x72 of S7comm-plus with its version
    S7_CALLING = 2             # TSAPs
    S7_CALLED = 3
    S7_FUNCTION = 4            # ROSCTR, function; of user data 7, group and subfunction
    S7_READ = 5                # transport size, count, DB, area, address: 9 bytes as on the wire
    S7_WRITTEN = 6
    S7_PDU = 7                 # its length as agreed, 2 bytes
    S7_ERROR = 8               # class and code
    S7_ITEM_ERROR = 9          # return code of an item
    S7_IDENTITY = 10           # SZL, index, text
    S7_REQUESTS = 11
    S7_LATENCY = 12

cdef enum:
    PORT = 102
    TPKT = 3
    HEAD = 7                   # TPKT, and COTP's length, code and one byte more
    DATA = 0xf0                # TPDU codes, RFC 905 section 13
    REQUEST = 0xe0
    CONFIRM = 0xd0
    END = 0x80                 # of a TSDU
    CALLING = 0xc1             # parameters of the connection request
    CALLED = 0xc2
    S7 = 0x32
    S7_PLUS = 0x72
    JOB = 1                    # ROSCTR
    ACK = 2
    ACK_DATA = 3
    USER_DATA = 7
    SETUP = 0xf0               # functions
    READ = 4
    WRITE = 5
    ITEM = 12                  # bytes of an item that names an address
    OK = 0xff                  # return code of an item
    SZL_IDENTITY = 0x0011      # system status lists with texts
    SZL_COMPONENT = 0x001c
    ITEMS = 20
    MAX_KEPT = 16
    FEW = 8
    TSAP_MOST = 16

cdef struct S7comm:
    Framed frame
    Waiting waiting
    u64 requests
    u8 calling[TSAP_MOST]
    u8 called[TSAP_MOST]
    u8 calling_n
    u8 called_n


cdef i64 size_of(Look* look, const u8* p, u32* want) noexcept nogil:
    """A TPKT with a COTP connection request, confirm or data unit whose own lengths fit."""
    cdef u32 size = be16(p + 2)
    if p[0] != TPKT or p[1] or size < HEAD or <u32>p[4] + 5 > size:
        return 0
    if p[5] == DATA:
        return size if p[4] == 2 and p[6] & 0x7f == 0 else 0
    return size if (p[5] == REQUEST or p[5] == CONFIRM) and p[4] + 5 == size and p[4] >= 6 else 0


cdef u32 s7_head(const u8* p, u32 n) noexcept nogil:
    """Bytes of the header of an S7 PDU whose lengths are those of the n bytes, 0 where it is none."""
    cdef u32 head
    if n < 10 or p[0] != S7 or p[2] | p[3]:
        return 0
    if p[1] != JOB and p[1] != ACK and p[1] != ACK_DATA and p[1] != USER_DATA:
        return 0
    head = 12 if p[1] == ACK or p[1] == ACK_DATA else 10
    return head if head + <u32>be16(p + 6) + <u32>be16(p + 8) == n else 0


cdef bint plus_fits(const u8* p, u32 n) noexcept nogil:
    """S7comm-plus: version, length of the data behind the header; fragments but the last have no trailer."""
    return n >= 4 and p[0] == S7_PLUS and (1 <= p[1] <= 3 or p[1] == 0xfe or p[1] == 0xff) and \
        <u32>be16(p + 2) + 4 <= n <= <u32>be16(p + 2) + 8


cdef int s7comm_detect(Look* look, Slice d) noexcept nogil:
    cdef u32 want, size, n
    if d.n >= HEAD + 2 and d.p[5] == DATA and be16(d.p + 2) == HEAD + 1 and d.p[HEAD] == S7:
        d = slice_of(d.p + HEAD + 1, d.n - HEAD - 1)       # its first byte alone: some cut it off to hide the rest
    if (d.n > 1 and d.p[1]) or (d.n > 5 and d.p[5] != DATA and d.p[5] != REQUEST and d.p[5] != CONFIRM):
        return 0
    if d.n < HEAD:
        return DETECT_MORE
    size = <u32>size_of(look, d.p, &want)
    if size == 0 or d.n > size and d.p[size] != TPKT:
        return 0
    if d.p[5] != DATA:                                     # whether it is S7, the data will show
        return 62 if port_is(look, PORT) else 0
    if size == HEAD:
        return 60 if port_is(look, PORT) and d.p[6] & END else 0
    if d.n < smaller(size, HEAD + 12):
        return DETECT_MORE
    n = size - HEAD
    if d.p[HEAD] == S7:
        return 97 if d.n >= HEAD + 10 and s7_head(d.p + HEAD, n) else 0
    return 90 if port_is(look, PORT) and plus_fits(d.p + HEAD, n) else 0


# --- COTP ---

cdef void take_request(S7comm* s, Slice m) noexcept nogil:
    """Parameters of code, length, value; kept back until the data show what they are of."""
    cdef u32 at = 11, size
    while at + 2 <= m.n:
        size = m.p[at + 1]
        if at + 2 + size > m.n:
            return
        if m.p[at] == CALLING and size <= TSAP_MOST:
            memcpy(s.calling, m.p + at + 2, size)
            s.calling_n = <u8>size
        elif m.p[at] == CALLED and size <= TSAP_MOST:
            memcpy(s.called, m.p + at + 2, size)
            s.called_n = <u8>size
        at += 2 + size


cdef void confirmed(Look* look, S7comm* s, u8 kind, u8 version) noexcept nogil:
    """The data are of S7: what was kept back may be told."""
    cdef u8[2] fact
    fact[0] = kind
    fact[1] = version
    s.frame.sure = True
    fact_distinct(look, S7_VARIANT, fact, 2, FEW)
    if s.called_n:
        fact_distinct(look, S7_CALLED, s.called, s.called_n, 2)
        s.called_n = 0
    if s.calling_n:
        fact_distinct(look, S7_CALLING, s.calling, s.calling_n, 2)
        s.calling_n = 0


# --- S7 ---

cdef void keep_function(Look* look, u8 kind, u8 group, u8 function) noexcept nogil:
    cdef u8[3] fact
    fact[0] = kind
    fact[1] = group
    fact[2] = function
    fact_distinct(look, S7_FUNCTION, fact, 3, MAX_KEPT)


cdef void take_items(Look* look, Slice parameters, u8 key) noexcept nogil:
    """Addresses of any type: 0x12, length 10, syntax 0x10, then size, count, DB, area, address."""
    cdef u32 at = 2, _i
    for _i in range(smaller(parameters.p[1], ITEMS)):
        if at + ITEM > parameters.n or parameters.p[at] != 0x12 or parameters.p[at + 1] != 10:
            return
        if parameters.p[at + 2] == 0x10:
            fact_distinct(look, key, parameters.p + at + 3, 9, MAX_KEPT)
        at += ITEM


cdef void take_results(Look* look, u8 function, Slice parameters, Slice data) noexcept nogil:
    """A return code of each item that failed; of a read its first only, for what follows is values."""
    cdef u32 i
    if function == WRITE:
        for i in range(smaller(parameters.p[1], data.n)):
            if data.p[i] != OK:
                keep_u8(look, S7_ITEM_ERROR, data.p[i], FEW)
    elif function == READ and data.n and data.p[0] != OK:
        keep_u8(look, S7_ITEM_ERROR, data.p[0], FEW)


cdef void keep_identity(Look* look, u16 szl, const u8* record, u32 n) noexcept nogil:
    """An index and a text of a record of a status list."""
    cdef u8[TEXT_MOST] fact
    cdef Slice text = until_nul(slice_of(record + 2, smaller(n - 2, 32 if szl == SZL_COMPONENT else 20)))
    if text.n == 0:
        return
    fact[0] = <u8>szl
    fact[1] = record[1]
    memcpy(fact + 2, text.p, text.n)
    fact_distinct(look, S7_IDENTITY, fact, 2 + text.n, MAX_KEPT)


cdef void take_status_list(Look* look, Slice data) noexcept nogil:
    """Return code, size, length; then SZL, index, length and number of records (a read of the module's identity)."""
    cdef u32 size, at, _i
    cdef u16 szl
    if data.n < 12 or data.p[0] != OK:
        return
    szl = be16(data.p + 4) & 0x0fff
    size = be16(data.p + 8)
    if szl != SZL_IDENTITY and szl != SZL_COMPONENT or size < 22:
        return
    at = 12
    for _i in range(smaller(be16(data.p + 10), ITEMS)):
        if at + size > data.n:
            return
        if szl == SZL_COMPONENT or data.p[at + 1] == 1:
            keep_identity(look, szl, data.p + at, size)
        at += size


cdef void take_pdu(Look* look, S7comm* s, const u8* p, u32 n, u32 head) noexcept nogil:
    cdef Slice parameters = slice_of(p + head, be16(p + 6))
    cdef Slice data = slice_of(p + head + parameters.n, be16(p + 8))
    cdef u8 function = parameters.p[0] if parameters.n else 0
    cdef u64 ident = be16(p + 4)
    if p[1] == JOB:
        set_initiator(look, True)
        s.requests += 1
        fact_number(look, S7_REQUESTS, s.requests)
        asked(&s.waiting, ident, look.ts)
        if parameters.n:
            keep_function(look, JOB, 0, function)
        if (function == READ or function == WRITE) and parameters.n >= 2:
            take_items(look, parameters, S7_READ if function == READ else S7_WRITTEN)
        return
    if p[1] == USER_DATA:
        if parameters.n >= 8:
            keep_function(look, USER_DATA, parameters.p[5] & 0x0f, parameters.p[6])
            set_initiator(look, parameters.p[5] & 0xf0 == 0x40)
        if parameters.n >= 12 and parameters.p[5] == 0x84:
            take_status_list(look, data)
        return
    set_initiator(look, False)
    keep_latency(look, S7_LATENCY, &s.waiting, ident)
    if p[10] | p[11]:
        fact_distinct(look, S7_ERROR, p + 10, 2, FEW)
    elif function == SETUP and parameters.n >= 8:
        fact_set(look, S7_PDU, parameters.p + 6, 2)
    elif parameters.n >= 2:
        take_results(look, function, parameters, data)


cdef int take_packet(Look* look, Slice m, u64 size) noexcept nogil:
    cdef S7comm* s = <S7comm*>look.state[0]
    cdef u32 n = m.n - HEAD, head
    if m.p[5] != DATA:
        if m.p[5] == REQUEST:
            take_request(s, m)
        set_initiator(look, m.p[5] == REQUEST)
        return PARSE_OK
    if n == 0:
        return PARSE_OK
    head = s7_head(m.p + HEAD, n)
    if head:
        confirmed(look, s, S7, 0)
        take_pdu(look, s, m.p + HEAD, n, head)
    elif plus_fits(m.p + HEAD, n):
        confirmed(look, s, S7_PLUS, m.p[HEAD + 1])
    elif not s.frame.sure:
        return PARSE_OK if n == 1 and m.p[HEAD] == S7 else PARSE_NOT_MINE
    elif m.p[6] & END and m.p[HEAD] == S7 and n > 1:       # else a part of a longer one
        look.dpi.malformed[look.proto] += 1
    return PARSE_OK


cdef int s7comm_parse(Look* look, Slice data) noexcept nogil:
    if framed(look, sizeof(S7comm)) == NULL:
        return PARSE_DONE
    return each_message(look, data, HEAD, size_of, take_packet)


cdef void s7comm_define(Proto* p) noexcept nogil:
    reads(p, "s7comm", ON_TCP, s7comm_detect, s7comm_parse)
    p.first[TPKT] = 1
    p.lost = seek_again
    p.free = free
