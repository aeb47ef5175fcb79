"""TLS and SSL 3.0 records over TCP (RFC 8446 section 5, RFC 5246 section 6): what is said in the clear.

Reads both hellos over any segmentation, both leaf certificates of TLS 1.2 and older, and clear alerts. Nothing is
decrypted. Once the handshake has gone dark the flow costs nothing more. Of an SSL 2.0 form ClientHello (RFC 5246
appendix E.2) the version is read, and what answers it.
"""
from libc.stdlib cimport free
from libc.string cimport memcpy, memset

from netwatch._fast.base.bytes cimport u8, u16, u32, u64, Slice, be16, be24, slice_of
from netwatch._fast.base.growing cimport grown
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, EV_SEALED, ON_TCP, PARSE_DONE, PARSE_MALFORMED,
                                           PARSE_MORE, PARSE_NOT_MINE, PARSE_OK, fact_once, fact_set, set_initiator,
                                           wants, TRAIT_OPAQUE, reads, has_state)
from netwatch._fast.proto.tor cimport tor_certificate
from netwatch._fast.proto.tls.detect cimport (CERT_HEAD, HELLO_SURE, HS_CERTIFICATE, HS_CLIENT_HELLO, HS_SERVER_HELLO,
                                              MAX_HELLO, MAX_RECORD, MESSAGE_HEAD, REC_ALERT, REC_CCS, REC_DATA,
                                              REC_HANDSHAKE, REC_HEARTBEAT, RECORD_HEAD, SURE_MESSAGES, detect_record,
                                              detect_ssl2, tls_detect)
from netwatch._fast.proto.tls.hello cimport (Hello, HELLO_BAD, HELLO_OK, HELLO_RETRY, TLS_ALERT, TLS_CERT,
                                             TLS_CLIENT_CERT, TLS_CLIENT_VERSION, TLS_RESUMED, client_hello,
                                             retried_unseen, server_hello)
from netwatch._fast.proto.common.lines cimport from_client
from netwatch._fast.proto.tls.tap cimport Tap, tap_end, tap_give, tap_take

cdef enum:
    MAX_LEAF = 6144            # DER kept of a leaf certificate; a longer one is not kept at all
    DATA_WITHOUT_HELLO = 4     # application records after which a flow joined in its middle is left alone
    DATA_WITH_ONE_HELLO = 64   # ... and one of which a single side is seen; early data needs room

cdef struct Half:              # one direction
    u8* buf                    # the handshake message being put together, header first
    u32 len
    u32 cap
    u32 keep                   # bytes of its body that are wanted
    u32 pass_by                # bytes of the current message that are not wanted
    bint dark                  # after ChangeCipherSpec nothing of the side can be read
    bint lost                  # bytes are missing: record boundaries are not known, until they are found again

cdef struct Tls:
    Half half[2]
    Hello hello
    bint begun                 # a record was seen
    bint ssl2                  # a ClientHello in the form of SSL 2.0 was
    bint client                # a ClientHello was read
    bint server                # a ServerHello was read, not a retry
    u8 server_side             # which side sent it
    u16 data                   # application records seen
    Tap tap


# --- handshake messages ---

cdef bint of_client(const Look* look, const Tls* tls) noexcept nogil:
    """Does the client speak? Of a flow joined behind the hellos as far as the flow knows."""
    return look.side != tls.server_side if tls.server else from_client(look)


cdef void read_certificate(Look* look, Tls* tls, const u8* p, u32 n) noexcept nogil:
    """The leaf of a Certificate message (RFC 5246 section 7.4.2, 7.4.6), kept when whole and not too long."""
    cdef u32 leaf
    cdef u8 no = 0
    cdef bint client = of_client(look, tls)
    if n < CERT_HEAD:
        return
    leaf = be24(p + 3)
    if leaf and leaf <= MAX_LEAF and leaf + CERT_HEAD <= n:
        fact_once(look, TLS_CLIENT_CERT if client else TLS_CERT, p + CERT_HEAD, leaf)
        if not client:
            tor_certificate(look, slice_of(p + CERT_HEAD, leaf))
    fact_set(look, TLS_RESUMED, &no, 1)       # a full handshake after all


cdef void read_message(Look* look, Tls* tls, u8 kind, const u8* p, u32 n) noexcept nogil:
    """One handshake message, or the wanted start of a long one. A broken hello is counted; the rest may be sound."""
    cdef int got = HELLO_OK
    if kind == HS_CLIENT_HELLO:
        set_initiator(look, True)
        if tls.client and look.row.packets[look.side] and look.row.packets[1 - look.side] == 0:
            retried_unseen(look, &tls.hello)    # only the client's side is seen, and it says hello again
        got = client_hello(look, &tls.hello, slice_of(p, n), False)
        tls.client = True
    elif kind == HS_SERVER_HELLO:
        set_initiator(look, False)
        got = server_hello(look, &tls.hello, slice_of(p, n))
        if got != HELLO_RETRY:
            tls.server = True
            tls.server_side = <u8>look.side
    elif kind == HS_CERTIFICATE:
        read_certificate(look, tls, p, n)
    if got == HELLO_BAD:
        look.dpi.malformed[look.proto] += 1


cdef u32 wanted(Look* look, Tls* tls, u8 kind, u32 size) noexcept nogil:
    """How many bytes of a message's body are worth keeping."""
    if kind == HS_CLIENT_HELLO or kind == HS_SERVER_HELLO:
        return size
    if kind == HS_CERTIFICATE and tls.hello.version < 0x0304:
        return size if size < CERT_HEAD + MAX_LEAF else CERT_HEAD + MAX_LEAF
    return 0


cdef bint gather(Half* half, const u8* p, u32 n) noexcept nogil:
    """Append to the message being put together; False without memory."""
    if not grown(&half.buf, &half.cap, <u64>half.len + n, 512):
        return False
    memcpy(half.buf + half.len, p, n)
    half.len += n
    return True


cdef u32 read_whole(Look* look, Tls* tls, const u8* p, u32 n) noexcept nogil:
    """Read a message where it stands: its bytes that are done with, 0 when not all that is wanted of it is there."""
    cdef u32 size = be24(p + 1)
    cdef u32 keep = wanted(look, tls, p[0], size)
    if keep > MAX_HELLO or keep > n - MESSAGE_HEAD:
        return 0
    read_message(look, tls, p[0], p + MESSAGE_HEAD, keep)
    tls.half[look.side].pass_by = size - keep
    return MESSAGE_HEAD + keep


cdef int read_fragment(Look* look, Tls* tls, const u8* p, u32 n) noexcept nogil:
    """The bytes of one handshake record: the end of a message, whole messages, the start of one."""
    cdef Half* half = &tls.half[look.side]
    cdef u32 step
    while n:
        if half.pass_by:
            step = n if n < half.pass_by else half.pass_by
            half.pass_by -= step
            p += step
            n -= step
            continue
        step = read_whole(look, tls, p, n) if half.len == 0 and n >= MESSAGE_HEAD else 0
        if step:
            p += step
            n -= step
            continue
        if half.len < MESSAGE_HEAD:
            step = MESSAGE_HEAD - half.len if MESSAGE_HEAD - half.len < n else n
            if not gather(half, p, step):
                return PARSE_DONE
            p += step
            n -= step
            if half.len < MESSAGE_HEAD:
                break
            half.keep = wanted(look, tls, half.buf[0], be24(half.buf + 1))
            if half.keep > MAX_HELLO:
                return PARSE_MALFORMED
        step = MESSAGE_HEAD + half.keep - half.len
        if step > n:
            step = n
        if step and not gather(half, p, step):
            return PARSE_DONE
        p += step
        n -= step
        if half.len == MESSAGE_HEAD + half.keep:
            read_message(look, tls, half.buf[0], half.buf + MESSAGE_HEAD, half.keep)
            half.pass_by = be24(half.buf + 1) - half.keep
            half.len = 0
    return PARSE_OK


# --- records ---

cdef int read_data(Tls* tls) noexcept nogil:
    """An application record: the handshake has gone dark."""
    tls.data += 1
    if tls.client and tls.server:
        return PARSE_DONE
    if tls.data >= (DATA_WITH_ONE_HELLO if tls.client or tls.server else DATA_WITHOUT_HELLO):
        return PARSE_DONE
    return PARSE_OK


cdef int read_ccs(Tls* tls, int side) noexcept nogil:
    """ChangeCipherSpec ends clear text up to TLS 1.2; in 1.3 it is a disguise and changes nothing."""
    if tls.hello.version >= 0x0304 or not tls.server:
        return PARSE_OK
    tls.half[side].dark = True
    return PARSE_DONE if tls.half[0].dark and tls.half[1].dark else PARSE_OK


cdef int read_record(Look* look, Tls* tls, u8 kind, const u8* p, u32 n) noexcept nogil:
    """One whole record in the clear."""
    if kind == REC_HANDSHAKE:
        return read_fragment(look, tls, p, n)
    if kind == REC_CCS:
        return read_ccs(tls, look.side)
    if kind == REC_ALERT and n == 2 and (p[0] == 1 or p[0] == 2):
        fact_set(look, TLS_ALERT, p, 2)
    return PARSE_OK


cdef int parse_ssl2(Look* look, Tls* tls, Slice data) noexcept nogil:
    """Nothing but the version offered is kept of an SSL 2.0 form hello; where it is of SSL 3.0 or newer, records of
    that follow on both sides."""
    cdef int sure = detect_ssl2(data.p, data.n)
    cdef u32 size
    if sure == DETECT_MORE:
        look.need = data.n + 1
        return PARSE_MORE
    if sure == 0:
        return PARSE_NOT_MINE
    size = 2 + (be16(data.p) & 0x7fff)
    if data.n < size:
        look.need = size
        return PARSE_MORE
    fact_once(look, TLS_CLIENT_VERSION, data.p + 3, 2)
    set_initiator(look, True)
    tls.begun = tls.client = tls.ssl2 = True
    look.used = size
    return PARSE_OK if data.p[3] == 3 else PARSE_DONE


cdef Tls* state_of(Look* look) noexcept nogil:
    return <Tls*>look.state[0] if has_state(look, sizeof(Tls)) else NULL


cdef int tls_parse(Look* look, Slice data) noexcept nogil:
    cdef Tls* tls = state_of(look)
    if tls == NULL:
        return PARSE_DONE
    if wants(look, EV_SEALED) and not look.inner and (tls.begun or (data.n and data.p[0] == REC_HANDSHAKE)):
        return parse_tapped(look, tls, data)
    return parse_records(look, tls, data)


cdef Slice rejoined(Look* look, Tls* tls, Slice records) noexcept nogil:
    """What of these whole records can be read, behind bytes that are missing: from the first on that holds messages of
    a handshake, whose lengths agree. Nothing is in clear behind ChangeCipherSpec or data."""
    cdef Half* half = &tls.half[look.side]
    cdef u32 at = 0
    while at < records.n and not half.dark:
        if records.p[at] == REC_HANDSHAKE and detect_record(records.p + at, records.n - at) >= SURE_MESSAGES:
            half.lost = False
            half.len = half.keep = half.pass_by = 0
            return slice_of(records.p + at, records.n - at)
        half.dark = records.p[at] == REC_CCS or records.p[at] == REC_DATA
        at += RECORD_HEAD + be16(records.p + at + 3)
    return slice_of(records.p, 0)


cdef int parse_astray(Look* look, Tls* tls, Slice data) noexcept nogil:
    """Look for where records begin again, while there may be some in clear; where none follows, again behind that."""
    cdef Half* half = &tls.half[look.side]
    cdef Slice records, known
    cdef u64 need = 0
    cdef u32 used = 0, step
    cdef int code
    while used < data.n and need == 0 and not half.dark:
        need = tap_take(look, &tls.tap, slice_of(data.p + used, data.n - used), &records)
        known = rejoined(look, tls, records)
        code = parse_records(look, tls, known) if known.n else PARSE_OK
        if code != PARSE_OK and code != PARSE_MORE:
            return code
        step = <u32>(records.p - data.p) - used + records.n
        used += step
        need = need - step if need else 0
        if need == 0:
            half.lost = True
            tls.tap.seeking[look.side] = True
    look.used = data.n if half.dark else used
    look.skip = <u64>1 << 62 if half.dark else 0
    look.need = 0 if half.dark else <u32>need
    return PARSE_OK


cdef int parse_tapped(Look* look, Tls* tls, Slice data) noexcept nogil:
    """Whole records, read here as far as they are clear, and handed on to who may have the keys."""
    cdef Slice records, known
    cdef u64 need = tap_take(look, &tls.tap, data, &records)
    cdef int code = PARSE_OK
    if not tls.tap.over and (records.n or need == 0):
        if not tls.half[look.side].lost:
            code = parse_records(look, tls, records if records.n else data)
        else:
            known = rejoined(look, tls, records)
            code = parse_records(look, tls, known) if known.n else PARSE_OK
        if code == PARSE_NOT_MINE or code == PARSE_MALFORMED:
            return code
        tls.tap.over = code == PARSE_DONE
    if tls.tap.over and not tls.client:
        return PARSE_DONE                         # no keys can be found without the client's random
    tap_give(look, &tls.tap, data, records)
    look.skip = 0
    look.need = <u32>need - look.used if need else 0
    return PARSE_OK if need or records.n else PARSE_DONE


cdef int parse_records(Look* look, Tls* tls, Slice data) noexcept nogil:
    cdef u32 at = 0, size
    cdef const u8* p
    cdef int code
    if tls.half[look.side].lost:
        return parse_astray(look, tls, data)
    if data.n and data.p[0] & 0x80 and not tls.begun:
        code = parse_ssl2(look, tls, data)
        if code != PARSE_OK:
            return code
        at = look.used
    while True:
        look.used = at
        if data.n == at:
            return PARSE_OK
        if data.p[at] & 0x80 and tls.ssl2 and not tls.server:
            return PARSE_DONE                     # an answer in SSL 2.0
        if data.n - at < RECORD_HEAD:
            look.need = RECORD_HEAD
            return PARSE_MORE
        p = data.p + at
        size = be16(p + 3)
        if p[0] < REC_CCS or p[0] > REC_HEARTBEAT or p[1] != 3 or size > MAX_RECORD or \
                (p[2] > 4 and p[0] != REC_HANDSHAKE and not tls.begun):
            return PARSE_MALFORMED if tls.client or tls.server else PARSE_NOT_MINE
        tls.begun = True
        if p[0] == REC_DATA or tls.half[look.side].dark:
            code = read_data(tls) if p[0] == REC_DATA else PARSE_OK
        elif data.n - at < RECORD_HEAD + size:
            look.need = RECORD_HEAD + size
            return PARSE_MORE
        else:
            code = read_record(look, tls, p[0], p + RECORD_HEAD, size)
        if code != PARSE_OK:
            return code
        if data.n - at < RECORD_HEAD + size:
            look.used = data.n
            look.skip = RECORD_HEAD + size - (data.n - at)
            return PARSE_OK
        at += RECORD_HEAD + size


cdef int tls_lost(Look* look, u64 n) noexcept nogil:
    """After a hole the record boundaries are gone, until they are found again; the other side may still be worth
    reading."""
    cdef Tls* tls = state_of(look)
    if tls == NULL:
        return PARSE_DONE
    tls.half[look.side].lost = True
    tls.tap.seeking[look.side] = True
    if wants(look, EV_SEALED) and tls.client and not look.inner:
        return PARSE_OK
    if tls.half[0].lost and tls.half[1].lost and tls.half[0].dark and tls.half[1].dark:
        return PARSE_DONE
    return PARSE_OK


cdef void tls_closing(Look* look) noexcept nogil:
    if wants(look, EV_SEALED) and not look.inner:
        tap_end(look)


cdef void tls_free(void* state) noexcept nogil:
    cdef Tls* tls = <Tls*>state
    free(tls.half[0].buf)
    free(tls.half[1].buf)
    free(tls)


cdef void tls_define(Proto* p) noexcept nogil:
    reads(p, "tls", ON_TCP, tls_detect, tls_parse)
    p.traits = TRAIT_OPAQUE
    p.timeout = 600
    p.late = HELLO_SURE
    memset(p.first + REC_CCS, 1, REC_DATA - REC_CCS + 1)
    memset(p.first + 0x80, 1, 0x80)
    p.lost = tls_lost
    p.closing = tls_closing
    p.free = tls_free
