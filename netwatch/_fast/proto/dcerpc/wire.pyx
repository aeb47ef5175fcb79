"""DCE/RPC (C706, MS-RPCE) over TCP, and its connectionless form over UDP: interfaces, operations, endpoints, logins.

Every fragment begins with version, type, data representation and a length, which together are met nowhere else: a
connection is known in its middle and found again after a hole. Of a call its first fragment is read, of stub data only
the answers of the endpoint mapper: where which interface can be reached.
"""
from libc.stdlib cimport free
from libc.string cimport memcmp, memcpy

from netwatch._fast.base.bytes cimport u8, u16, u32, u64, i64, Slice, be16, be32, le16, le32, slice_of
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, ON_UDP, PARSE_DONE, PARSE_OK, fact_number,
                                           set_initiator, reads, misfit)
from netwatch._fast.proto.common.framed cimport Framed, each_message, framed, seek_again
from netwatch._fast.proto.common.gss cimport gss_learn
from netwatch._fast.proto.common.learn cimport Waiting, asked, fact_distinct, keep_latency, keep_text, keep_u8
from netwatch._fast.proto.common.lines cimport smaller
from netwatch._fast.proto.common.utf16 cimport narrow, part

cdef enum:                     # fact keys, as in text.py
    RPC_INTERFACE = 1          # UUID as a little-endian sender writes it
    RPC_OPERATION = 2          # UUID, number: 18 bytes
    RPC_ENDPOINT = 3           # UUID, protocol of the floor, its data
    RPC_ADDRESS = 4            # secondary address of the bind_ack
    RPC_AUTH_TYPE = 5
    RPC_AUTH_LEVEL = 6
    RPC_FAULT = 7              # status, big-endian
    RPC_REFUSED = 8            # reason of a bind_nak, or of a context refused; 2 bytes, the first says which
    RPC_CALLS = 9
    RPC_LATENCY = 10

cdef enum:                     # PDU types, C706 chapter 12
    REQUEST = 0
    RESPONSE = 2
    FAULT = 3
    FACK = 9                   # the last but one of the connectionless protocol, which ends with 10
    BIND = 11
    BIND_ACK = 12
    BIND_NAK = 13
    ALTER = 14
    ALTER_RESPONSE = 15
    AUTH3 = 16
    SHUTDOWN = 17              # the server's; what is after it are the client's cancels
    ORPHANED = 19
    FIRST_FRAGMENT = 1         # pfc_flags

cdef enum:
    HEAD = 16
    HEAD_CL = 80
    AUTH_HEAD = 8
    SYNTAX = 20                # UUID and version
    PDU_MOST = 16384           # of a fragment that is read
    REQUEST_MOST = 1024        # ... of a request or answer that carries no login
    CONTEXTS = 8               # presentation contexts remembered
    MAX_INTERFACES = 12
    MAX_OPERATIONS = 24
    MAX_ENDPOINTS = 8
    FEW = 4
    MAP = 3                    # ept_map, C706 appendix O
    TOWERS = 16
    FLOORS = 8
    FLOOR_UUID = 0x0d          # C706 appendix I
    FLOOR_TCP = 0x07
    FLOOR_UDP = 0x08
    FLOOR_IP = 0x09
    FLOOR_PIPE = 0x0f
    FLOOR_HTTP = 0x1f

cdef struct Context:
    u16 number
    bint known
    u8[16] interface

cdef struct Rpc:
    Framed frame
    Waiting waiting
    u64 calls
    u32 map_call               # call id of the ept_map under way
    bint mapping
    u8 next
    Context[CONTEXTS] contexts

cdef u8[16] NOBODY             # stands for an interface that is not known
cdef const u8* EPM = b"\x08\x83\xaf\xe1\x1f\x5d\xc9\x11\x91\xa4\x08\x00\x2b\x14\xa0\xfa"


# --- numbers in the sender's own order ---

cdef inline u16 n16(const u8* p, bint little) noexcept nogil:
    return le16(p) if little else be16(p)


cdef inline u32 n32(const u8* p, bint little) noexcept nogil:
    return le32(p) if little else be32(p)


cdef bint label_fits(const u8* p) noexcept nogil:
    """A data representation: byte order, ASCII or EBCDIC, one of four floats."""
    return p[0] & 0xee == 0 and p[1] <= 3 and p[2] == 0


cdef void uuid_of(const u8* p, bint little, u8* out) noexcept nogil:
    """As a little-endian sender writes it."""
    cdef int i
    memcpy(out, p, 16)
    if not little:
        for i in range(4):
            out[i] = p[3 - i]
        for i in range(2):
            out[4 + i] = p[5 - i]
            out[6 + i] = p[7 - i]


# --- the header ---

cdef u32 least(u8 kind) noexcept nogil:
    """Bytes of the shortest fragment of a type."""
    if kind == REQUEST or kind == RESPONSE:
        return 24
    if kind == FAULT:
        return 28
    if kind == BIND or kind == ALTER:
        return 28 + 4 + SYNTAX
    if kind == BIND_ACK or kind == ALTER_RESPONSE:
        return 26
    return 18 if kind == BIND_NAK else HEAD


cdef i64 size_of(Look* look, const u8* p, u32* want) noexcept nogil:
    """C706 section 12.6.3.1."""
    cdef bint little = p[4] & 0x10 != 0
    cdef u32 size, login
    if p[0] != 5 or p[1] > 1 or p[2] > ORPHANED or (FAULT < p[2] < BIND) or p[2] == 1:
        return 0
    if not label_fits(p + 4) or p[7]:
        return 0
    size = n16(p + 8, little)
    login = n16(p + 10, little)
    if size < least(p[2]) or login and login + AUTH_HEAD + HEAD > size:
        return 0
    want[0] = PDU_MOST if login or p[2] > FAULT else REQUEST_MOST
    return size


cdef int dcerpc_detect(Look* look, Slice d) noexcept nogil:
    cdef u32 want, size
    if look.datagram:
        return 95 if datagram_fits(d) else 0
    if d.n < HEAD:
        if d.p[0] == 5 and (d.n < 2 or d.p[1] <= 1) and (d.n < 3 or d.p[2] <= ORPHANED) and \
                (d.n < 8 or label_fits(d.p + 4) and d.p[7] == 0):
            return DETECT_MORE
        return 0
    size = <u32>size_of(look, d.p, &want)
    if size == 0:
        return 0
    return 0 if d.n >= size + 1 and d.p[size] != 5 else 96


# --- what the fragments say ---

cdef Context* context(Rpc* rpc, u16 number, bint make) noexcept nogil:
    cdef int i
    for i in range(CONTEXTS):
        if rpc.contexts[i].known and rpc.contexts[i].number == number:
            return &rpc.contexts[i]
    if not make:
        return NULL
    i = rpc.next
    rpc.next = <u8>((rpc.next + 1) % CONTEXTS)
    rpc.contexts[i].known = True
    rpc.contexts[i].number = number
    return &rpc.contexts[i]


cdef void take_bind(Look* look, Rpc* rpc, Slice m, bint little) noexcept nogil:
    """Presentation contexts: each an interface and the transfer syntaxes offered for it."""
    cdef u32 at = 28, _i
    cdef Context* c
    for _i in range(m.p[24]):
        if at + 4 + SYNTAX > m.n:
            return
        c = context(rpc, n16(m.p + at, little), True)
        uuid_of(m.p + at + 4, little, c.interface)
        fact_distinct(look, RPC_INTERFACE, c.interface, 16, MAX_INTERFACES)
        at += 4 + SYNTAX + m.p[at + 2] * SYNTAX


cdef void refused(Look* look, u8 kind, u16 reason) noexcept nogil:
    cdef u8[2] fact
    fact[0] = kind
    fact[1] = <u8>(reason if reason < 255 else 255)
    fact_distinct(look, RPC_REFUSED, fact, 2, FEW)


cdef void take_ack(Look* look, Slice m, bint little) noexcept nogil:
    """The secondary address, then a result for each context; provider rejections have a reason."""
    cdef u32 size = n16(m.p + 24, little), at, _i
    cdef u16 result
    keep_text(look, RPC_ADDRESS, narrow(part(m, 26, size)), FEW)
    at = (26 + size + 3) & ~<u32>3
    if at + 4 > m.n:
        return
    for _i in range(m.p[at]):
        if at + 8 > m.n:
            return
        result = n16(m.p + at + 4, little)
        if result == 1 or result == 2:
            refused(look, 1, n16(m.p + at + 6, little))
        at += 4 + SYNTAX


cdef void operation(Look* look, const u8* interface, u16 number) noexcept nogil:
    cdef u8[18] fact
    memcpy(fact, interface, 16)
    fact[16] = <u8>(number >> 8)
    fact[17] = <u8>(number & 0xff)
    fact_distinct(look, RPC_OPERATION, fact, 18, MAX_OPERATIONS)


cdef void counted(Look* look, Rpc* rpc) noexcept nogil:
    rpc.calls += 1
    fact_number(look, RPC_CALLS, rpc.calls)


cdef void take_request(Look* look, Rpc* rpc, Slice m, bint little, u32 call) noexcept nogil:
    cdef Context* c = context(rpc, n16(m.p + 20, little), False)
    cdef u16 number = n16(m.p + 22, little)
    cdef const u8* interface = &c.interface[0] if c != NULL else &NOBODY[0]
    if not m.p[3] & FIRST_FRAGMENT:
        return
    operation(look, interface, number)
    counted(look, rpc)
    asked(&rpc.waiting, call, look.ts)
    if number == MAP and memcmp(interface, EPM, 16) == 0:
        rpc.mapping = True
        rpc.map_call = call


cdef void login(Look* look, Slice m, bint little) noexcept nogil:
    """The authentication verifier at the fragment's end (C706 section 13.2.6.1)."""
    cdef u32 size = n16(m.p + 10, little), whole = n16(m.p + 8, little), at
    if size == 0 or whole > m.n or size + AUTH_HEAD + HEAD > whole:
        return
    at = whole - size - AUTH_HEAD
    keep_u8(look, RPC_AUTH_TYPE, m.p[at], FEW)
    keep_u8(look, RPC_AUTH_LEVEL, m.p[at + 1], FEW)
    if m.p[2] >= BIND:
        gss_learn(look, slice_of(m.p + at + AUTH_HEAD, size))


cdef void take_fault(Look* look, u32 status) noexcept nogil:
    cdef u8[4] fact
    cdef int i
    for i in range(4):
        fact[i] = <u8>(status >> (24 - 8 * i) & 0xff)
    fact_distinct(look, RPC_FAULT, fact, 4, MAX_ENDPOINTS)


cdef int take(Look* look, Slice m, u64 size) noexcept nogil:
    cdef Rpc* rpc = <Rpc*>look.state[0]
    cdef bint little = m.p[4] & 0x10 != 0
    cdef u8 kind = m.p[2]
    cdef u32 call = n32(m.p + 12, little)
    rpc.frame.sure = True
    set_initiator(look, kind == REQUEST or kind == BIND or kind == ALTER or kind == AUTH3 or kind > SHUTDOWN)
    if kind == REQUEST:
        take_request(look, rpc, m, little, call)
    elif kind == RESPONSE or kind == FAULT:
        if m.p[3] & FIRST_FRAGMENT:
            keep_latency(look, RPC_LATENCY, &rpc.waiting, call)
        if kind == FAULT:
            take_fault(look, n32(m.p + 24, little))
        elif rpc.mapping and call == rpc.map_call:
            rpc.mapping = False
            take_towers(look, slice_of(m.p + 24, m.n - 24), little)
    elif kind == BIND or kind == ALTER:
        take_bind(look, rpc, m, little)
    elif kind == BIND_ACK or kind == ALTER_RESPONSE:
        take_ack(look, m, little)
    elif kind == BIND_NAK:
        refused(look, 2, n16(m.p + HEAD, little))
    login(look, m, little)
    return PARSE_OK


# --- the endpoint mapper ---

cdef void take_towers(Look* look, Slice m, bint little) noexcept nogil:
    """An answer of ept_map in NDR: handle, count, the array's bounds, references, then towers with their lengths."""
    cdef u32 count, at, size, _i
    if m.n < 36:
        return
    count = n32(m.p + 32, little)
    if count > TOWERS or n32(m.p + 20, little) != count:
        return
    at = 36 + 4 * count
    for _i in range(count):
        if at + 8 > m.n:
            return
        size = n32(m.p + at + 4, little)
        if size > m.n - at - 8 or n32(m.p + at, little) != size:
            return
        take_tower(look, slice_of(m.p + at + 8, size))
        at = (at + 8 + size + 3) & ~<u32>3


cdef void take_tower(Look* look, Slice t) noexcept nogil:
    """Floors (C706 appendix L): the interface, the transfer syntax, the RPC protocol, then where."""
    cdef u32 at = 2, left, right, _i
    cdef u32 used = 0
    cdef u8 kind
    cdef u8[64] fact
    if t.n < 2:
        return
    for _i in range(smaller(le16(t.p), FLOORS)):
        if at + 2 > t.n:
            break
        left = le16(t.p + at)
        if left == 0 or left + 4 > t.n - at:
            break
        right = le16(t.p + at + 2 + left)
        if right > t.n - at - 4 - left:
            break
        kind = t.p[at + 2]
        if kind == FLOOR_UUID and left >= 19 and used == 0:
            memcpy(fact, t.p + at + 3, 16)
            used = 16
        elif used == 16 and (right == 2 if kind == FLOOR_TCP or kind == FLOOR_UDP or kind == FLOOR_HTTP else
                             kind == FLOOR_PIPE):
            fact[16] = kind
            used = 17 + smaller(right, 40)
            memcpy(fact + 17, t.p + at + 4 + left, used - 17)
        elif used == 19 and kind == FLOOR_IP and right == 4:
            memcpy(fact + 19, t.p + at + 4 + left, 4)
            used = 23
        at += 4 + left + right
    if used > 16:
        fact_distinct(look, RPC_ENDPOINT, fact, used, MAX_ENDPOINTS)


# --- the connectionless protocol ---

cdef bint datagram_fits(Slice d) noexcept nogil:
    """C706 section 12.5.2: a header of 80 bytes whose length says where the datagram ends."""
    cdef u32 body
    if d.n < HEAD_CL or d.p[0] != 4 or d.p[1] > FACK + 1 or d.p[3] > 0x0f or not label_fits(d.p + 4):
        return False
    body = n16(d.p + 74, d.p[4] & 0x10 != 0)
    return body == d.n - HEAD_CL or d.p[78] != 0 and body < d.n - HEAD_CL


cdef int read_datagram(Look* look, Rpc* rpc, Slice d) noexcept nogil:
    cdef bint little
    cdef u8[16] interface
    cdef u32 call
    look.used = d.n
    if not datagram_fits(d):
        return misfit(look)
    little = d.p[4] & 0x10 != 0
    uuid_of(d.p + 24, little, interface)
    fact_distinct(look, RPC_INTERFACE, interface, 16, MAX_INTERFACES)
    call = n32(d.p + 64, little)
    if d.p[1] == REQUEST:
        set_initiator(look, True)
        operation(look, interface, n16(d.p + 68, little))
        if n16(d.p + 76, little) == 0:
            counted(look, rpc)
        asked(&rpc.waiting, call, look.ts)
    elif d.p[1] == RESPONSE or d.p[1] == FAULT:
        set_initiator(look, False)
        operation(look, interface, n16(d.p + 68, little))
        keep_latency(look, RPC_LATENCY, &rpc.waiting, call)
        if d.p[1] == FAULT and d.n >= HEAD_CL + 4:
            take_fault(look, n32(d.p + HEAD_CL, little))
    return PARSE_OK


cdef int dcerpc_parse(Look* look, Slice data) noexcept nogil:
    cdef Rpc* rpc = <Rpc*>framed(look, sizeof(Rpc))
    if rpc == NULL:
        return PARSE_DONE
    if look.datagram:
        return read_datagram(look, rpc, data)
    return each_message(look, data, HEAD, size_of, take)


cdef void dcerpc_define(Proto* p) noexcept nogil:
    reads(p, "dcerpc", ON_TCP | ON_UDP, dcerpc_detect, dcerpc_parse)
    p.ports[0] = 135
    p.first[4] = p.first[5] = 1
    p.lost = seek_again
    p.free = free
