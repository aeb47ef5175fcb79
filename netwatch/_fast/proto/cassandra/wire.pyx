"""Cassandra's native protocol, versions 1 to 6 and DataStax's own (native_protocol_v3.spec to v5.spec of Cassandra).

A message is an envelope: version and direction, flags, stream, opcode, length, body. From version 5 on the envelopes
stand in frames once the login has begun; a frame's head has a checksum by which it is told from an envelope. Bodies
that are compressed, and those of results, are passed over. What nodes say to one another is named by its magic alone.
"""
from netwatch._fast.base.bytes cimport (u8, u16, u32, u64, Reader, Slice, be32, le16, left, reader, slice_of, take,
                                        take16, take32, take8, take_slice)
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_MALFORMED, PARSE_OK,
                                           fact_number, fact_once, set_initiator, reads, has_state)
from netwatch._fast.proto.cassandra.frame cimport HEAD_FRAME, HEAD_FRAME_LZ4, is_frame
from netwatch._fast.proto.common.again cimport messages_fill
from netwatch._fast.proto.common.learn cimport keep_u8
from netwatch._fast.proto.common.lines cimport all_text, keep_once, skip_bytes, skip_rest, smaller, wait_for, word_is
from netwatch._fast.proto.common.sasl cimport LOGIN_PASSWORD, LOGIN_USER
from netwatch._fast.proto.common.sql cimport begins_statement, keep_pair, keep_query, take_text

cdef enum:                     # opcodes, section 2.4
    ERROR = 0x00
    STARTUP = 0x01
    READY = 0x02
    AUTHENTICATE = 0x03
    CREDENTIALS = 0x04         # of version 1
    OPTIONS = 0x05
    SUPPORTED = 0x06
    QUERY = 0x07
    RESULT = 0x08
    PREPARE = 0x09
    EXECUTE = 0x0a
    REGISTER = 0x0b
    EVENT = 0x0c
    BATCH = 0x0d
    AUTH_CHALLENGE = 0x0e
    AUTH_RESPONSE = 0x0f
    AUTH_SUCCESS = 0x10

cdef enum:                     # flags, section 2.2
    COMPRESSED = 0x01
    TRACED = 0x02              # an answer begins with an id of sixteen bytes
    PAYLOAD = 0x04             # what the application adds stands first
    WARNED = 0x08              # warnings stand first

cdef enum:
    ANSWER = 0x80              # of the version byte
    SET_KEYSPACE = 3           # kind of a result
    NODE_MAGIC = 0xca552dfa    # first bytes between nodes
    HEAD_MOST = 9              # of an envelope; no frame is so short
    TAIL = 4                   # checksum after a frame
    MAX_BODY = 0x10000000
    READ_BODY = 1024           # bytes looked at of a body
    MAX_SETTINGS = 16
    ENOUGH_CLIENT = 500        # messages
    ENOUGH_SERVER = 4096

cdef struct Cql:
    u32 messages[2]
    u32 frame[2]               # what is left of the frame at hand, its tail included
    bint framed[2]             # the side may speak in frames from now on
    u8 client                  # which side it is
    bint failed                # the first error was kept

cdef struct Envelope:
    u8 version
    u8 flags
    u8 opcode
    u32 head
    u32 size                   # of the body


cdef inline u32 head_size(u8 version) noexcept nogil:
    return 8 if version & 0x7f <= 2 else 9

cdef inline bint known_version(u8 version) noexcept nogil:
    version &= 0x7f
    return 1 <= version <= 6 or version == 0x41 or version == 0x42

cdef inline bint is_request(u8 opcode) noexcept nogil:
    return opcode == STARTUP or opcode == CREDENTIALS or opcode == OPTIONS or opcode == QUERY or opcode == PREPARE or \
        opcode == EXECUTE or opcode == REGISTER or opcode == BATCH or opcode == AUTH_RESPONSE

cdef inline Envelope envelope(const u8* p) noexcept nogil:
    """The head that begins at p, of which head_size() bytes are there."""
    cdef Envelope e
    e.version = p[0]
    e.head = head_size(p[0])
    e.flags = p[1]
    e.opcode = p[e.head - 5]
    e.size = be32(p + e.head - 4)
    return e

cdef bint fits(const Envelope* e) noexcept nogil:
    """Version, direction and opcode belong together."""
    return known_version(e.version) and e.opcode <= AUTH_SUCCESS and e.size <= MAX_BODY and \
        is_request(e.opcode) == (e.version & ANSWER == 0)


# --- detection ---

cdef bint capitals(Slice s) noexcept nogil:
    """A name such as CQL_VERSION."""
    cdef u32 i
    for i in range(s.n):
        if (s.p[i] < c'A' or s.p[i] > c'Z') and s.p[i] != c'_':
            return False
    return s.n > 3


cdef int detect_body(const Envelope* e, Reader r) noexcept nogil:
    """What there is of the body is of its opcode, and unlike anything else."""
    cdef u32 n
    cdef bint short_of = left(&r) < e.size
    if e.opcode == OPTIONS or e.opcode == READY:
        return 85 if e.size == 0 else 0
    if e.opcode == STARTUP or e.opcode == REGISTER or e.opcode == SUPPORTED:
        n = take16(&r)
        if e.size < 4 or n == 0 or n > 64:
            return 0
        n = take16(&r)
        return 95 if n <= 64 and capitals(take_slice(&r, n)) else DETECT_MORE if r.bad and short_of else 0
    if e.opcode == AUTHENTICATE:
        n = take16(&r)
        return 90 if n + 2 == e.size and n > 8 and all_text(r.p, smaller(n, <u32>left(&r))) else 0
    if e.opcode == QUERY or e.opcode == PREPARE:
        n = take32(&r)
        if r.bad or e.size < 4 or n > e.size - 4 or n < 4:
            return 0
        return 90 if begins_statement(r.p, smaller(n, <u32>left(&r))) else DETECT_MORE if left(&r) < 10 else 0
    if e.opcode == ERROR:
        take32(&r)
        n = take16(&r)
        return 85 if not r.bad and n + 6 <= e.size and n > 4 and all_text(r.p, smaller(n, <u32>left(&r))) else 0
    return 0


cdef int detect_node(const u8* p, u32 n) noexcept nogil:
    """A node that opens a connection to another: magic, then flags with a version."""
    if n < 8:
        return DETECT_MORE
    return 95 if be32(p) == NODE_MAGIC and 1 <= p[6] <= 32 else 0


cdef int cassandra_detect(Look* look, Slice data) noexcept nogil:
    cdef Envelope e
    cdef int sure
    if data.p[0] == NODE_MAGIC >> 24:
        return detect_node(data.p, data.n)
    if data.n > 1 and data.p[1] & 0xe1:             # no flags that are unknown, nothing compressed
        return 0
    if data.n < head_size(data.p[0]):
        return DETECT_MORE
    e = envelope(data.p)
    if not fits(&e) or e.size > 65536 or e.flags & (PAYLOAD | WARNED):
        return 0
    if data.n > e.head + e.size and data.p[e.head + e.size] != e.version:
        return 0                                    # what follows is no envelope of the same side
    sure = detect_body(&e, reader(data.p + e.head, smaller(data.n - e.head, e.size)))
    if sure == DETECT_MORE and data.n >= 64:
        return 0
    return sure


# --- bodies ---

cdef Slice take_string(Reader* r) noexcept nogil:
    cdef u16 n = take16(r)
    return take_slice(r, n)


cdef void take_startup(Look* look, Reader r) noexcept nogil:
    """Options in pairs, section 4.1.1; in version 1 user and password in the same form."""
    cdef Slice name, value
    cdef u32 n = take16(&r)
    while n and left(&r):
        n -= 1
        name = take_string(&r)
        value = take_string(&r)
        if r.bad:
            return
        if word_is(name, b"cql_version", 11):
            keep_once(look, CQL_VERSION, value)
        elif word_is(name, b"compression", 11):
            keep_once(look, CQL_COMPRESSION, value)
        elif word_is(name, b"driver_name", 11):
            keep_once(look, CQL_DRIVER, value)
        elif word_is(name, b"driver_version", 14):
            keep_once(look, CQL_DRIVER_VERSION, value)
        elif word_is(name, b"username", 8):
            keep_once(look, LOGIN_USER, value)
        elif word_is(name, b"password", 8):
            keep_once(look, LOGIN_PASSWORD, value)


cdef void take_token(Look* look, Reader r) noexcept nogil:
    """SASL PLAIN, as the password authenticator wants it: NUL, user, NUL, password (RFC 4616)."""
    cdef u32 n = take32(&r)
    cdef Slice token = take_slice(&r, n), user, password
    cdef Reader t = reader(token.p, token.n)
    if r.bad or token.n < 3 or token.p[0] != 0:
        return
    take(&t, 1)
    user = take_text(&t)
    password = take_text(&t)
    if left(&t) == 0 and all_text(user.p, user.n) and all_text(password.p, password.n):
        keep_once(look, LOGIN_USER, user)
        keep_once(look, LOGIN_PASSWORD, password)


cdef void take_batch(Look* look, Reader r) noexcept nogil:
    """The first statement of a batch, where it is a text."""
    take(&r, 3)                                     # kind of batch, how many
    if take8(&r) == 0:
        take_query(look, r)


cdef void take_query(Look* look, Reader r) noexcept nogil:
    cdef u32 n = take32(&r)
    keep_query(look, CQL_QUERY, slice_of(r.p, smaller(n, <u32>left(&r))))


cdef void take_supported(Look* look, Reader r) noexcept nogil:
    """What the server offers: names, each with a list."""
    cdef u32 n = take16(&r), k
    cdef Slice name
    while n and left(&r):
        n -= 1
        name = take_string(&r)
        k = take16(&r)
        while k and left(&r) and not r.bad:
            k -= 1
            keep_pair(look, CQL_SUPPORTED, name, c'=', take_string(&r), MAX_SETTINGS)


cdef void take_error(Look* look, Cql* cql, Reader r) noexcept nogil:
    cdef u32 code = take32(&r)
    if cql.failed:
        return
    cql.failed = True
    fact_number(look, CQL_CODE, code)
    keep_once(look, CQL_ERROR, take_string(&r))


cdef void take_body(Look* look, Cql* cql, const Envelope* e, Reader r) noexcept nogil:
    if e.opcode == STARTUP or e.opcode == CREDENTIALS:
        take_startup(look, r)
    elif e.opcode == QUERY or e.opcode == PREPARE:
        take_query(look, r)
    elif e.opcode == BATCH:
        take_batch(look, r)
    elif e.opcode == AUTH_RESPONSE:
        take_token(look, r)
    elif e.opcode == SUPPORTED:
        take_supported(look, r)
    elif e.opcode == AUTHENTICATE:
        keep_once(look, CQL_AUTHENTICATOR, take_string(&r))
    elif e.opcode == ERROR:
        take_error(look, cql, r)
    elif e.opcode == RESULT and take32(&r) == SET_KEYSPACE:
        keep_once(look, CQL_KEYSPACE, take_string(&r))


# --- envelopes and frames ---

cdef int take_envelope(Look* look, Cql* cql, Slice data) noexcept nogil:
    cdef const u8* p = data.p + look.used
    cdef u32 n = data.n - look.used, skip
    cdef Envelope e
    cdef Slice body
    if n < head_size(p[0]):
        return wait_for(look, data, head_size(p[0]))
    e = envelope(p)
    if not fits(&e) or (look.side == cql.client) != (e.version & ANSWER == 0):
        return PARSE_MALFORMED
    if cql.frame[look.side] and cql.frame[look.side] < e.head + e.size + TAIL:
        return PARSE_MALFORMED
    skip = 16 if e.flags & TRACED and e.version & ANSWER else 0
    body = slice_of(p + e.head, smaller(e.size, READ_BODY) if e.flags & (COMPRESSED | PAYLOAD | WARNED) == 0 else 0)
    if n < e.head + body.n:
        return wait_for(look, data, e.head + body.n)
    skip_bytes(look, data, <u64>e.head + e.size)
    if cql.frame[look.side]:
        cql.frame[look.side] -= e.head + e.size
    cql.messages[look.side] += 1
    e.version &= 0x7f
    fact_once(look, CQL_PROTOCOL, &e.version, 1)
    keep_u8(look, CQL_OPCODE, e.opcode, 20)
    if body.n > skip:
        take_body(look, cql, &e, reader(body.p + skip, body.n - skip))
    if (e.opcode == STARTUP or e.opcode == READY or e.opcode == AUTHENTICATE) and 5 <= e.version <= 6:
        cql.framed[look.side] = True
    return PARSE_DONE if look.side == cql.client and cql.messages[look.side] >= ENOUGH_CLIENT else PARSE_OK


cdef int take_frame(Look* look, Cql* cql, Slice data) noexcept nogil:
    """A frame's head: its envelopes are read where it has whole ones, uncompressed. An envelope is read as it is."""
    cdef const u8* p = data.p + look.used
    cdef u32 n = data.n - look.used, head = HEAD_FRAME, size, plain = 0
    cdef bint whole
    if n < HEAD_MOST:
        return wait_for(look, data, HEAD_MOST)
    size = le16(p) | (<u32>p[2] & 1) << 16
    whole = p[2] & 2 != 0
    if not is_frame(p, head):
        head = HEAD_FRAME_LZ4                       # a second length, zero where nothing was compressed
        plain = p[2] >> 1 | <u32>p[3] << 7 | (<u32>p[4] & 3) << 15
        whole = p[4] & 4 != 0
        if not is_frame(p, head):
            return take_envelope(look, cql, data)
    if whole and plain == 0 and size:
        look.used += head
        cql.frame[look.side] = size + TAIL
        return PARSE_OK
    return skip_bytes(look, data, <u64>head + size + TAIL)


cdef int take_tail(Look* look, Cql* cql, Slice data) noexcept nogil:
    cql.frame[look.side] = 0
    return skip_bytes(look, data, TAIL)


cdef int begin(Look* look, Slice data) noexcept nogil:
    """The first byte says who is who."""
    cdef Cql* cql
    cdef bint client = data.p[0] & ANSWER == 0
    if data.p[0] == NODE_MAGIC >> 24:
        if data.n < 8:
            return wait_for(look, data, 8)
        set_initiator(look, True)
        fact_once(look, CQL_INTERNODE, data.p + 6, 1)
        look.used = 8
        return PARSE_DONE
    if not has_state(look, sizeof(Cql)):
        return PARSE_DONE
    cql = <Cql*>look.state[0]
    cql.client = <u8>(look.side if client else 1 - look.side)
    set_initiator(look, client)
    return PARSE_OK


cdef int cassandra_parse(Look* look, Slice data) noexcept nogil:
    cdef Cql* cql
    cdef int code = PARSE_OK
    if look.state[0] == NULL:
        code = begin(look, data)
    cql = <Cql*>look.state[0]
    while code == PARSE_OK and look.used < data.n and look.skip == 0:
        if cql.messages[look.side] >= ENOUGH_SERVER:
            return skip_rest(look, data)
        if cql.frame[look.side] == TAIL:
            code = take_tail(look, cql, data)
        elif cql.framed[look.side] and cql.frame[look.side] == 0:
            code = take_frame(look, cql, data)
        else:
            code = take_envelope(look, cql, data)
    return code


cdef u64 length_of(Look* look, const u8* p, u32 n) noexcept nogil:
    """Of an envelope of the side, which is one of the flow's version."""
    cdef Envelope e
    if n < head_size(p[0]):
        return head_size(p[0]) if known_version(p[0]) else 0
    e = envelope(p)
    if not fits(&e) or (look.side == (<Cql*>look.state[0]).client) != (e.version & ANSWER == 0) or e.flags & 0xe0:
        return 0
    return <u64>e.head + e.size


cdef int cassandra_resync(Look* look, Slice data) noexcept nogil:
    """A frame is known by its checksum, envelopes by their lengths."""
    cdef Cql* cql = <Cql*>look.state[0]
    cdef bint framed
    if cql == NULL:
        return 0
    framed = data.n >= HEAD_MOST and (is_frame(data.p, HEAD_FRAME) or is_frame(data.p, HEAD_FRAME_LZ4))
    if not framed and not messages_fill(look, data, length_of):
        return 0
    cql.framed[look.side] |= framed
    cql.frame[look.side] = 0
    return 1


cdef void cassandra_define(Proto* p) noexcept nogil:
    cdef int c
    reads(p, "cassandra", ON_TCP, cassandra_detect, cassandra_parse)
    for c in range(256):
        p.first[c] = known_version(<u8>c)
    p.first[NODE_MAGIC >> 24] = 1
    p.resync = cassandra_resync
