"""LDAP (RFC 4511) over TCP and its connectionless form (RFC 1798, MS-ADTS section 6.3.3) over UDP.

A message is BER: an id, an operation with an APPLICATION tag, and that operation's first element, all of which must fit
together. Bodies nobody asks for (entries, large values) are skipped unread. After an agreed StartTLS the flow is given
back; after a SASL bind what follows may be wrapped, and then the flow is left alone.
"""
from libc.stdlib cimport free
from libc.string cimport memcmp

from netwatch._fast.base.bytes cimport u8, u32, u64, i64, Slice, Reader, left, reader, slice_of
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, ON_UDP, PARSE_DONE, PARSE_MALFORMED,
                                           PARSE_MORE, PARSE_NOT_MINE, PARSE_OK, fact_number, fact_once, fact_set,
                                           set_initiator, reads, has_state)
from netwatch._fast.proto.common.ber cimport (BER_ENUMERATED, BER_INTEGER, BER_OCTETS, BER_SEQUENCE, ber_any, ber_enter,
                                              ber_number, ber_size, ber_slice, ber_tag)
from netwatch._fast.proto.common.again cimport begins_again
from netwatch._fast.proto.common.gss cimport gss_learn
from netwatch._fast.proto.common.sasl cimport login_answered
from netwatch._fast.proto.common.learn cimport Waiting, asked, keep_latency, keep_text, keep_u8

cdef enum:
    BIND = 0x60                # identifiers of protocolOp, RFC 4511 section 4
    BIND_ANSWER = 0x61
    INVALID_CREDENTIALS = 49   # a result code
    UNBIND = 0x42
    SEARCH = 0x63
    ENTRY = 0x64
    SEARCH_DONE = 0x65
    MODIFY = 0x66
    MODIFY_ANSWER = 0x67
    ADD = 0x68
    ADD_ANSWER = 0x69
    DELETE = 0x4a
    DELETE_ANSWER = 0x6b
    RENAME = 0x6c
    RENAME_ANSWER = 0x6d
    COMPARE = 0x6e
    COMPARE_ANSWER = 0x6f
    ABANDON = 0x50
    REFERENCE = 0x73
    EXTENDED = 0x77
    EXTENDED_ANSWER = 0x78
    INTERMEDIATE = 0x79
    AUTH_SIMPLE = 0x80         # RFC 4511 section 4.2
    AUTH_SASL = 0xa3
    NAME_TAG = 0x80            # requestName of an extended request
    HEAD_MOST = 18             # message and id, and the operation's identifier and length
    BODY_MOST = 65536          # a larger message is passed over
    MESSAGE_MOST = 67108864
    FEW = 8
    ENOUGH = 512               # messages read of a connection
    OID_TLS = 22

cdef const char* STARTTLS = b"1.3.6.1.4.1.1466.20037"     # RFC 4511 section 4.14

cdef struct Ldap:
    Waiting waiting
    u64 entries
    i64 tls_id                 # message id of a StartTLS request, -1 none
    u32 messages
    bint sasl

cdef struct Message:
    i64 size                   # whole
    i64 id
    int op
    u32 body                   # offset of the operation's content
    i64 body_n                 # its length


cdef bint known_op(int op) noexcept nogil:
    return BIND <= op <= ADD_ANSWER and op != 0x62 or DELETE_ANSWER <= op <= COMPARE_ANSWER or op == UNBIND or \
        op == DELETE or op == ABANDON or op == REFERENCE or EXTENDED <= op <= INTERMEDIATE


cdef bint is_request(int op) noexcept nogil:
    return op == BIND or op == UNBIND or op == SEARCH or op == MODIFY or op == ADD or op == DELETE or op == RENAME or \
        op == COMPARE or op == ABANDON or op == EXTENDED


cdef int head(const u8* p, u32 n, Message* m) noexcept nogil:
    """1 and what stands before the operation's content, 0 when the bytes do not suffice, -1 when it is not LDAP."""
    cdef u32 h = 0, at
    cdef i64 size
    cdef u32 i
    if p[0] != BER_SEQUENCE:
        return -1
    m.size = ber_size(p, n, &h)
    if m.size <= 0:
        return <int>m.size
    if m.size > MESSAGE_MOST or m.size < h + 5:
        return -1
    at = h
    if n < at + 2:
        return 0 if n < at + 1 or p[at] == BER_INTEGER else -1
    if p[at] != BER_INTEGER or p[at + 1] == 0 or p[at + 1] > 4:
        return -1
    size = p[at + 1]
    if n < at + 2 + size + 1:
        return 0
    m.id = 0
    for i in range(<u32>size):
        m.id = m.id << 8 | p[at + 2 + i]
    at += 2 + <u32>size
    m.op = p[at]
    if not known_op(m.op):
        return -1
    size = ber_size(p + at, n - at, &h)
    if size <= 0:
        return <int>size
    m.body = at + h
    m.body_n = size - h
    return 1 if at + size <= m.size else -1


cdef bint op_begins(const u8* p, const Message* m) noexcept nogil:
    """The first byte of the content is what the operation must begin with (one byte of it is there)."""
    cdef u8 c = p[m.body]
    if m.op == BIND:
        return c == BER_INTEGER
    if m.op == EXTENDED:
        return c == NAME_TAG
    if m.op == REFERENCE:
        return c == BER_OCTETS
    if m.op == INTERMEDIATE:
        return c == 0x80 or c == 0x81
    if m.op == SEARCH or m.op == ENTRY or m.op == MODIFY or m.op == ADD or m.op == RENAME or m.op == COMPARE:
        return c == BER_OCTETS
    return c == BER_ENUMERATED


cdef int ldap_detect(Look* look, Slice d) noexcept nogil:
    cdef Message m
    cdef int sure = head(d.p, d.n, &m)
    if look.datagram and (sure != 1 or m.size > d.n):
        return 0
    if sure == 0:
        return DETECT_MORE if d.n < HEAD_MOST + 8 else 0
    if sure < 0:
        return 0
    if m.op == UNBIND:
        return 70 if m.body_n == 0 else 0
    if m.op == ABANDON or m.op == DELETE:
        return 60 if look.row.pa == 389 or look.row.pb == 389 else 0
    if m.body_n == 0:
        return 0
    if m.body >= d.n:
        return DETECT_MORE
    return 90 if op_begins(d.p, &m) else 0


# --- operations ---

cdef void bind(Look* look, Ldap* ldap, Reader* r) noexcept nogil:
    cdef Reader sasl
    cdef Slice secret
    ber_number(r, BER_INTEGER)
    keep_text(look, LDAP_BIND, ber_slice(r, BER_OCTETS), FEW)
    if r.bad:
        return
    if ber_tag(r) == AUTH_SIMPLE:
        secret = ber_slice(r, AUTH_SIMPLE)
        keep_text(look, LDAP_PASSWORD, secret, 2)
    elif ber_tag(r) == AUTH_SASL:
        sasl = ber_enter(r, AUTH_SASL)
        ldap.sasl = True
        keep_text(look, LDAP_MECHANISM, ber_slice(&sasl, BER_OCTETS), 2)
        gss_learn(look, slice_of(sasl.p, <u32>left(&sasl)))
    else:
        ldap.sasl = True       # Microsoft's Sicily bind, MS-ADTS section 5.1.1.1.3
        gss_learn(look, slice_of(r.p, <u32>left(r)))


cdef void search(Look* look, Reader* r) noexcept nogil:
    """Base object, then after scope, aliases, limits, types and filter the attributes (RFC 4511 section 4.5.1)."""
    cdef Reader wanted
    cdef Slice name
    cdef int _i
    keep_text(look, LDAP_BASE, ber_slice(r, BER_OCTETS), FEW)
    for _i in range(6):
        ber_any(r)
    wanted = ber_enter(r, BER_SEQUENCE)
    for _i in range(FEW):
        if left(&wanted) == 0:
            return
        name = ber_slice(&wanted, BER_OCTETS)
        if wanted.bad:
            return
        keep_text(look, LDAP_ATTRIBUTE, name, FEW)


cdef void result(Look* look, Reader* r, bint of_bind) noexcept nogil:
    """LDAPResult: code, matched DN, diagnostic message (RFC 4511 section 4.1.9)."""
    cdef i64 code = ber_number(r, BER_ENUMERATED)
    cdef u8 one
    if r.bad or not 0 <= code <= 255:
        return
    one = <u8>code
    fact_set(look, LDAP_RESULT, &one, 1)
    if of_bind and (code == 0 or code == INVALID_CREDENTIALS):
        login_answered(look, code == 0)
    ber_any(r)
    keep_text(look, LDAP_MESSAGE, ber_slice(r, BER_OCTETS), 2)


cdef bint starttls_agreed(Look* look, Ldap* ldap, const Message* m, Reader r) noexcept nogil:
    cdef u8 yes = 1
    if m.op != EXTENDED_ANSWER or m.id != ldap.tls_id or ber_number(&r, BER_ENUMERATED) != 0 or r.bad:
        return False
    fact_once(look, LDAP_STARTTLS, &yes, 1)
    return True


cdef void extended(Look* look, Ldap* ldap, const Message* m, Reader* r) noexcept nogil:
    cdef Slice name = ber_slice(r, NAME_TAG)
    if r.bad:
        return
    keep_text(look, LDAP_EXTENDED, name, FEW)
    if name.n == OID_TLS and memcmp(name.p, STARTTLS, OID_TLS) == 0:
        ldap.tls_id = m.id


cdef void learn(Look* look, Ldap* ldap, const Message* m, Reader r) noexcept nogil:
    """The operation's content, whole."""
    cdef Slice dn
    if m.op == BIND:
        bind(look, ldap, &r)
    elif m.op == SEARCH:
        search(look, &r)
    elif m.op == EXTENDED:
        extended(look, ldap, m, &r)
    elif m.op == DELETE:
        keep_text(look, LDAP_DN, slice_of(r.p, <u32>left(&r)), FEW)
    elif m.op == MODIFY or m.op == ADD or m.op == RENAME or m.op == COMPARE:
        dn = ber_slice(&r, BER_OCTETS)
        keep_text(look, LDAP_DN, dn, FEW)
    elif not is_request(m.op) and m.op != ENTRY and m.op != REFERENCE and m.op != INTERMEDIATE:
        if m.op == BIND_ANSWER and ldap.sasl:
            gss_learn(look, slice_of(r.p, <u32>left(&r)))
        result(look, &r, m.op == BIND_ANSWER)


cdef void count(Look* look, Ldap* ldap, const Message* m) noexcept nogil:
    """What the head alone tells: operation, direction, latency, number of entries."""
    ldap.messages += 1
    keep_u8(look, LDAP_OP, <u8>(m.op & 0x1f), 24)
    set_initiator(look, is_request(m.op))
    if m.op == ENTRY:
        ldap.entries += 1
        fact_number(look, LDAP_ENTRIES, ldap.entries)
    if not is_request(m.op):
        keep_latency(look, LDAP_LATENCY, &ldap.waiting, <u64>m.id)
    elif m.op != UNBIND and m.op != ABANDON:
        asked(&ldap.waiting, <u64>m.id, look.ts)


cdef int one(Look* look, Ldap* ldap, const u8* p, u32 n, u64* skip) noexcept nogil:
    """One message: PARSE_OK when used (look.used moved, `skip` what of it has not come), else another code."""
    cdef Message m
    cdef int sure = head(p, n, &m)
    if sure == 0:
        look.need = n + 1
        return PARSE_MORE
    if sure < 0:
        if ldap.sasl:
            return PARSE_DONE
        return PARSE_MALFORMED if ldap.messages else PARSE_NOT_MINE
    if m.op == ENTRY or m.op == REFERENCE or m.size > BODY_MOST:
        count(look, ldap, &m)
        if m.size > n:
            skip[0] = <u64>(m.size - n)
            look.used += n
        else:
            look.used += <u32>m.size
        return PARSE_OK
    if m.size > n:
        look.need = <u32>m.size
        return PARSE_MORE
    count(look, ldap, &m)
    look.used += <u32>m.size
    learn(look, ldap, &m, reader(p + m.body, <size_t>m.body_n))
    if starttls_agreed(look, ldap, &m, reader(p + m.body, <size_t>m.body_n)):
        return PARSE_NOT_MINE
    return PARSE_DONE if m.op == UNBIND or ldap.messages >= ENOUGH else PARSE_OK


cdef int ldap_parse(Look* look, Slice d) noexcept nogil:
    cdef Ldap* ldap
    cdef int code
    cdef u64 skip = 0
    cdef bint new = look.state[0] == NULL
    if not has_state(look, sizeof(Ldap)):
        return PARSE_DONE
    ldap = <Ldap*>look.state[0]
    if new:
        ldap.tls_id = -1
    while look.used < d.n:
        code = one(look, ldap, d.p + look.used, d.n - look.used, &skip)
        if look.datagram and (code == PARSE_MORE or code == PARSE_MALFORMED or skip):
            look.dpi.malformed[look.proto] += 1
            break
        if code != PARSE_OK:
            return code
        look.skip = skip
    if look.datagram:
        look.used = d.n
        look.need = 0
        look.skip = 0
    return PARSE_OK


cdef int ldap_resync(Look* look, Slice d) noexcept nogil:
    return begins_again(look, d, ldap_detect)


cdef void ldap_define(Proto* p) noexcept nogil:
    reads(p, "ldap", ON_TCP | ON_UDP, ldap_detect, ldap_parse)
    p.ports[0] = 389
    p.first[BER_SEQUENCE] = 1
    p.resync = ldap_resync
    p.free = free
