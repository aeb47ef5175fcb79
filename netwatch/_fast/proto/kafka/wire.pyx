"""Apache Kafka's wire protocol (kafka.apache.org/protocol): requests asked, client, topics, groups, logins.

A request's header has no magic, so all of it must fit: length, request type, a version that type has, a client id of
plain text. What the first request says is kept back until a response to it or a second request fits; a flow where
neither does is given back. Of responses only the correlation id is read; records are passed over.
"""
from libc.stdlib cimport free
from libc.string cimport memcpy, memset

from netwatch._fast.base.bytes cimport (u8, u16, u32, u64, i32, Reader, Slice, be16, be32, left, reader, take, take8,
                                        take16, take32, take_slice, take_varint32)
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_MALFORMED,
                                           PARSE_NOT_MINE, PARSE_OK, set_initiator, reads, has_state)
from netwatch._fast.proto.common.again cimport begins_again
from netwatch._fast.proto.common.learn cimport keep_u16
from netwatch._fast.proto.common.lines cimport (DETECT_ENOUGH, keep_each, keep_once, skip_bytes, smaller, wait_for)
from netwatch._fast.proto.common.sasl cimport SASL_MECHANISM, sasl_raw

cdef enum:                     # fact keys
    KAFKA_API = 1              # type and version, one byte each
    KAFKA_CLIENT = 2
    KAFKA_SOFTWARE = 3
    KAFKA_SOFTWARE_VERSION = 4
    KAFKA_TOPIC = 5
    KAFKA_GROUP = 6

cdef enum:                     # request types that are read further
    PRODUCE = 0
    FETCH = 1
    METADATA = 3
    OFFSET_COMMIT = 8
    OFFSET_FETCH = 9
    FIND_COORDINATOR = 10
    JOIN_GROUP = 11
    HEARTBEAT = 12
    LEAVE_GROUP = 13
    SYNC_GROUP = 14
    SASL_HANDSHAKE = 17
    API_VERSIONS = 18
    CREATE_TOPICS = 19
    SASL_AUTHENTICATE = 36
    CONSUMER_HEARTBEAT = 68
    API_COUNT = 93

cdef enum:
    PORT = 9092
    HEAD = 14                  # length, type, version, correlation id, length of the client id
    REQUEST_MOST = 104857600   # socket.request.max.bytes
    RESPONSE_MOST = 1073741824
    CLIENT_MOST = 255
    NEWER = 2                  # versions beyond those known when this was written
    READ_MOST = 1024           # of a request
    WAITING = 32               # responses waited for
    OLDER = 1024               # requests sent before the flow was joined may still be answered
    MAX_TOPICS = 12
    MAX_APIS = 40
    ENOUGH = 2000              # requests
    NEVER = 255
    OLDEST = 1 << 17           # correlation ids count from 0: a response is believed below this

cdef u8 NEWEST[API_COUNT]      # newest version of each type, Kafka 4.1; filled by kafka_define
cdef u8 COMPACT[API_COUNT]     # first version with tagged fields, of the types that are read further

cdef struct Kafka:
    u32 waiting[WAITING]       # correlation ids
    u32 pending                # bits of those that stand
    u32 first_id
    u32 requests
    u8 next
    u8 client                  # side of the requests
    bint confirmed
    u16 first_n                # bytes of the first request while it is kept back
    u8 first[READ_MOST]


# --- the header of a request ---

cdef bint plain(const u8* p, u32 n) noexcept nogil:
    """Printable ASCII: what Kafka asks of a client id in practice."""
    cdef u32 i
    for i in range(n):
        if p[i] < 32 or p[i] > 126:
            return False
    return True


cdef int header(const u8* p, u32 n) noexcept nogil:
    """Bytes of a request's header that fits, 0 when it is cut, -1 when it is none."""
    cdef u32 size, text
    if n and p[0] > 6:
        return -1
    if n >= 4 and not 10 <= be32(p) <= REQUEST_MOST:
        return -1
    if n >= 6 and (p[4] or p[5] >= API_COUNT):
        return -1
    if n >= 8 and (p[6] or p[7] > NEWEST[p[5]] + NEWER):
        return -1
    if n >= 9 and p[8] & 0x80:
        return -1
    if n < HEAD:
        return 0
    size = be32(p)
    text = be16(p + 12)
    if text == 0xffff:
        return HEAD
    if text > CLIENT_MOST or text + 10 > size or not plain(p + HEAD, smaller(text, n - HEAD)):
        return -1
    return <int>(HEAD + text) if n >= HEAD + text else 0


cdef int kafka_detect(Look* look, Slice data) noexcept nogil:
    """Without a client id the header says too little, unless it goes to Kafka's port and the request is whole."""
    cdef int size = header(data.p, data.n)
    cdef bint home = (look.row.pa if look.side else look.row.pb) == PORT
    if (look.row.pb if look.side else look.row.pa) == PORT:
        return 65 if data.n > 8 and be32(data.p) + 4 == data.n and be32(data.p + 4) < OLDEST else 0
    if size <= 0:
        return DETECT_MORE if size == 0 and data.n < DETECT_ENOUGH else 0
    if be16(data.p + 12) == 0xffff or size == HEAD:
        return 70 if home and be32(data.p) + 4 == data.n else 0
    if be32(data.p) + 4 == data.n:
        return 94 if home else 88
    return 90 if home else 80


# --- the body of a request ---

cdef inline u32 variable(Reader* r) noexcept nogil:
    """An unsigned varint of at most 32 bits."""
    return take_varint32(r, 5)


cdef inline u32 compact_size(Reader* r) noexcept nogil:
    """Of a compact string or array, which is sent with one added; 0 for an absent one."""
    cdef u32 size = variable(r)
    return size - 1 if size else 0


cdef Slice text_of(Reader* r, bint compact) noexcept nogil:
    """A string, compact or not; an absent one is empty."""
    cdef u32 size = compact_size(r) if compact else take16(r)
    return take_slice(r, 0 if size == 0xffff and not compact else size)


cdef void tags(Reader* r) noexcept nogil:
    """Pass over tagged fields."""
    cdef u32 count = variable(r), size
    while count and left(r) and not r.bad:
        count -= 1
        variable(r)
        size = variable(r)
        take(r, size)


cdef u32 count_of(Reader* r, bint compact) noexcept nogil:
    """Elements of an array, 0 for an absent one."""
    cdef u32 count = compact_size(r) if compact else take32(r)
    return 0 if <i32>count < 0 and not compact else count


cdef void keep_topic(Look* look, Slice topic) noexcept nogil:
    if plain(topic.p, topic.n):
        keep_each(look, KAFKA_TOPIC, topic, MAX_TOPICS)


cdef void take_metadata(Look* look, Reader* r, u8 version, bint compact) noexcept nogil:
    """The topics asked about; from version 10 on each with its id."""
    cdef u32 count = count_of(r, compact)
    cdef Slice name
    while count and left(r):
        count -= 1
        if version >= 10:
            take(r, 16)
        name = text_of(r, compact)
        if r.bad:
            return
        keep_topic(look, name)
        if compact:
            tags(r)


cdef void take_produce(Look* look, Reader* r, u8 version, bint compact) noexcept nogil:
    """Transactional id, acks, timeout, then the first topic; from version 13 on topics have ids only."""
    if version >= 3:
        text_of(r, compact)
    take(r, 6)
    if version < 13 and count_of(r, compact):
        keep_topic(look, text_of(r, compact))


cdef void take_fetch(Look* look, Reader* r, u8 version, bint compact) noexcept nogil:
    """Limits, then the first topic; from version 13 on topics have ids only."""
    if version >= 13:
        return
    take(r, 12)
    take(r, 13 if version >= 7 else 5 if version >= 4 else 4 if version == 3 else 0)
    if count_of(r, compact):
        keep_topic(look, text_of(r, compact))


cdef void take_coordinator(Look* look, Reader* r, u8 version, bint compact) noexcept nogil:
    """The key, which is a group's name when its type says so; from version 4 on keys are an array after the type."""
    cdef Slice key
    if version >= 4:
        if take8(r) == 0 and count_of(r, compact):
            keep_once(look, KAFKA_GROUP, text_of(r, compact))
        return
    key = text_of(r, compact)
    if version == 0 or take8(r) == 0:
        keep_once(look, KAFKA_GROUP, key)


cdef void take_login(Look* look, Reader* r, bint compact) noexcept nogil:
    """The client's SASL message."""
    cdef u32 size
    if compact:
        size = variable(r)
        if size:
            size -= 1
    else:
        size = take32(r)
    sasl_raw(look, take_slice(r, size))


cdef void take_body(Look* look, u8 api, u8 version, bint compact, Reader* r) noexcept nogil:
    if api == METADATA:
        take_metadata(look, r, version, compact)
    elif api == PRODUCE:
        take_produce(look, r, version, compact)
    elif api == FETCH:
        take_fetch(look, r, version, compact)
    elif api == FIND_COORDINATOR:
        take_coordinator(look, r, version, compact)
    elif api == JOIN_GROUP or api == HEARTBEAT or api == LEAVE_GROUP or api == SYNC_GROUP or \
            api == OFFSET_COMMIT or api == CONSUMER_HEARTBEAT or api == OFFSET_FETCH and version < 8:
        keep_once(look, KAFKA_GROUP, text_of(r, compact))
    elif api == API_VERSIONS and compact:
        keep_once(look, KAFKA_SOFTWARE, text_of(r, True))
        keep_once(look, KAFKA_SOFTWARE_VERSION, text_of(r, True))
    elif api == CREATE_TOPICS and count_of(r, compact):
        keep_topic(look, text_of(r, compact))
    elif api == SASL_HANDSHAKE:
        keep_once(look, SASL_MECHANISM, text_of(r, False))
    elif api == SASL_AUTHENTICATE:
        take_login(look, r, compact)


cdef void learn(Look* look, const u8* p, u32 n) noexcept nogil:
    """The first n bytes of a request, its header whole."""
    cdef Reader r = reader(p + 12, n - 12)
    cdef u8 api = p[5], version = p[7]
    cdef bint compact = COMPACT[api] != NEVER and version >= COMPACT[api]
    keep_u16(look, KAFKA_API, <u16>((<u16>api << 8) | version), MAX_APIS)
    keep_once(look, KAFKA_CLIENT, text_of(&r, False))
    if compact:
        tags(&r)
    take_body(look, api, version, compact, &r)


# --- the two directions ---

cdef void confirm(Look* look, Kafka* kafka) noexcept nogil:
    """What the first request said may be told."""
    kafka.confirmed = True
    if kafka.first_n:
        learn(look, kafka.first, kafka.first_n)
        kafka.first_n = 0


cdef int unfit(const Kafka* kafka) noexcept nogil:
    return PARSE_MALFORMED if kafka.confirmed else PARSE_NOT_MINE


cdef int take_request(Look* look, Kafka* kafka, Slice data) noexcept nogil:
    cdef const u8* p = data.p + look.used
    cdef u32 n = data.n - look.used, want
    cdef bint raw
    if n < HEAD:
        return wait_for(look, data, HEAD)
    if header(p, HEAD) < 0:
        return unfit(kafka)
    want = smaller(be32(p) + 4, READ_MOST)
    if n < want:
        return wait_for(look, data, want)
    if header(p, want) < 0:
        return unfit(kafka)
    kafka.waiting[kafka.next] = be32(p + 8)
    kafka.pending |= <u32>1 << kafka.next
    kafka.next = <u8>((kafka.next + 1) % WAITING)
    kafka.requests += 1
    raw = p[5] == SASL_HANDSHAKE and p[7] == 0
    if kafka.requests == 1:
        kafka.first_id = be32(p + 8)
        memcpy(kafka.first, p, want)
        kafka.first_n = <u16>want
    else:
        confirm(look, kafka)
        learn(look, p, want)
    skip_bytes(look, data, <u64>be32(p) + 4)
    if raw:                    # what follows has no headers
        confirm(look, kafka)
        return PARSE_DONE
    return PARSE_DONE if kafka.requests >= ENOUGH else PARSE_OK


cdef bint answers(Kafka* kafka, u32 ident) noexcept nogil:
    """A request with that correlation id waits."""
    cdef u32 i
    for i in range(WAITING):
        if kafka.pending >> i & 1 and kafka.waiting[i] == ident:
            kafka.pending &= ~(<u32>1 << i)
            return True
    return False


cdef int take_response(Look* look, Kafka* kafka, Slice data) noexcept nogil:
    cdef const u8* p = data.p + look.used
    cdef u32 n = data.n - look.used, size
    if n < 8:
        return wait_for(look, data, 8)
    size = be32(p)
    if not 4 <= size <= RESPONSE_MOST:
        return unfit(kafka)
    if answers(kafka, be32(p + 4)):
        confirm(look, kafka)
    elif not kafka.confirmed and kafka.requests and kafka.first_id - be32(p + 4) - 1 >= OLDER:
        return PARSE_NOT_MINE
    return skip_bytes(look, data, <u64>size + 4)


cdef int kafka_parse(Look* look, Slice data) noexcept nogil:
    cdef Kafka* kafka
    cdef int code = PARSE_OK
    cdef bint new = look.state[0] == NULL
    if not has_state(look, sizeof(Kafka)):
        return PARSE_DONE
    kafka = <Kafka*>look.state[0]
    if new:
        kafka.client = <u8>(look.side ^ ((look.row.pb if look.side else look.row.pa) == PORT))
    set_initiator(look, look.side == kafka.client)
    while code == PARSE_OK and look.used < data.n and look.skip == 0:
        if look.side == kafka.client:
            code = take_request(look, kafka, data)
        else:
            code = take_response(look, kafka, data)
    return code


cdef int kafka_resync(Look* look, Slice data) noexcept nogil:
    """A request is known by its head, a response by the request that it answers."""
    cdef Kafka* kafka = <Kafka*>look.state[0]
    cdef u32 i
    if kafka == NULL:
        return 0
    if look.side == kafka.client:
        return begins_again(look, data, kafka_detect)
    if data.n < 8 or not 4 <= be32(data.p) <= RESPONSE_MOST:
        return 0
    for i in range(WAITING):
        if kafka.pending >> i & 1 and kafka.waiting[i] == be32(data.p + 4):
            return 1
    return 0


cdef void kafka_closing(Look* look) noexcept nogil:
    """Nothing has contradicted the first request."""
    if look.state[0] != NULL:
        confirm(look, <Kafka*>look.state[0])


cdef void kafka_define(Proto* p) noexcept nogil:
    # by request type, from Produce on
    cdef const u8* newest = (
        b"\x0d\x12\x0b\x0d\x07\x04\x08\x03\x0a\x0a\x06\x09\x04\x05\x05\x06\x05\x01\x04\x07\x06\x02\x06\x04\x05\x04"
        b"\x05\x02\x05\x03\x03\x03\x04\x02\x02\x05\x02\x03\x03\x02\x02\x03\x02\x02\x01\x01\x00\x00\x01\x01\x00\x00"
        b"\x02\x01\x01\x02\x03\x02\x00\x01\x02\x00\x04\x01\x00\x00\x02\x00\x01\x01\x00\x00\x00\x00\x01\x00\x01\x01"
        b"\x02\x02\x01\x00\x00\x00\x00\x00\x00\x01\x01\x00\x00\x00\x00")
    reads(p, "kafka", ON_TCP, kafka_detect, kafka_parse)
    memcpy(NEWEST, newest, API_COUNT)
    memset(COMPACT, NEVER, API_COUNT)
    COMPACT[PRODUCE] = 9
    COMPACT[FETCH] = 12
    COMPACT[METADATA] = 9
    COMPACT[OFFSET_COMMIT] = 8
    COMPACT[OFFSET_FETCH] = COMPACT[JOIN_GROUP] = 6
    COMPACT[FIND_COORDINATOR] = COMPACT[API_VERSIONS] = 3
    COMPACT[HEARTBEAT] = COMPACT[LEAVE_GROUP] = COMPACT[SYNC_GROUP] = 4
    COMPACT[CREATE_TOPICS] = 5
    COMPACT[SASL_AUTHENTICATE] = 2
    COMPACT[CONSUMER_HEARTBEAT] = 0
    memset(p.first, 1, 7)      # the first byte of a length up to REQUEST_MOST
    p.closing = kafka_closing
    p.resync = kafka_resync
    p.free = free
