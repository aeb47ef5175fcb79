"""MongoDB's wire protocol (mongodb.com/docs/manual/reference/mongodb-wire-protocol): commands, logins, who asks.

Every message has sixteen bytes of head (length, its number, the number it answers, opcode; all little-endian) and a
body with documents in BSON. Of each message the start is read: commands, databases and collections, what client and
server say of themselves, the login, the first error. Compressed messages are opened as far as they are looked at.
"""
from netwatch._fast.base.bytes cimport u8, u32, Reader, Slice, le32, left, reader, slice_of, take, take8
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_MALFORMED,
                                           PARSE_NOT_MINE, PARSE_OK, fact_number, set_initiator, reads, has_state)
from netwatch._fast.base.unpack cimport WINDOW_ZLIB, inflated, unsnapped, zstd_unpacked
from netwatch._fast.proto.mongodb.bson cimport (BSON_BOOL, BSON_INT32, BSON_STRING, Element, bson_document, bson_fixed,
                                                bson_next)
from netwatch._fast.proto.common.again cimport begins_again
from netwatch._fast.proto.common.learn cimport keep_u8
from netwatch._fast.proto.common.lines cimport (DETECT_ENOUGH, keep_once, skip_bytes, skip_rest, smaller, wait_for,
                                                word_is)
from netwatch._fast.proto.common.sasl cimport login_answered
from netwatch._fast.proto.mongodb.asked cimport mongo_asked, mongo_command, mongo_old

cdef enum:
    HEAD = 16
    NO_ANSWER = 0xffffffff     # some clients say so in place of 0
    MAX_MESSAGE = 48000000
    READ_BODY = 2048           # bytes looked at of a message
    READ_PACKED = 16384        # ... and of a compressed one
    PACKED_HEAD = 9            # opcode, length, compressor (OP_COMPRESSED)
    NOOP = 0
    SNAPPY = 1
    ZLIB = 2
    LAST_COMPRESSOR = 3        # Zstandard
    OPENED = 64                # compressed messages of a side that are opened
    ENOUGH_CLIENT = 500        # messages
    ENOUGH_SERVER = 4096
    AUTHENTICATION_FAILED = 18  # an error's code

cdef struct Mongo:
    u32 messages[2]
    u8 client                  # which side it is
    bint failed                # the first error was kept


cdef bint known_op(u32 op) noexcept nogil:
    return op == OP_REPLY or OP_UPDATE <= op <= OP_KILL_CURSORS and op != 2003 or OP_COMMAND <= op <= OP_MSG


# --- detection ---

cdef int detect_document(const u8* p, u32 n, u32 at, u32 size) noexcept nogil:
    """A document begins at `at`, fits into the message, and so does the type of its first element."""
    cdef u32 inner
    if n < at + 5:
        return DETECT_MORE if n < DETECT_ENOUGH else 85
    inner = le32(p + at)
    if inner < 5 or inner > size - smaller(at, size):
        return 0
    return 95 if bson_fixed(p[at + 4]) != 0xfe or inner == 5 and p[at + 4] == 0 else 0


cdef int detect_name(const u8* p, u32 n, u32 op, u32 size) noexcept nogil:
    """Flags, then the full name of a collection, of which a dot is part, then what follows it in a query or insert."""
    cdef u32 at = HEAD + 4
    cdef bint dot = False
    if n > at and le32(p + HEAD) > 255:
        return 0
    while at < n and p[at]:
        if p[at] <= 32 or p[at] == 127 or at > HEAD + 4 + 255:
            return 0
        dot |= p[at] == c'.'
        at += 1
    if at >= n:
        return DETECT_MORE if n < DETECT_ENOUGH else 85 if dot else 0
    if not dot:
        return 0
    at += 1
    if op == OP_GET_MORE:
        return 90 if size == at + 12 else 0
    return detect_document(p, n, at + (8 if op == OP_QUERY else 0 if op == OP_INSERT else 4), size)


cdef int detect_body(const u8* p, u32 n, u32 op, u32 size) noexcept nogil:
    """What follows the head is of the opcode."""
    cdef u32 flags
    if op == OP_COMMAND or op == OP_COMMAND_REPLY:
        return 0
    if op != OP_MSG and op != OP_REPLY and op != OP_COMPRESSED and op != OP_KILL_CURSORS:
        return detect_name(p, n, op, size)
    if n < 25:
        return DETECT_MORE
    flags = le32(p + HEAD)
    if op == OP_MSG:
        if flags & 0xfffc or flags >> 17 or p[20] > 1:
            return 0
        return detect_document(p, n, 21, size) if p[20] == 0 else 85 if le32(p + 21) <= size - 21 else 0
    if op == OP_COMPRESSED:
        return 90 if known_op(flags) and flags != OP_COMPRESSED and 0 < le32(p + 20) <= MAX_MESSAGE and \
            p[24] <= LAST_COMPRESSOR else 0
    if op == OP_KILL_CURSORS:
        return 85 if flags == 0 and le32(p + 20) < 65536 and size == HEAD + 8 + 8 * le32(p + 20) else 0
    if flags > 15 or le32(p + 8) == 0:
        return 0
    if n < 36:
        return DETECT_MORE
    return detect_document(p, n, 36, size) if le32(p + 32) else 80 if size == 36 else 0


cdef int mongodb_detect(Look* look, Slice data) noexcept nogil:
    cdef u32 n = data.n, size
    cdef const u8* p = data.p
    if n > 3 and p[3] > 2 or n > 13 and p[13] != 7 and p[13] != 0 or n > 14 and p[14] or n > 15 and p[15]:
        return 0
    if n < HEAD:
        return DETECT_MORE
    size = le32(p)
    if size < HEAD + 8 or size > MAX_MESSAGE or not known_op(le32(p + 12)):
        return 0
    return detect_body(p, n, le32(p + 12), size)


# --- what the server answers ---

cdef void take_answer(Look* look, Mongo* mongo, Reader r) noexcept nogil:
    """The first document of an answer."""
    cdef Element e
    cdef Slice error = slice_of(NULL, 0)
    cdef u32 code = 0
    cdef bint login = False, done = False
    while bson_next(&r, &e):
        if e.type == BSON_STRING and (word_is(e.name, b"errmsg", 6) or word_is(e.name, b"$err", 4)):
            error = e.value
        elif e.type == BSON_INT32 and word_is(e.name, b"code", 4):
            code = le32(e.value.p)
        elif e.type == BSON_STRING and word_is(e.name, b"version", 7):
            keep_once(look, MONGO_VERSION, e.value)
        elif e.type == BSON_STRING and word_is(e.name, b"setname", 7):
            keep_once(look, MONGO_SET, e.value)
        elif word_is(e.name, b"conversationid", 14):    # what saslStart and saslContinue are answered with
            login = True
        elif e.type == BSON_BOOL and word_is(e.name, b"done", 4):
            done = e.value.n and e.value.p[0]
    if code == AUTHENTICATION_FAILED or (login and done):
        login_answered(look, code != AUTHENTICATION_FAILED)
    if error.n and not mongo.failed:
        mongo.failed = True
        keep_once(look, MONGO_ERROR, error)
        if code:
            fact_number(look, MONGO_CODE, code)


# --- messages ---

cdef void take_sections(Look* look, Mongo* mongo, bint client, Slice body) noexcept nogil:
    """OP_MSG: flags, then sections; the one of kind 0 is the command or the answer."""
    cdef Reader r = reader(body.p, body.n)
    cdef const u8* p
    cdef u8 kind
    take(&r, 4)
    while left(&r) > 4:
        kind = take8(&r)
        if kind == 0:
            if client:
                mongo_asked(look, bson_document(r.p, <u32>left(&r)), slice_of(NULL, 0))
            else:
                take_answer(look, mongo, bson_document(r.p, <u32>left(&r)))
            return
        p = r.p
        if kind != 1 or le32(p) < 4:
            return
        take(&r, le32(p))


cdef void take_body(Look* look, Mongo* mongo, u32 op, Slice body) noexcept nogil:
    """A message's start, uncompressed."""
    cdef bint client = look.side == mongo.client
    if op == OP_MSG:
        take_sections(look, mongo, client, body)
    elif op == OP_REPLY and not client and body.n > 20:
        take_answer(look, mongo, bson_document(body.p + 20, body.n - 20))
    elif op == OP_COMMAND and client:
        mongo_command(look, body)
    elif client and OP_UPDATE <= op <= OP_DELETE and body.n > 4:
        mongo_old(look, op, body)


cdef void take_packed(Look* look, Mongo* mongo, Slice body) noexcept nogil:
    """OP_COMPRESSED: what it is when it is opened."""
    cdef u8 out[READ_BODY]
    cdef bint whole = False
    cdef Slice packed = slice_of(body.p + PACKED_HEAD, body.n - PACKED_HEAD)
    cdef u8 kind = body.p[PACKED_HEAD - 1]
    keep_u8(look, MONGO_ZIP, kind, LAST_COMPRESSOR + 1)
    if kind == NOOP:
        take_body(look, mongo, le32(body.p), packed)
        return
    if mongo.messages[look.side] > OPENED or kind > LAST_COMPRESSOR:
        return
    if kind == SNAPPY:
        packed.n = unsnapped(packed, out, READ_BODY)
    elif kind == ZLIB:
        packed.n = inflated(packed, WINDOW_ZLIB, out, READ_BODY, &whole)
    else:
        packed.n = zstd_unpacked(packed, out, READ_BODY)
    if packed.n:
        take_body(look, mongo, le32(body.p), slice_of(out, packed.n))


cdef int take_message(Look* look, Mongo* mongo, Slice data) noexcept nogil:
    cdef const u8* p = data.p + look.used
    cdef u32 n = data.n - look.used, size, op
    cdef Slice body
    if n < HEAD:
        return wait_for(look, data, HEAD)
    size = le32(p)
    op = le32(p + 12)
    if size < HEAD or size > MAX_MESSAGE or not known_op(op):
        return PARSE_MALFORMED
    body = slice_of(p + HEAD, smaller(size - HEAD, READ_PACKED if op == OP_COMPRESSED else READ_BODY))
    if n < HEAD + body.n:
        return wait_for(look, data, HEAD + body.n)
    skip_bytes(look, data, size)
    mongo.messages[look.side] += 1
    if op == OP_COMPRESSED:
        if body.n < PACKED_HEAD:
            return PARSE_MALFORMED
        take_packed(look, mongo, body)
    else:
        take_body(look, mongo, op, body)
    if look.side == mongo.client and mongo.messages[look.side] >= ENOUGH_CLIENT:
        return PARSE_DONE
    return PARSE_OK


cdef int begin(Look* look, Slice data) noexcept nogil:
    """The first message of all says who is who: answers name the number they answer."""
    cdef Mongo* mongo
    cdef u32 op = le32(data.p + 12)
    cdef bint client = op != OP_REPLY and op != OP_COMMAND_REPLY
    if not known_op(op):
        return PARSE_NOT_MINE
    if (op == OP_MSG or op == OP_COMPRESSED) and le32(data.p + 8) and le32(data.p + 8) != NO_ANSWER:
        client = False
    if not has_state(look, sizeof(Mongo)):
        return PARSE_DONE
    mongo = <Mongo*>look.state[0]
    mongo.client = <u8>(look.side if client else 1 - look.side)
    set_initiator(look, client)
    return PARSE_OK


cdef int mongodb_parse(Look* look, Slice data) noexcept nogil:
    cdef Mongo* mongo
    cdef int code = PARSE_OK
    if look.state[0] == NULL:
        if data.n < HEAD:
            return wait_for(look, data, HEAD)
        code = begin(look, data)
    mongo = <Mongo*>look.state[0]
    while code == PARSE_OK and look.used < data.n and look.skip == 0:
        if mongo.messages[look.side] >= ENOUGH_SERVER:
            return skip_rest(look, data)
        code = take_message(look, mongo, data)
    return code


cdef int mongodb_resync(Look* look, Slice data) noexcept nogil:
    return begins_again(look, data, mongodb_detect)


cdef void mongodb_define(Proto* p) noexcept nogil:
    cdef int c
    reads(p, "mongodb", ON_TCP, mongodb_detect, mongodb_parse)
    for c in range(256):
        p.first[c] = 1         # the low byte of the first message's length
    p.resync = mongodb_resync
