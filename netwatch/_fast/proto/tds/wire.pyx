"""TDS, the protocol of Microsoft SQL Server (MS-TDS) and, of its login alone, of Sybase: who asks which database what.

A packet's header has a type, a length and fields that are always zero; what begins it must have the form of its type.
The TLS handshake of a login goes in pre-login packets and is read; where only the login is encrypted the statements
after it are in clear again. Statements are those sent as text and those handed to sp_executesql and its like.
"""
from libc.stdlib cimport free

from netwatch._fast.base.bytes cimport u8, u32, u64, i64, Slice, be16, be32, le16, le32, slice_of
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_NOT_MINE, PARSE_OK,
                                           TRAIT_CARRIES_TLS, fact_number, fact_once, set_initiator, reads)
from netwatch._fast.proto.common.framed cimport Framed, each_message, framed, seek_again
from netwatch._fast.proto.common.gss cimport gss_learn
from netwatch._fast.proto.common.learn cimport TEXT_MOST, fact_distinct
from netwatch._fast.proto.common.lines cimport port_is, smaller
from netwatch._fast.proto.common.sql cimport MAX_QUERIES, keep_query
from netwatch._fast.proto.tds.login cimport (FEW, OLD_LEAST, TDS_DATABASE, keep_version, login_fits, old_login_fits,
                                             options_fit, take_login, take_old_login, take_prelogin)
from netwatch._fast.proto.tls.inside cimport InnerTls, inner_free, inner_put
from netwatch._fast.proto.common.utf16 cimport keep_wide, part, utf8_of

cdef enum:                     # further fact keys, see login.pxd
    TDS_PRODUCT = 33           # of the LOGINACK
    TDS_QUERY = 34
    TDS_PROCEDURE = 35
    TDS_PROCEDURE_ID = 36
    TDS_ERROR = 37             # number (big-endian), then the text
    TDS_LOGIN = 38             # 1 accepted, 0 refused
    TDS_LATENCY = 39

cdef enum:                     # packet types, section 2.2.3.1.1
    BATCH = 1
    OLD_LOGIN = 2
    CALL = 3
    RESULT = 4
    ATTENTION = 6
    BULK = 7
    FEDERATED = 8
    TRANSACTION = 14
    LOGIN = 16
    SSPI = 17
    PRELOGIN = 18
    SMP = 0x53                 # MC-SMP section 2.2.1: a session of several in the connection
    SMP_HEAD = 16
    TLS_FIRST = 20             # records of TLS where only the login is encrypted
    TLS_LAST = 23

cdef enum:
    PORT = 1433
    HEAD = 8
    PACKET_MOST = 32768
    LAST = 1                   # status bits, section 2.2.3.1.2
    STATUS = 0x1b
    READ_MOST = 4096           # of a packet
    ENCRYPT_ON = 1             # section 2.2.6.5
    ENCRYPT_REQUIRED = 3
    TOKENS = 32                # of an answer that are read
    PARAMETERS = 4
    MAX_ERRORS = 8
    LOGIN_FAILED = 18456       # numbers of errors
    LOGIN_UNTRUSTED = 18452
    DETECT_LEAST = 64          # bytes by which a message is judged (seam.pxd)

cdef struct Tds:
    Framed frame
    InnerTls tls
    u64 asked                  # when the last request was whole, 0: it is answered
    u8 encryption
    bint[2] going_on           # the side's message has further packets
    bint wrapped               # the TLS handshake has begun
    bint dated                 # requests begin with headers: TDS 7.2 and later


# --- the form of packets ---

cdef bint known(u8 kind) noexcept nogil:
    return 1 <= kind <= 4 or ATTENTION <= kind <= FEDERATED or kind == TRANSACTION or LOGIN <= kind <= PRELOGIN


cdef u32 packet_size(const u8* p) noexcept nogil:
    """Of a packet of TDS, 0 where its header is none."""
    cdef u32 size = be16(p + 2)
    if not known(p[0]) or p[1] & ~STATUS or p[7] or size < HEAD or size > PACKET_MOST:
        return 0
    if p[0] != RESULT and p[0] != PRELOGIN and p[4] | p[5] and p[6] == 0:
        return 0
    return size if size > HEAD or p[0] == ATTENTION or p[1] & LAST else 0


cdef bint session_fits(u8 flags, u32 size) noexcept nogil:
    """A header of SMP: one flag, a length with itself."""
    return flags in (1, 2, 4, 8) and SMP_HEAD <= size <= PACKET_MOST + SMP_HEAD


cdef i64 size_of(Look* look, const u8* p, u32* want) noexcept nogil:
    cdef u32 size
    if p[0] == SMP:
        size = le32(p + 4)
        want[0] = READ_MOST
        return size if session_fits(p[1], size) else 0
    if TLS_FIRST <= p[0] <= TLS_LAST:
        want[0] = HEAD
        return 5 + <i64>be16(p + 3) if p[1] == 3 and p[2] <= 4 and be16(p + 3) >= 3 else 0
    want[0] = PACKET_MOST if p[0] == PRELOGIN or p[0] == LOGIN or p[0] == SSPI else READ_MOST
    return packet_size(p)


cdef u32 headers(Slice m) noexcept nogil:
    """Length of the headers before a request's content, which say a transaction; 0 where there are none (2.2.5.3)."""
    cdef u32 size
    if m.n < 22:
        return 0
    size = le32(m.p)
    if 22 <= size <= 512 and 6 <= le32(m.p + 4) <= size - 4 and 1 <= le16(m.p + 8) <= 3:
        return size
    return 0


cdef bint result_fits(Slice m) noexcept nogil:
    """An answer begins with a token, and small ones have their form (section 2.2.7)."""
    cdef u32 size
    if m.n < 5:
        return False
    size = le16(m.p + 1)
    if m.p[0] in (0xaa, 0xab, 0xad, 0xe3, 0xed):
        return size >= 3 and (size + 3 >= m.n or 0x79 <= m.p[size + 3])
    if 0xfd <= m.p[0]:
        return (m.n == 9 or m.n == 13 or m.n > 13 and m.p[13] >= 0x79) and le16(m.p + 1) & 0xfe08 == 0
    if m.p[0] == 0x81:
        return size and size < 4096
    return m.p[0] == 0x79 and m.n >= 18 and 0xfd <= m.p[5]


cdef int form(const u8* p, u32 n, bint home) noexcept nogil:
    """How sure the first packet of a message is TDS by its content; n bytes are there, more than it has or fewer."""
    cdef bint whole = be16(p + 2) == n and p[1] & LAST
    cdef Slice m = slice_of(p + HEAD, smaller(n, be16(p + 2)) - HEAD)
    if p[0] == PRELOGIN or p[0] == RESULT and m.n and m.p[0] == 0:
        if (whole or n < be16(p + 2)) and options_fit(m, be16(p + 2) - HEAD):
            return 97
        return 60 if home and p[0] == PRELOGIN and m.n > 3 and m.p[0] == 0x16 else 0
    if p[0] == LOGIN:
        return 96 if login_fits(m) else 0
    if p[0] == OLD_LOGIN:
        return 90 if be16(p + 2) >= HEAD + OLD_LEAST and old_login_fits(m) else 0
    if p[0] == BATCH or p[0] == CALL or p[0] == TRANSACTION or p[0] == BULK:
        if headers(m):
            return 92 if home else 82
        return 70 if home and whole and p[0] == BATCH and m.n >= 4 and m.p[0] >= 9 and m.p[1] | m.p[3] == 0 else 0
    if p[0] == SSPI:
        return 85 if whole and m.n > 16 and (m.p[0] == c'N' and m.p[6] == c'P' or m.p[0] == 0xa1) else 0
    if p[0] == RESULT:
        return 75 if result_fits(m) and home else 0
    return 70 if home and whole and p[0] == ATTENTION and m.n == 0 else 0


cdef int tds_detect(Look* look, Slice d) noexcept nogil:
    cdef const u8* p = d.p
    cdef u32 size, n = d.n
    cdef bint home = port_is(look, PORT)
    if p[0] == SMP:
        if n < SMP_HEAD + HEAD:
            return DETECT_MORE if home else 0
        if size_of(look, p, &size) <= SMP_HEAD + HEAD:
            return 0
        p += SMP_HEAD
        n -= SMP_HEAD
    if n < HEAD:
        return DETECT_MORE if known(p[0]) and (n < 2 or p[1] & ~STATUS == 0) and (n < 3 or p[2] <= 0x80) else 0
    size = packet_size(p)
    if size == 0:
        return 0
    if n < size and n < DETECT_LEAST:
        return DETECT_MORE
    return form(p, n, home)


# --- what is asked ---

cdef void keep_statement(Look* look, Slice text) noexcept nogil:
    cdef u8[TEXT_MOST] out
    keep_query(look, TDS_QUERY, slice_of(out, utf8_of(text, out, TEXT_MOST)))


cdef void take_call(Look* look, Slice m) noexcept nogil:
    """A procedure by name or number (section 2.2.6.6); of those that take a statement, that."""
    cdef u32 at, size, texts, _i
    cdef u8 number = 0
    if m.n < 4:
        return
    size = le16(m.p)
    at = 2
    if size == 0xffff:
        number = m.p[2]
        fact_distinct(look, TDS_PROCEDURE_ID, &number, 1, MAX_QUERIES)
        at = 4
    else:
        keep_wide(look, TDS_PROCEDURE, part(m, 2, 2 * size), MAX_QUERIES)
        at += 2 * size
    if 1 <= number <= 13 or size == 13:                    # sp_cursor to sp_prepexec; the name sp_executesql
        texts = 2 if number in (3, 5, 11, 13) else 1       # before the statement these have the parameters' types
        at += 2
        for _i in range(PARAMETERS):
            if at + 3 > m.n:
                return
            at += 2 + 2 * <u32>m.p[at]                     # name, status
            at = parameter(look, m, at, &texts)
            if at == 0:
                return


cdef u32 parameter(Look* look, Slice m, u32 at, u32* texts) noexcept nogil:
    """Where the parameter ends whose type stands at `at`; 0 where that is not known, or the statement was met."""
    cdef u32 size, head
    if at + 3 > m.n:
        return 0
    if m.p[at] == 0x26 and m.p[at + 1] <= 8:               # INTN
        return at + 3 + m.p[at + 2]
    if m.p[at] == 0xe7 and le16(m.p + at + 1) != 0xffff:   # NVARCHAR
        head = 10
        size = le16(m.p + at + 8) if at + head <= m.n else 0
        if size == 0xffff:
            size = 0
    elif m.p[at] == 0xe7 or m.p[at] == 0x63:               # NVARCHAR(MAX), whose length is in a chunk of it; NTEXT
        head = 20 if m.p[at] == 0xe7 else 14
        size = le32(m.p + at + head - 4) if at + head <= m.n else 0
    else:
        return 0
    texts[0] -= 1
    if texts[0] == 0 or at + head > m.n or size > m.n - at - head:
        if texts[0] == 0 and at + head <= m.n:
            keep_statement(look, slice_of(m.p + at + head, smaller(size, m.n - at - head)))
        return 0
    return at + head + size + (4 if head == 20 else 0)


# --- answers ---

cdef void take_error(Look* look, Slice body) noexcept nogil:
    """Number, state, class, then the text (section 2.2.7.10)."""
    cdef u8[TEXT_MOST] fact
    cdef u8 refused = 0
    cdef u32 number = le32(body.p), i
    for i in range(4):
        fact[i] = <u8>(number >> (24 - 8 * i) & 0xff)
    i = utf8_of(part(body, 8, 2 * <u32>le16(body.p + 6)), fact + 4, TEXT_MOST - 4)
    fact_distinct(look, TDS_ERROR, fact, 4 + i, MAX_ERRORS)
    if number == LOGIN_FAILED or number == LOGIN_UNTRUSTED:
        fact_once(look, TDS_LOGIN, &refused, 1)


cdef void take_acknowledged(Look* look, Tds* tds, Slice body) noexcept nogil:
    """LOGINACK (section 2.2.7.14)."""
    cdef u8 accepted = 1
    fact_once(look, TDS_LOGIN, &accepted, 1)
    keep_version(look, be32(body.p + 1))
    tds.dated = body.p[1] > 0x71
    keep_wide(look, TDS_PRODUCT, part(body, 6, 2 * <u32>body.p[5]), FEW)


cdef void take_result(Look* look, Tds* tds, Slice m) noexcept nogil:
    """Tokens of an answer up to the first that is not read here, which in most is that of the columns."""
    cdef u32 at = 0, _i
    cdef Slice body
    for _i in range(TOKENS):
        if at + 3 > m.n:
            return
        body = part(m, at + 3, le16(m.p + at + 1))
        if m.p[at] >= 0xfd:
            at += 13 if tds.dated else 9
            continue
        if m.p[at] == 0x79:
            at += 5
            continue
        if body.n == 0:
            return
        if m.p[at] == 0xaa and body.n >= 8:
            take_error(look, body)
        elif m.p[at] == 0xad and body.n >= 6:
            take_acknowledged(look, tds, body)
        elif m.p[at] == 0xe3 and body.n >= 2 and body.p[0] == 1:
            keep_wide(look, TDS_DATABASE, part(body, 2, 2 * <u32>body.p[1]), FEW)
        elif m.p[at] == 0xed:
            gss_learn(look, body)
        elif m.p[at] != 0xab and m.p[at] != 0xe3:
            return
        at += 3 + body.n


# --- the stream ---

cdef void timed(Look* look, Tds* tds, bint answer, bint last) noexcept nogil:
    """From a request's end to the first of its answer; in a connection without sessions one waits for the other."""
    if not answer:
        tds.asked = look.ts if last else 0
    elif tds.asked and look.ts >= tds.asked:
        fact_number(look, TDS_LATENCY, look.ts - tds.asked if look.ts > tds.asked else 1)
        tds.asked = 0


cdef int take_packet(Look* look, Tds* tds, Slice d, bint session) noexcept nogil:
    cdef u8 kind = d.p[0]
    cdef bint first = not tds.going_on[look.side], options
    cdef Slice m = slice_of(d.p + HEAD, d.n - HEAD)
    tds.going_on[look.side] = d.p[1] & LAST == 0
    if kind == PRELOGIN and (tds.wrapped or m.n and TLS_FIRST <= m.p[0] <= TLS_LAST):
        tds.wrapped = True
        inner_put(look, &tds.tls, m)
        return PARSE_OK
    if not first:
        return PARSE_OK
    if not tds.frame.sure:
        if form(d.p, d.n, True) == 0:
            return PARSE_NOT_MINE
        tds.frame.sure = True
    set_initiator(look, kind != RESULT)
    options = (kind == PRELOGIN or kind == RESULT and m.n and m.p[0] == 0) and options_fit(m, m.n)
    if not session:
        timed(look, tds, kind == RESULT, d.p[1] & LAST != 0)
    if options:
        tds.encryption = take_prelogin(look, m, kind == PRELOGIN)
    elif kind == LOGIN and login_fits(m):
        take_login(look, m)
        tds.dated = m.p[7] > 0x71
    elif kind == OLD_LOGIN and m.n >= OLD_LEAST and old_login_fits(m):
        take_old_login(look, m)
        return PARSE_DONE
    elif kind == SSPI:
        gss_learn(look, m)
    elif kind == BATCH:
        keep_statement(look, part(m, headers(m), m.n - headers(m)))
    elif kind == CALL:
        take_call(look, part(m, headers(m), m.n - headers(m)))
    elif kind == RESULT:
        take_result(look, tds, m)
    return PARSE_OK


cdef int take(Look* look, Slice m, u64 size) noexcept nogil:
    cdef Tds* tds = <Tds*>look.state[0]
    if m.p[0] == SMP:
        if m.n < SMP_HEAD + HEAD or packet_size(m.p + SMP_HEAD) == 0:
            return PARSE_OK
        return take_packet(look, tds, slice_of(m.p + SMP_HEAD, m.n - SMP_HEAD), True)
    if m.p[0] == TLS_LAST and (tds.encryption == ENCRYPT_ON or tds.encryption == ENCRYPT_REQUIRED):
        return PARSE_DONE
    if TLS_FIRST <= m.p[0] <= TLS_LAST:
        return PARSE_OK
    return take_packet(look, tds, m, False)


cdef int tds_parse(Look* look, Slice data) noexcept nogil:
    if framed(look, sizeof(Tds)) == NULL:
        return PARSE_DONE
    return each_message(look, data, HEAD, size_of, take)


cdef int tds_lost(Look* look, u64 n) noexcept nogil:
    """What waits for an answer may have been among it."""
    if look.state[0] != NULL:
        (<Tds*>look.state[0]).asked = 0
        (<Tds*>look.state[0]).going_on[look.side] = False
    return seek_again(look, n)


cdef void tds_free(void* state) noexcept nogil:
    inner_free(&(<Tds*>state).tls)
    free(state)


cdef void tds_define(Proto* p) noexcept nogil:
    cdef int kind
    reads(p, "tds", ON_TCP, tds_detect, tds_parse)
    for kind in range(256):
        p.first[kind] = known(<u8>kind) or kind == SMP
    p.traits = TRAIT_CARRIES_TLS
    p.lost = tds_lost
    p.free = tds_free
