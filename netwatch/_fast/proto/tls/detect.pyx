"""Whether bytes are TLS: a hello however cut into records, or any later place where a flow may have been joined."""
from netwatch._fast.base.bytes cimport u8, u32, Slice, be16, be24
from netwatch._fast.look.protocol cimport DETECT_MORE, Look

cdef enum:
    HEAD_SEEN = 6              # bytes of a message that detection looks at: its head and its version
    NOT_RECORDS = 255
    DRAFTS = 0x7f              # first byte of the versions of TLS 1.3's drafts
    MIN_SEALED = 16            # the shortest MAC or tag in use
    MAX_EMPTY = 32             # empty records in a row that are passed over, as many as OpenSSL takes
    MIN_HELLO = 38             # version, random, session ID length, cipher suite, compression


cdef u32 message_head(const u8* p, u32 n, u8* head) noexcept nogil:
    """Copy the first HEAD_SEEN bytes of a handshake message out of as many records as they lie in (RFC 8446 section
    5.1 lets a record hold one byte of them): how many there are, NOT_RECORDS when others than such records follow."""
    cdef u32 at = 0, have = 0, empty = 0, size, i
    while at < n and have < HEAD_SEEN:
        if p[at] != REC_HANDSHAKE or (n - at > 1 and p[at + 1] != 3):
            return NOT_RECORDS
        if n - at < RECORD_HEAD:
            break
        size = be16(p + at + 3)
        empty = 0 if size else empty + 1
        if size > MAX_RECORD or empty > MAX_EMPTY:
            return NOT_RECORDS
        at += RECORD_HEAD
        for i in range(size):
            if have == HEAD_SEEN or at + i >= n:
                break
            head[have] = p[at + i]
            have += 1
        at += size
    return have


cdef int detect_record(const u8* p, u32 n) noexcept nogil:
    """Handshake records that hold the start of a hello, or a message of a handshake whose beginning was not seen. Which
    version a record says it is of means nothing (RFC 8446 section 5.1)."""
    cdef u8 head[HEAD_SEEN]
    cdef u32 have, empty = 0
    while n >= RECORD_HEAD and p[0] == REC_HANDSHAKE and p[1] == 3 and be16(p + 3) == 0:
        p += RECORD_HEAD               # empty ones are not to be sent (RFC 8446 section 5.1): an evasion
        n -= RECORD_HEAD
        empty += 1
        if empty > MAX_EMPTY:
            return 0
    have = message_head(p, n, head)
    if have == NOT_RECORDS or (n > 3 and p[3] > MAX_RECORD >> 8):
        return 0
    if have and head[0] != HS_CLIENT_HELLO and head[0] != HS_SERVER_HELLO:
        return detect_message(p, n)
    if have > 4 and head[4] != 3 and (head[0] == HS_CLIENT_HELLO or head[4] != DRAFTS) or \
            have > 5 and head[4] == 3 and head[5] > 4:
        return 0
    if have < HEAD_SEEN:
        return DETECT_MORE
    if not MIN_HELLO <= be24(head + 1) <= MAX_HELLO:
        return 0
    return HELLO_SURE if head[0] == HS_CLIENT_HELLO else 96


cdef int detect_message(const u8* p, u32 n) noexcept nogil:
    """A flow joined in its handshake: messages whose lengths agree with their record's, or a list of certificates."""
    cdef u32 record, at = MESSAGE_HEAD, message
    cdef u8 kind = p[RECORD_HEAD]
    if p[2] > 4 or not joinable(kind) or (kind == HS_DONE and n > 8 and be24(p + 6)):
        return 0
    if n < RECORD_HEAD + MESSAGE_HEAD + CERT_HEAD + 2:
        if n == RECORD_HEAD + MESSAGE_HEAD and kind == HS_DONE and be16(p + 3) == MESSAGE_HEAD and be24(p + 6) == 0:
            return 85
        return DETECT_MORE
    record = be16(p + 3)
    message = be24(p + 6)
    if kind == HS_CERTIFICATE:
        p += RECORD_HEAD + MESSAGE_HEAD
        return 92 if be24(p) + 3 == message and be24(p + 3) + 3 <= be24(p) and p[CERT_HEAD] == 0x30 \
            and p[CERT_HEAD + 1] == 0x82 else 0
    while at + message < record:
        at += message
        if RECORD_HEAD + at + MESSAGE_HEAD > n:
            return 80
        if at + MESSAGE_HEAD > record or not joinable(p[RECORD_HEAD + at]):
            return 0
        message = be24(p + RECORD_HEAD + at + 1)
        at += MESSAGE_HEAD
    return 85 if at + message == record else 0


cdef inline bint joinable(u8 kind) noexcept nogil:
    """Messages in clear of TLS 1.2 and older behind the hellos (RFC 5246 section 7.4, RFC 6066 section 8)."""
    return kind == HS_TICKET or HS_CERTIFICATE <= kind <= HS_CLIENT_KEY or kind == HS_STATUS


cdef inline bint sealed_alert(u32 size) noexcept nogil:
    """Lengths that an encrypted alert of two bytes has: with a MAC or a tag, an IV or a number, and padding."""
    return size == 18 or size == 22 or size == 24 or size == 26 or size == 32 or size == 40 or size == 48


cdef inline bint is_alert(u8 code) noexcept nogil:
    """A description that ends a connection (IANA, TLS Alerts)."""
    return code == 10 or 20 <= code <= 22 or code == 30 or 40 <= code <= 51 or code == 60 or code == 70 or \
        code == 71 or code == 80 or code == 86 or code == 90 or code == 100 or 109 <= code <= 116 or code == 120


cdef int detect_middle(const u8* p, u32 n, bint fin) noexcept nogil:
    """A flow joined in its middle: a ChangeCipherSpec, an alert, data records that follow each other, or a record that
    is all the side says."""
    cdef u32 record
    if n < 7:
        return DETECT_MORE
    record = be16(p + 3)
    if p[0] == REC_CCS:
        return 85 if record == 1 and p[5] == 1 and (p[6] >= REC_CCS and p[6] <= REC_HEARTBEAT) else 0
    if p[0] == REC_ALERT and record == 2:
        if n == 7 and p[5] == 2 and is_alert(p[6]):
            return 95                               # all that a server says to who speaks no TLS
        return 80 if p[5] == 1 or p[5] == 2 else 0
    if p[0] == REC_ALERT:
        if not sealed_alert(record) or p[2] == 0:
            return 0
        if n <= RECORD_HEAD + record:
            return 75 if n == RECORD_HEAD + record else DETECT_MORE
    if record < MIN_SEALED or record > MAX_RECORD:
        return 0
    if fin and n == RECORD_HEAD + record:
        return 75
    if n >= RECORD_HEAD + record + 3:
        p += RECORD_HEAD + record
        return 85 if p[0] >= REC_CCS and p[0] <= REC_DATA and p[1] == 3 and p[2] <= 4 else 0
    return 70 if n >= 64 else DETECT_MORE


cdef int detect_ssl2(const u8* p, u32 n) noexcept nogil:
    """The SSL 2.0 form of a ClientHello: its lengths must add up (RFC 5246 appendix E.2)."""
    cdef u32 specs, sid, challenge
    if n > 2 and p[2] != HS_CLIENT_HELLO:
        return 0
    if n > 4 and not (p[3] == 3 and p[4] <= 4) and not (p[3] == 0 and p[4] == 2):
        return 0
    if n < 11:
        return DETECT_MORE
    specs = be16(p + 5)
    sid = be16(p + 7)
    challenge = be16(p + 9)
    if specs == 0 or specs % 3 or (sid != 0 and sid != 16) or challenge < 16 or challenge > 32:
        return 0
    return 90 if 9 + specs + sid + challenge == (((p[0] & 0x7f) << 8) | p[1]) else 0


cdef int tls_detect(Look* look, Slice data) noexcept nogil:
    cdef const u8* p = data.p
    cdef u32 n = data.n
    if n == 0:
        return DETECT_MORE
    if p[0] & 0x80:
        return detect_ssl2(p, n)
    if p[0] < REC_CCS or p[0] > REC_DATA:
        return 0
    if (n > 1 and p[1] != 3) or (n > 2 and p[2] > 4 and p[0] != REC_HANDSHAKE):
        return 0
    return detect_record(p, n) if p[0] == REC_HANDSHAKE else detect_middle(p, n, look.fin)
