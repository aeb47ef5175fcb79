"""AMQP 0-9-1 (amqp.org; 0-8 and 0-9 are framed alike): login, virtual host, product, queues and exchanges.

AMQP 1.0 (OASIS) and 0-10 are known by their protocol headers and not read further; after the header that agrees on TLS
the flow is given back. A flow joined late is named by a whole frame whose method and end fit. Content is passed over.
"""
from libc.stdlib cimport free
from libc.string cimport memcmp, memcpy

from netwatch._fast.base.bytes cimport (u8, u16, u32, u64, Reader, Slice, be16, be32, left, reader, slice_of, starts,
                                        take, take8, take16, take32, take_reader, take_slice)
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_MALFORMED,
                                           PARSE_NOT_MINE, PARSE_OK, fact_once, set_initiator, reads, has_state)
from netwatch._fast.proto.common.again cimport messages_fill
from netwatch._fast.proto.common.lines cimport (DETECT_ENOUGH, keep_each, keep_once, skip_bytes, skip_rest, smaller,
                                                wait_for, word_is)
from netwatch._fast.proto.common.sasl cimport LOGIN_PASSWORD, LOGIN_USER, SASL_MECHANISM, sasl_raw
from netwatch._fast.proto.common.facts import LIST, TEXT, described, fact_fields, words
from netwatch._fast.proto.common.sasl import add_login
from netwatch._fast.base.text import clean

cdef enum:                     # fact keys
    AMQP_VERSION = 1           # the four bytes after "AMQP"
    AMQP_PRODUCT = 2           # of the server, and what it tells of itself
    AMQP_PRODUCT_VERSION = 3
    AMQP_CLIENT = 4            # of the client
    AMQP_CLIENT_VERSION = 5
    AMQP_MECHANISMS = 6        # one text, blanks between them
    AMQP_VHOST = 7
    AMQP_QUEUE = 8
    AMQP_EXCHANGE = 9
    AMQP_ROUTING_KEY = 10
    AMQP_CLOSE = 11            # reply code, two bytes, and reply text

cdef enum:                     # frame types, 0-9-1 section 4.2.3
    METHOD = 1
    HEADER = 2
    BODY = 3
    HEARTBEAT = 8
    FRAME_END = 0xce
    FRAME_HEAD = 7

cdef enum:                     # class << 16 | method, 0-9-1 "Class and Method Details"
    START = 10 << 16 | 10
    START_OK = 10 << 16 | 11
    TUNE_OK = 10 << 16 | 31
    OPEN = 10 << 16 | 40
    CLOSE = 10 << 16 | 50
    CHANNEL_OPEN = 20 << 16 | 10
    CHANNEL_CLOSE = 20 << 16 | 40
    EXCHANGE_DECLARE = 40 << 16 | 10
    QUEUE_DECLARE = 50 << 16 | 10
    QUEUE_DECLARED = 50 << 16 | 11
    QUEUE_BIND = 50 << 16 | 20
    CONSUME = 60 << 16 | 20
    PUBLISH = 60 << 16 | 40
    DELIVER = 60 << 16 | 60
    GET = 60 << 16 | 70
    GET_OK = 60 << 16 | 71

cdef enum:                     # protocol ids of 1.0, part 2 section 2.2
    ID_TLS = 2
    ID_SASL = 3

cdef enum:
    READ_METHOD = 8192         # a larger method is passed over
    FRAME_MOST = 268435456
    MAX_NAMES = 12             # kept of each kind
    ENOUGH = 5000              # frames

cdef struct Amqp:
    bint good[2]               # the side has sent something whole
    u32 frames


# --- detection ---

cdef bint known_version(const u8* p) noexcept nogil:
    """The bytes after "AMQP": 0-9-1; 0-8, 0-9 and 0-10 with class and instance 1; 1.0 bare, with TLS or with SASL."""
    if p[0] == 1 and p[1] == 1:
        return (p[2] == 0 and (p[3] == 9 or p[3] == 10)) or (p[2] == 8 and p[3] == 0) or (p[2] == 9 and p[3] <= 1)
    if p[1] == 0:
        return p[0] == 0 and p[2] == 9 and p[3] == 1
    return p[1] == 1 and p[2] == 0 and p[3] == 0 and (p[0] == 0 or p[0] == ID_TLS or p[0] == ID_SASL)


cdef bint known_method(const u8* p) noexcept nogil:
    """A class of 0-9-1 and a method it may have; 85 and its kin are RabbitMQ's confirms."""
    cdef u16 group = be16(p), method = be16(p + 2)
    if method == 0:
        return False
    if group == 10:
        return method <= 71
    if group == 20 or group == 30:
        return method <= 41
    if group == 40 or group == 50:
        return method <= 51
    if group == 60:
        return method <= 120
    return (group == 85 and method <= 11) or (group == 90 and method <= 31)


cdef int detect_frame(Slice data) noexcept nogil:
    """A whole frame that ends as it must; of Connection.Start the beginning is enough."""
    cdef u32 size
    if data.n < FRAME_HEAD + 1:
        return DETECT_MORE
    size = be32(data.p + 3)
    if data.p[0] == HEARTBEAT:
        return 75 if data.n == 8 and size == 0 and be16(data.p + 1) == 0 and data.p[7] == FRAME_END else 0
    if size < (4 if data.p[0] == METHOD else 14) or size > READ_METHOD:
        return 0
    if data.n >= FRAME_HEAD + 6 and memcmp(data.p + FRAME_HEAD, b"\0\x0a\0\x0a\0", 5) == 0 and data.p[12] in (8, 9):
        return 95 if data.p[0] == METHOD and be16(data.p + 1) == 0 else 0
    if data.n <= FRAME_HEAD + size:
        return DETECT_MORE if data.n < DETECT_ENOUGH else 0
    if data.p[FRAME_HEAD + size] != FRAME_END:
        return 0
    if data.p[0] == HEADER:
        return 85 if be16(data.p + FRAME_HEAD) == 60 and be16(data.p + FRAME_HEAD + 2) == 0 else 0
    return 90 if known_method(data.p + FRAME_HEAD) else 0


cdef int amqp_detect(Look* look, Slice data) noexcept nogil:
    if data.n and data.p[0] != c'A':
        return detect_frame(data)
    if memcmp(data.p, b"AMQP", smaller(data.n, 4)) != 0:
        return 0
    if data.n < 8:
        return DETECT_MORE
    return 98 if known_version(data.p + 4) else 0


# --- reading ---

cdef Slice short_text(Reader* r) noexcept nogil:
    return take_slice(r, take8(r))


cdef u32 value_size(u8 kind) noexcept nogil:
    """Bytes of a field value that has a fixed size; 0 for those that have not (section 4.2.1, and RabbitMQ's)."""
    if kind in (c't', c'b', c'B'):
        return 1
    if kind in (c'U', c'u', c's'):
        return 2
    if kind in (c'I', c'i', c'f'):
        return 4
    if kind in (c'L', c'l', c'd', c'T'):
        return 8
    return 5 if kind == c'D' else 0


cdef void take_table(Look* look, Reader r, u8 product, u8 version) noexcept nogil:
    """Properties of a peer; AMQPLAIN sends its login as such a table. Tables within are passed over."""
    cdef Slice name, value
    cdef u8 kind
    cdef u32 size
    while left(&r) and not r.bad:
        name = short_text(&r)
        kind = take8(&r)
        size = value_size(kind)
        if size == 0 and kind != c'V':
            size = take32(&r)
        value = take_slice(&r, size)
        if r.bad or kind != c'S':
            continue
        if word_is(name, b"product", 7) and product:
            keep_once(look, product, value)
        elif word_is(name, b"version", 7) and version:
            keep_once(look, version, value)
        elif word_is(name, b"login", 5):
            keep_once(look, LOGIN_USER, value)
        elif word_is(name, b"password", 8):
            keep_once(look, LOGIN_PASSWORD, value)


cdef void take_start_ok(Look* look, Reader* r) noexcept nogil:
    """Client properties, mechanism, response, locale."""
    cdef Slice mechanism, response
    take_table(look, take_reader(r, take32(r)), AMQP_CLIENT, AMQP_CLIENT_VERSION)
    mechanism = short_text(r)
    response = take_slice(r, take32(r))
    if r.bad:
        return
    keep_once(look, SASL_MECHANISM, mechanism)
    if word_is(mechanism, b"amqplain", 8):
        take_table(look, reader(response.p, response.n), 0, 0)
    elif word_is(mechanism, b"plain", 5) or mechanism.n > 5 and word_is(slice_of(mechanism.p, 5), b"scram", 5):
        sasl_raw(look, response)


cdef void take_close(Look* look, Reader* r) noexcept nogil:
    """Reply code and text; 200 is a normal end (section 1.2.1)."""
    cdef u16 code = take16(r)
    cdef Slice reason = short_text(r)
    cdef u8 fact[258]
    if r.bad or code == 200:
        return
    fact[0] = <u8>(code >> 8)
    fact[1] = <u8>(code & 0xff)
    memcpy(fact + 2, reason.p, reason.n)
    fact_once(look, AMQP_CLOSE, fact, 2 + reason.n)


cdef void take_names(Look* look, u32 method, Reader* r) noexcept nogil:
    """Queue, exchange and routing key of a method that names some."""
    if method == DELIVER:
        short_text(r)
    if method == DELIVER or method == GET_OK:
        take(r, 9)             # delivery tag, redelivered
    elif method != QUEUE_DECLARED:
        take16(r)              # reserved
    if method in (QUEUE_DECLARE, QUEUE_DECLARED, QUEUE_BIND, CONSUME, GET):
        keep_each(look, AMQP_QUEUE, short_text(r), MAX_NAMES)
    if method in (EXCHANGE_DECLARE, QUEUE_BIND, PUBLISH, DELIVER, GET_OK):
        keep_each(look, AMQP_EXCHANGE, short_text(r), MAX_NAMES)
    if method in (QUEUE_BIND, PUBLISH, DELIVER, GET_OK):
        keep_each(look, AMQP_ROUTING_KEY, short_text(r), MAX_NAMES)


cdef void learn(Look* look, Reader r) noexcept nogil:
    """A whole method."""
    cdef u32 method = take32(&r)
    if method == START:
        set_initiator(look, False)
        take16(&r)
        take_table(look, take_reader(&r, take32(&r)), AMQP_PRODUCT, AMQP_PRODUCT_VERSION)
        keep_once(look, AMQP_MECHANISMS, take_slice(&r, take32(&r)))
    elif method == START_OK:
        set_initiator(look, True)
        take_start_ok(look, &r)
    elif method == OPEN:
        set_initiator(look, True)
        keep_once(look, AMQP_VHOST, short_text(&r))
    elif method == CLOSE or method == CHANNEL_CLOSE:
        take_close(look, &r)
    elif method in (QUEUE_DECLARED, DELIVER, GET_OK):
        set_initiator(look, False)
        take_names(look, method, &r)
    elif method in (EXCHANGE_DECLARE, QUEUE_DECLARE, QUEUE_BIND, CONSUME, PUBLISH, GET):
        set_initiator(look, True)
        take_names(look, method, &r)
    elif method in (TUNE_OK, CHANNEL_OPEN):
        set_initiator(look, True)


cdef int take_version(Look* look, Amqp* amqp, const u8* p) noexcept nogil:
    """The protocol header: the client's wish, or the server's when it will not have that."""
    if not amqp.good[1 - look.side]:
        set_initiator(look, True)
    fact_once(look, AMQP_VERSION, p, 4)
    look.used += 8
    if p[1] == 1 and p[0] == ID_TLS:
        return PARSE_NOT_MINE if amqp.good[1 - look.side] else PARSE_OK
    if p[1] == 1 and (p[0] != 1 or p[3] == 10):
        return PARSE_DONE
    return PARSE_OK


cdef bint frame_fits(const u8* p) noexcept nogil:
    """Type and size of a frame's head; 4 traced in 0-8."""
    return (p[0] >= METHOD and p[0] <= 4 or p[0] == HEARTBEAT) and be32(p + 3) <= FRAME_MOST


cdef int take_frame(Look* look, Amqp* amqp, Slice data) noexcept nogil:
    """A protocol header or a frame."""
    cdef const u8* p = data.p + look.used
    cdef u32 n = data.n - look.used, size
    cdef bint fits
    cdef int code
    if n < 8:
        return wait_for(look, data, 8)
    if starts(p, n, b"AMQP", 4):
        code = take_version(look, amqp, p + 4)
        amqp.good[look.side] = True
        return code
    fits = frame_fits(p)
    size = be32(p + 3)
    if fits and p[0] == METHOD and size <= READ_METHOD:
        if n < FRAME_HEAD + size + 1:
            return wait_for(look, data, FRAME_HEAD + size + 1)
        fits = size >= 4 and p[FRAME_HEAD + size] == FRAME_END
    if not fits:
        return PARSE_MALFORMED if amqp.good[look.side] else skip_rest(look, data)
    amqp.good[look.side] = True
    amqp.frames += 1
    if p[0] == METHOD and size <= READ_METHOD:
        learn(look, reader(p + FRAME_HEAD, size))
    skip_bytes(look, data, <u64>FRAME_HEAD + size + 1)
    return PARSE_DONE if amqp.frames >= ENOUGH else PARSE_OK


cdef int amqp_parse(Look* look, Slice data) noexcept nogil:
    cdef int code = PARSE_OK
    if not has_state(look, sizeof(Amqp)):
        return PARSE_DONE
    while code == PARSE_OK and look.used < data.n and look.skip == 0:
        code = take_frame(look, <Amqp*>look.state[0], data)
    return code


cdef u64 length_of(Look* look, const u8* p, u32 n) noexcept nogil:
    """Of a frame, which ends as it must where its end is there."""
    cdef u64 size
    if n < FRAME_HEAD:
        return FRAME_HEAD if METHOD <= p[0] <= HEARTBEAT else 0
    size = <u64>FRAME_HEAD + be32(p + 3)
    return size + 1 if frame_fits(p) and (size >= n or p[size] == FRAME_END) else 0


cdef int amqp_resync(Look* look, Slice data) noexcept nogil:
    """Frames that fill the segment, or the start of one that is as long as the kinds that are read."""
    return look.state[0] != NULL and (messages_fill(look, data, length_of) or detect_frame(data) > 0)


cdef void amqp_define(Proto* p) noexcept nogil:
    reads(p, "amqp", ON_TCP, amqp_detect, amqp_parse)
    p.first[c'A'] = p.first[METHOD] = p.first[HEADER] = p.first[HEARTBEAT] = 1
    p.resync = amqp_resync
    p.free = free


# --- describing ---

_FIELDS = (("product", AMQP_PRODUCT, TEXT), ("product_version", AMQP_PRODUCT_VERSION, TEXT),
           ("client", AMQP_CLIENT, TEXT), ("client_version", AMQP_CLIENT_VERSION, TEXT), ("vhost", AMQP_VHOST, TEXT),
           ("queues", AMQP_QUEUE, LIST), ("exchanges", AMQP_EXCHANGE, LIST), ("routing_keys", AMQP_ROUTING_KEY, LIST))
FACT_FIELDS = fact_fields("amqp", _FIELDS)
_VERSIONS = {b"\0\0\x09\x01": "0-9-1", b"\x01\x01\0\x09": "0-9", b"\x01\x01\x09\0": "0-9", b"\x01\x01\x09\x01": "0-9-1",
             b"\x01\x01\x08\0": "0-8", b"\x01\x01\0\x0a": "0-10", b"\0\x01\0\0": "1.0", b"\x02\x01\0\0": "1.0",
             b"\x03\x01\0\0": "1.0"}


def describe(facts, show_secrets: bool = False) -> dict:
    """The `amqp` object; `password` is masked unless secrets are to be shown."""
    facts = list(facts)
    obj = described(facts, _FIELDS)
    for key, value in facts:
        if key == AMQP_VERSION and len(value) == 4:
            obj["version"] = _VERSIONS.get(value) or "-".join(map(str, value[1:]))
        elif key == AMQP_MECHANISMS:
            obj["mechanisms"] = clean(value, 256).split()
        elif key == AMQP_CLOSE and len(value) >= 2:
            obj["close"] = words(int.from_bytes(value[:2], "big"), clean(value[2:], 256))
    add_login(obj, facts, show_secrets)
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "AMQP /prod orders"."""
    names = obj.get("queues") or obj.get("exchanges") or ("",)
    return words("AMQP", obj.get("vhost"), names[0])
