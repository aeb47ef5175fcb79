"""Kerberos 5 (RFC 4120) over UDP, and over TCP with a 4-byte length before each message (section 7.2.2).

A message is BER with an APPLICATION tag, version 5, and a type that repeats the tag: all three must agree. Fields are
picked out by a bounded walk of fixed depth.
"""
from libc.stdlib cimport free
from libc.string cimport memcpy, memset

from netwatch._fast.base.bytes cimport u8, u16, u32, i64, Slice, Reader, be32, left, reader, slice_of
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, ON_UDP, PARSE_DONE, PARSE_MALFORMED,
                                           PARSE_MORE, PARSE_NOT_MINE, PARSE_OK, set_initiator, reads, has_state)
from netwatch._fast.proto.common.again cimport begins_again
from netwatch._fast.proto.common.ber cimport (BER_APPLICATION, BER_CONTEXT, BER_INTEGER, BER_SEQUENCE, ber_enter,
                                              ber_next, ber_number, ber_size)
from netwatch._fast.proto.common.learn cimport Waiting, asked, keep_latency, keep_text, keep_u16, keep_u8
from netwatch._fast.proto.common.describing import by_key, first, listed, micros, named, number, one_or_all

cdef enum:
    AS_REQ = 10                # RFC 4120 section 5.10
    AS_REP = 11
    TGS_REQ = 12
    TGS_REP = 13
    AP_REQ = 14
    AP_REP = 15
    KRB_SAFE = 20
    KRB_PRIV = 21
    KRB_CRED = 22
    ERROR = 30
    GENERAL_STRING = 0x1b
    TICKET = 0x61              # APPLICATION 1
    MOST = 65536               # of a message over TCP; tickets with many groups reach tens of kB
    PARTS = 4                  # components of a name
    FEW = 8

cdef struct Kerberos:
    Waiting waiting
    u32 messages


cdef bint known_type(i64 kind) noexcept nogil:
    return AS_REQ <= kind <= AP_REP or KRB_SAFE <= kind <= KRB_CRED or kind == ERROR


cdef void keep_name(Look* look, u8 key, Reader name) noexcept nogil:
    """PrincipalName: name-type, then a sequence of strings (RFC 4120 section 5.2.2)."""
    cdef Reader seq = ber_enter(&name, BER_SEQUENCE), inner, list_, part
    cdef u8 out[255]
    cdef u32 n = 0, size
    cdef int _i
    ber_enter(&seq, BER_CONTEXT)
    inner = ber_enter(&seq, BER_CONTEXT + 1)
    list_ = ber_enter(&inner, BER_SEQUENCE)
    for _i in range(PARTS):
        if left(&list_) == 0 or list_.bad:
            break
        part = ber_enter(&list_, GENERAL_STRING)
        size = <u32>left(&part)
        if part.bad or n + 1 + size > sizeof(out):
            break
        if n:
            out[n] = c'/'
            n += 1
        memcpy(out + n, part.p, size)
        n += size
    keep_text(look, key, slice_of(out, n), FEW)


cdef void keep_realm(Look* look, Reader realm) noexcept nogil:
    cdef Reader s = ber_enter(&realm, GENERAL_STRING)
    if not s.bad:
        keep_text(look, KRB_REALM, slice_of(s.p, <u32>left(&s)), FEW)


cdef void body(Look* look, Reader r) noexcept nogil:
    """KDC-REQ-BODY: [1] cname, [2] realm, [3] sname."""
    cdef Reader seq = ber_enter(&r, BER_SEQUENCE), field
    cdef int tag = 0
    while ber_next(&seq, &tag, &field):
        if tag == BER_CONTEXT + 1:
            keep_name(look, KRB_CNAME, field)
        elif tag == BER_CONTEXT + 2:
            keep_realm(look, field)
        elif tag == BER_CONTEXT + 3:
            keep_name(look, KRB_SNAME, field)
            return


cdef void ticket(Look* look, Reader r) noexcept nogil:
    """Ticket: [1] realm, [2] sname, [3] enc-part with [0] etype."""
    cdef Reader app = ber_enter(&r, TICKET), seq, field
    cdef int tag = 0
    cdef i64 etype
    seq = ber_enter(&app, BER_SEQUENCE)
    while ber_next(&seq, &tag, &field):
        if tag == BER_CONTEXT + 1:
            keep_realm(look, field)
        elif tag == BER_CONTEXT + 2:
            keep_name(look, KRB_SNAME, field)
        elif tag == BER_CONTEXT + 3:
            field = ber_enter(&field, BER_SEQUENCE)
            field = ber_enter(&field, BER_CONTEXT)
            etype = ber_number(&field, BER_INTEGER)
            if not field.bad and 0 < etype < 256:
                keep_u16(look, KRB_ETYPE, <u16>etype, 4)


cdef void field_of(Look* look, i64 kind, int tag, Reader field) noexcept nogil:
    """One context-tagged field of a message, by message type (RFC 4120 sections 5.4, 5.5, 5.9)."""
    cdef i64 code
    if kind == AS_REQ or kind == TGS_REQ:
        if tag == BER_CONTEXT + 4:
            body(look, field)
    elif kind == AS_REP or kind == TGS_REP:
        if tag == BER_CONTEXT + 3:
            keep_realm(look, field)
        elif tag == BER_CONTEXT + 4:
            keep_name(look, KRB_CNAME, field)
        elif tag == BER_CONTEXT + 5:
            ticket(look, field)
    elif kind == AP_REQ:
        if tag == BER_CONTEXT + 3:
            ticket(look, field)
    elif kind == ERROR:
        if tag == BER_CONTEXT + 6:
            code = ber_number(&field, BER_INTEGER)
            if not field.bad and 0 <= code <= 255:
                keep_u8(look, KRB_ERROR, <u8>code, FEW)
        elif tag == BER_CONTEXT + 7 or tag == BER_CONTEXT + 9:
            keep_realm(look, field)
        elif tag == BER_CONTEXT + 8:
            keep_name(look, KRB_CNAME, field)
        elif tag == BER_CONTEXT + 10:
            keep_name(look, KRB_SNAME, field)


cdef i64 open_message(const u8* p, u32 n, Reader* seq) noexcept nogil:
    """The message's type, `seq` after it; 0 when these bytes begin none. The message itself may be cut."""
    cdef u32 head = 0, at
    cdef i64 kind, size
    cdef Reader field
    cdef bint request
    if n < 2 or p[0] & 0xe0 != BER_APPLICATION or not known_type(p[0] & 0x1f):
        return 0
    if ber_size(p, n, &head) <= 0:
        return 0
    at = head
    if at >= n or p[at] != BER_SEQUENCE or ber_size(p + at, n - at, &head) <= 0:
        return 0
    size = ber_size(p + at, n - at, &head)
    at += head
    if size - head < <i64>(n - at):
        n = at + <u32>(size - head)
    seq[0] = reader(p + at, n - at)
    request = p[0] & 0x1f == AS_REQ or p[0] & 0x1f == TGS_REQ
    # [0] pvno, [1] msg-type; a KDC request counts from [1]
    field = ber_enter(seq, BER_CONTEXT + (1 if request else 0))
    if ber_number(&field, BER_INTEGER) != 5 or field.bad:
        return 0
    field = ber_enter(seq, BER_CONTEXT + (2 if request else 1))
    kind = ber_number(&field, BER_INTEGER)
    return kind if not field.bad and not seq.bad and kind == (p[0] & 0x1f) else 0


cdef int kerberos_detect(Look* look, Slice d) noexcept nogil:
    cdef Reader seq
    cdef u32 size
    if look.datagram:
        return 95 if open_message(d.p, d.n, &seq) else 0
    if d.n < 5:
        return DETECT_MORE if d.p[0] == 0 else 0
    size = be32(d.p)
    if size < 10 or size > MOST or d.p[4] & 0xe0 != BER_APPLICATION or not known_type(d.p[4] & 0x1f):
        return 0
    if d.n < 4 + 19:
        return DETECT_MORE
    return 95 if open_message(d.p + 4, d.n - 4 if d.n - 4 < size else size, &seq) else 0


cdef bint learn(Look* look, Kerberos* k, const u8* p, u32 n) noexcept nogil:
    cdef Reader seq, field
    cdef i64 kind = open_message(p, n, &seq)
    cdef int tag = 0
    if kind == 0:
        return False
    k.messages += 1
    keep_u8(look, KRB_TYPE, <u8>kind, FEW)
    if kind == AS_REQ or kind == TGS_REQ:
        set_initiator(look, True)
        asked(&k.waiting, 0, look.ts)
    elif kind == AS_REP or kind == TGS_REP or kind == ERROR:
        set_initiator(look, False)
        keep_latency(look, KRB_LATENCY, &k.waiting, 0)
    while ber_next(&seq, &tag, &field):
        field_of(look, kind, tag, field)
    return True


cdef int kerberos_parse(Look* look, Slice d) noexcept nogil:
    cdef Kerberos* k
    cdef u32 size
    if not has_state(look, sizeof(Kerberos)):
        return PARSE_DONE
    k = <Kerberos*>look.state[0]
    if look.datagram:
        look.used = d.n
        if not learn(look, k, d.p, d.n):
            if k.messages == 0:
                return PARSE_NOT_MINE
            look.dpi.malformed[look.proto] += 1
        return PARSE_OK
    while look.used < d.n:
        if d.n - look.used < 4:
            look.need = 4
            return PARSE_MORE
        size = be32(d.p + look.used)
        if size > MOST or size < 10:
            return PARSE_MALFORMED if k.messages else PARSE_NOT_MINE
        if d.n - look.used < 4 + size:
            look.need = 4 + size
            return PARSE_MORE
        if not learn(look, k, d.p + look.used + 4, size):
            return PARSE_MALFORMED if k.messages else PARSE_NOT_MINE
        look.used += 4 + size
    return PARSE_OK


cdef int kerberos_resync(Look* look, Slice d) noexcept nogil:
    """Messages have no numbers: what waits may have been answered by what was lost, or not been asked."""
    cdef int answer = begins_again(look, d, kerberos_detect)
    if answer == 1 and look.state[0] != NULL:
        memset(&(<Kerberos*>look.state[0]).waiting, 0, sizeof(Waiting))
    return answer


cdef void kerberos_define(Proto* p) noexcept nogil:
    cdef int kind
    reads(p, "kerberos", ON_TCP | ON_UDP, kerberos_detect, kerberos_parse)
    p.first[0] = 1
    for kind in range(32):
        if known_type(kind):
            p.first[BER_APPLICATION + kind] = 1
    p.ports[0] = 88
    p.resync = kerberos_resync
    p.free = free


# --- what the facts say ---

FACT_FIELDS = {}
TYPES = {10: "AS-REQ", 11: "AS-REP", 12: "TGS-REQ", 13: "TGS-REP", 14: "AP-REQ", 15: "AP-REP", 20: "KRB-SAFE",
         21: "KRB-PRIV", 22: "KRB-CRED", 30: "KRB-ERROR"}
ERRORS = {6: "C_PRINCIPAL_UNKNOWN", 7: "S_PRINCIPAL_UNKNOWN", 12: "POLICY", 14: "ETYPE_NOSUPP", 18: "CLIENT_REVOKED",
          23: "KEY_EXPIRED", 24: "PREAUTH_FAILED", 25: "PREAUTH_REQUIRED", 31: "BAD_INTEGRITY", 32: "TKT_EXPIRED",
          34: "REPEAT", 37: "SKEW", 41: "MODIFIED", 52: "RESPONSE_TOO_BIG", 60: "GENERIC", 68: "WRONG_REALM"}
ETYPES = {1: "des-cbc-crc", 3: "des-cbc-md5", 16: "des3-cbc-sha1", 17: "aes128-cts-hmac-sha1-96",
          18: "aes256-cts-hmac-sha1-96", 19: "aes128-cts-hmac-sha256-128", 20: "aes256-cts-hmac-sha384-192",
          23: "rc4-hmac"}


def describe(facts) -> dict:
    """The `kerberos` object."""
    known = by_key(facts)
    obj = {}
    listed(obj, "messages", known, KRB_TYPE, named(TYPES, "type"))
    one_or_all(obj, "realm", known, KRB_REALM)
    one_or_all(obj, "cname", known, KRB_CNAME)
    one_or_all(obj, "sname", known, KRB_SNAME)
    one_or_all(obj, "error", known, KRB_ERROR, named(ERRORS, "error"))
    one_or_all(obj, "etype", known, KRB_ETYPE, lambda raw: ETYPES.get(number(raw)) or f"etype {number(raw)}")
    micros(obj, "latency_us", known, KRB_LATENCY)
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "Kerberos AS-REQ alice krbtgt/EXAMPLE.COM"."""
    words = ["Kerberos", *obj.get("messages", ())[:1], first(obj.get("cname", "")), first(obj.get("sname", ""))]
    return " ".join(word for word in words if word)
