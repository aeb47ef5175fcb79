"""ONC RPC (RFC 5531) over TCP and UDP: programs, procedures, who calls; portmap (RFC 1833), mount, NFS 2 to 4.

A flow whose first call is to NFS is called nfs, any other rpc; both are read here. A call has the message type, the
version of RPC and two credentials that must add up; an answer says little of itself, and is paired by its number, so
that a lost call shifts none.
"""
from libc.stdlib cimport free
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u8, u32, u64, i64, Reader, Slice, be32, reader, take, take32
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, ON_UDP, PARSE_DONE, PARSE_NOT_MINE,
                                           PARSE_OK, fact_number, set_initiator, reads, misfit)
from netwatch._fast.proto.common.framed cimport Framed, each_message, framed, seek_again
from netwatch._fast.proto.common.learn cimport fact_distinct, keep_text
from netwatch._fast.proto.common.lines cimport port_is
from netwatch._fast.proto.rpc.nfsnames cimport MAX_NAMES, NFS, keep_procedure, nfs_names
from netwatch._fast.proto.common.xdr cimport opaque, put32

cdef enum:                     # fact keys, as in text.py
    RPC_PROGRAM = 1            # program, version: 8 bytes
    # RPC_PROCEDURE and RPC_FILE: nfsnames.pxd
    RPC_AUTH = 3               # flavor, 4 bytes
    RPC_MACHINE = 4
    RPC_UID = 5                # uid and gid, 8 bytes
    RPC_PORT = 6               # program, version, transport, port: 4 bytes each
    RPC_ADDRESS = 7            # program, version, then the universal address
    RPC_PATH = 8
    RPC_STATUS = 10            # program, status
    RPC_ERROR = 11             # reply_stat, accept_stat or reject_stat, auth_stat; 3 bytes
    RPC_CALLS = 12
    RPC_LATENCY = 13

cdef enum:
    PORTMAP = 100000
    MOUNT = 100005
    PORTMAP_PORT = 111
    NFS_PORT = 2049
    CALL = 0                   # RFC 5531 section 9
    REPLY = 1
    SYS = 1                    # flavors, RFC 5531 section 8.2
    GSS = 6
    FLAVOR_LAST = 7
    AUTH_MOST = 400
    ACCEPT_LAST = 5
    PROGRAM_LAST = 0x60000000  # beyond it numbers are not assigned (section 13)
    SMALL = 1024               # more than any version or procedure

cdef enum:
    LAST = 0x80                # record marking, section 11: the last fragment
    MARK = 4
    HEAD = 24                  # of the shortest record, a denial, with its mark
    CALL_HEAD = 24             # xid to procedure
    RECORD_MOST = 1 << 24
    SPLIT_LEAST = 256          # of the first of several fragments
    READ_MOST = 1024           # of a record
    WAITING = 16
    FEW = 4
    MAX_PROGRAMS = 8

cdef struct Asked:
    u64 ts                     # 0 free
    u32 xid
    u32 program
    u32 version
    u32 procedure
    u32[3] about               # what a GETPORT or GETADDR asks for: program, version, transport

cdef struct Rpc:
    Framed frame
    bint[2] going_on           # fragments of the side's record are still to come
    u8 next
    u64 calls
    Asked[WAITING] waiting


# --- the form of a message ---

cdef bint auth_fits(Reader* r) noexcept nogil:
    """A flavor and at most 400 bytes (section 8.2)."""
    cdef u32 flavor = take32(r)
    cdef u32 n = take32(r)
    take(r, (n + 3) & ~<u32>3 if n <= AUTH_MOST else 0)
    return (flavor <= FLAVOR_LAST or 390000 <= flavor < 400000) and n <= AUTH_MOST


cdef bint call_begins(const u8* p) noexcept nogil:
    """The first 24 bytes of a call: type, version 2, numbers of a size that such have."""
    return be32(p + 4) == CALL and be32(p + 8) == 2 and 0 < be32(p + 12) < PROGRAM_LAST and \
        be32(p + 16) < SMALL and be32(p + 20) < SMALL


cdef bint reply_begins(const u8* p) noexcept nogil:
    """The first 20 bytes of an answer: accepted with a verifier, or denied."""
    if be32(p + 4) != REPLY or be32(p) == 0:
        return False
    if be32(p + 8) == 0:
        return (be32(p + 12) <= FLAVOR_LAST or 390000 <= be32(p + 12) < 400000) and be32(p + 16) <= AUTH_MOST
    return be32(p + 8) == 1 and be32(p + 12) <= 1 and be32(p + 16) <= 32


cdef int whole(const u8* p, u32 n, bint cut) noexcept nogil:
    """1 a call, 2 an answer, 0 neither; of a message that is `cut` only what is there must fit."""
    cdef Reader r
    if n >= CALL_HEAD and call_begins(p):
        r = reader(p + CALL_HEAD, n - CALL_HEAD)
        return 1 if auth_fits(&r) and auth_fits(&r) and (cut or not r.bad) else 0
    if n >= 20 and reply_begins(p):
        if be32(p + 8):
            return 2 if cut or n == (24 if be32(p + 12) == 0 else 20) else 0
        r = reader(p + 12, n - 12)
        auth_fits(&r)
        if take32(&r) > ACCEPT_LAST or r.bad and not cut:
            return 0
        return 2
    return 0


cdef int sure(Look* look, Slice d, bint nfs) noexcept nogil:
    """How sure it is RPC, and of the program that `nfs` says."""
    cdef u32 at = 0 if look.datagram else MARK, size = d.n
    cdef int kind
    if not look.datagram:
        if d.p[0] & 0x7f:
            return 0
        size = be32(d.p) & 0x7fffffff if d.n >= MARK else HEAD
        if size < HEAD - MARK or d.p[0] == 0 and size < SPLIT_LEAST:
            return 0
        if d.n < MARK + CALL_HEAD and not (d.n >= HEAD and reply_begins(d.p + MARK)):
            return DETECT_MORE if may_be(d) else 0
    elif d.n & 3:
        return 0
    kind = whole(d.p + at, min(size, d.n - at), size > d.n - at)
    if kind == 1:
        return 95 if nfs == (be32(d.p + at + 12) == NFS) else 0
    if kind == 2 and nfs == port_is(look, NFS_PORT):
        return 80 if nfs or port_is(look, PORTMAP_PORT) else 66
    return 0


cdef bint may_be(Slice d) noexcept nogil:
    """Can these few bytes be the first of a record?"""
    if d.n > 8 and (d.p[8] or d.n > 9 and d.p[9] or d.n > 10 and d.p[10] or d.n > 11 and d.p[11] > 1):
        return False
    return d.n <= 12 or d.p[12] == 0


cdef int rpc_detect(Look* look, Slice d) noexcept nogil:
    return sure(look, d, False)


cdef int nfs_detect(Look* look, Slice d) noexcept nogil:
    return sure(look, d, True)


cdef int rpc_agrees(Look* look, Slice d) noexcept nogil:
    """An answer says no program: to whatever port, it answers what was called (RFC 5531 section 9)."""
    cdef int sure_of = sure(look, d, False)
    return sure_of if sure_of else sure(look, d, True)


# --- facts ---

cdef void keep_program(Look* look, const Asked* a) noexcept nogil:
    cdef u8[8] fact
    put32(fact, a.program)
    put32(fact + 4, a.version)
    fact_distinct(look, RPC_PROGRAM, fact, 8, MAX_PROGRAMS)


cdef void keep_two(Look* look, u8 key, u32 a, u32 b, u32 most) noexcept nogil:
    cdef u8[8] fact
    put32(fact, a)
    put32(fact + 4, b)
    fact_distinct(look, key, fact, 8, most)


# --- a call ---

cdef void credential(Look* look, Reader* r) noexcept nogil:
    """AUTH_SYS says machine, uid and gid (section A)."""
    cdef u32 flavor = take32(r)
    cdef Slice body = opaque(r)
    cdef Reader b = reader(body.p, body.n)
    cdef Slice machine
    cdef u8[4] fact
    cdef u32 uid, gid
    put32(fact, flavor)
    fact_distinct(look, RPC_AUTH, fact, 4, FEW)
    if flavor != SYS or r.bad:
        return
    take32(&b)
    machine = opaque(&b)
    uid = take32(&b)
    gid = take32(&b)
    if not b.bad:
        keep_text(look, RPC_MACHINE, machine, FEW)
        keep_two(look, RPC_UID, uid, gid, FEW)


cdef void arguments(Look* look, Asked* a, Reader* r) noexcept nogil:
    cdef Slice path
    cdef int i
    if a.program == NFS:
        nfs_names(look, a.version, a.procedure, r)
    elif a.program == PORTMAP and a.procedure == 3:
        for i in range(3 if a.version == 2 else 2):
            a.about[i] = take32(r)
    elif a.program == MOUNT and (a.procedure == 1 or a.procedure == 3):
        path = opaque(r)
        if not r.bad:
            keep_text(look, RPC_PATH, path, MAX_NAMES)


cdef Asked* waiting(Rpc* rpc, u32 xid) noexcept nogil:
    """The call of that number whose answer was not seen, or NULL."""
    cdef int i
    for i in range(WAITING):
        if rpc.waiting[i].ts and rpc.waiting[i].xid == xid:
            return &rpc.waiting[i]
    return NULL


cdef void take_call(Look* look, Rpc* rpc, const u8* p, u32 n) noexcept nogil:
    """A repeated one keeps its first time, the oldest makes room."""
    cdef Reader r = reader(p + CALL_HEAD, n - CALL_HEAD)
    cdef Asked* a = waiting(rpc, be32(p))
    rpc.frame.sure = True
    set_initiator(look, True)
    if a == NULL:
        a = &rpc.waiting[rpc.next]
        rpc.next = <u8>((rpc.next + 1) % WAITING)
        memset(a, 0, sizeof(Asked))
        a.ts = look.ts if look.ts else 1
        a.xid = be32(p)
    a.program = be32(p + 12)
    a.version = be32(p + 16)
    a.procedure = be32(p + 20)
    keep_program(look, a)
    keep_procedure(look, a.program, a.version, a.procedure)
    rpc.calls += 1
    fact_number(look, RPC_CALLS, rpc.calls)
    credential(look, &r)
    take32(&r)
    opaque(&r)
    if not r.bad:
        arguments(look, a, &r)


# --- an answer ---

cdef void results(Look* look, const Asked* a, Reader* r) noexcept nogil:
    """A port, an address, or a status that is not success."""
    cdef u8[16] fact
    cdef u8[72] where
    cdef u32 value, i
    cdef Slice text
    if a.program == PORTMAP and a.procedure == 3:
        if a.version == 2:
            value = take32(r)
            for i in range(3):
                put32(fact + 4 * i, a.about[i])
            put32(fact + 12, value)
            if not r.bad and value:
                fact_distinct(look, RPC_PORT, fact, 16, MAX_NAMES)
            return
        text = opaque(r)
        if not r.bad and 0 < text.n <= 64:
            put32(where, a.about[0])
            put32(where + 4, a.about[1])
            for i in range(text.n):
                where[8 + i] = text.p[i]
            fact_distinct(look, RPC_ADDRESS, where, 8 + text.n, MAX_NAMES)
    elif a.program == NFS and a.procedure or a.program == MOUNT and a.procedure == 1:
        value = take32(r)
        if not r.bad and value:
            keep_two(look, RPC_STATUS, a.program, value, MAX_NAMES)


cdef void take_reply(Look* look, Rpc* rpc, const u8* p, u32 n) noexcept nogil:
    """Read where its call was seen, else only who answers is learnt."""
    cdef Reader r = reader(p + 12, n - 12)
    cdef Asked* a = waiting(rpc, be32(p))
    cdef u8[3] fact
    cdef u32 stat
    set_initiator(look, False)
    if a == NULL:
        return
    if look.ts >= a.ts:
        fact_number(look, RPC_LATENCY, look.ts - a.ts if look.ts > a.ts else 1)
    fact[0] = <u8>be32(p + 8)
    if be32(p + 8):
        fact[1] = <u8>take32(&r)
        fact[2] = <u8>(take32(&r) & 0xff) if fact[1] == 1 else 0
        fact_distinct(look, RPC_ERROR, fact, 3, FEW)
    else:
        take32(&r)
        opaque(&r)
        stat = take32(&r)
        if stat and not r.bad:
            fact[1] = <u8>stat
            fact[2] = 0
            fact_distinct(look, RPC_ERROR, fact, 3, FEW)
        elif not r.bad:
            results(look, a, &r)
    a.ts = 0


# --- streams and datagrams ---

cdef i64 size_of(Look* look, const u8* p, u32* want) noexcept nogil:
    """A fragment: the first of a record begins with a message, another is passed over."""
    cdef Rpc* rpc = <Rpc*>look.state[0]
    cdef u32 size = be32(p) & 0x7fffffff
    if rpc.going_on[look.side] and not rpc.frame.seeking[look.side]:
        want[0] = MARK
        return MARK + <i64>size if size < RECORD_MOST else 0
    if size < HEAD - MARK or size >= RECORD_MOST or not (call_begins_at(p) or reply_begins(p + MARK)):
        return 0
    want[0] = READ_MOST
    return MARK + <i64>size


cdef bint call_begins_at(const u8* p) noexcept nogil:
    """Behind the mark; the procedure is not among the bytes that every record has."""
    return be32(p + 8) == CALL and be32(p + 12) == 2 and 0 < be32(p + 16) < PROGRAM_LAST and be32(p + 20) < SMALL


cdef int take_record(Look* look, Slice m, u64 size) noexcept nogil:
    cdef Rpc* rpc = <Rpc*>look.state[0]
    cdef int kind
    rpc.going_on[look.side] = m.p[0] & LAST == 0
    if m.n == MARK:
        return PARSE_OK
    kind = whole(m.p + MARK, m.n - MARK, m.n < size or rpc.going_on[look.side])
    if kind == 1:
        take_call(look, rpc, m.p + MARK, m.n - MARK)
    elif kind == 2:
        take_reply(look, rpc, m.p + MARK, m.n - MARK)
    elif rpc.frame.sure:
        look.dpi.malformed[look.proto] += 1
    else:
        return PARSE_NOT_MINE
    return PARSE_OK


cdef int read_datagram(Look* look, Rpc* rpc, Slice d) noexcept nogil:
    cdef int kind = whole(d.p, d.n, False)
    look.used = d.n
    if kind == 1:
        take_call(look, rpc, d.p, d.n)
    elif kind == 2:
        take_reply(look, rpc, d.p, d.n)
    else:
        return misfit(look)
    return PARSE_OK


cdef int rpc_parse(Look* look, Slice data) noexcept nogil:
    cdef Rpc* rpc = <Rpc*>framed(look, sizeof(Rpc))
    if rpc == NULL:
        return PARSE_DONE
    if look.datagram:
        return read_datagram(look, rpc, data)
    return each_message(look, data, HEAD, size_of, take_record)


cdef void rpc_define(Proto* p) noexcept nogil:
    reads(p, "rpc", ON_TCP | ON_UDP, rpc_detect, rpc_parse)
    p.ports[0] = PORTMAP_PORT
    p.ports[1] = NFS_PORT      # which its other programs share
    memset(p.first, 1, sizeof(p.first))     # of a datagram any, it is a number; of a record the mark's
    p.agrees = rpc_agrees
    p.lost = seek_again
    p.free = free


cdef void nfs_define(Proto* p) noexcept nogil:
    rpc_define(p)
    p.name = "nfs"
    p.ports[0] = 0
    p.detect = nfs_detect
