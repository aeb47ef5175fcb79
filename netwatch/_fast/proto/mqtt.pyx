"""MQTT 3.1 (IBM, 2010), 3.1.1 and 5.0 (OASIS): who connects, with what login and will, which topics, and how it ends.

A flow is named by its CONNECT, on any port. Other packets have headers of two bytes, which prove nothing: they name a
flow that was joined late on port 1883 alone, and then only when they fill the segment. Payloads are passed over.
"""
from libc.stdlib cimport free
from libc.string cimport memcmp

from netwatch._fast.base.bytes cimport (u8, u16, u32, u64, Reader, Slice, find_byte, left, reader, slice_of, take,
                                        take8, take16, take_slice, take_varint32)
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_MALFORMED, PARSE_OK,
                                           fact_number, fact_once, set_initiator, reads, has_state)
from netwatch._fast.proto.common.again cimport messages_fill
from netwatch._fast.proto.common.lines cimport (all_text, from_client, keep_each, keep_once, port_is, skip_bytes,
                                                skip_rest, smaller, wait_for, wait_more)
from netwatch._fast.proto.common.sasl cimport LOGIN_PASSWORD, LOGIN_USER, SASL_MECHANISM
from netwatch._fast.proto.common.facts import LIST, NUMBER, TEXT, described, fact_fields, words
from netwatch._fast.proto.common.sasl import add_login

cdef enum:                     # fact keys
    MQTT_VERSION = 1           # protocol level, one byte
    MQTT_CLIENT = 2
    MQTT_WILL = 3
    MQTT_PUBLISHED = 4
    MQTT_RECEIVED = 5
    MQTT_SUBSCRIBED = 6
    MQTT_CODE = 7              # of the CONNACK, one byte
    MQTT_REASON = 8            # of the DISCONNECT, one byte
    MQTT_KEEP_ALIVE = 9
    MQTT_ASSIGNED = 10
    MQTT_UNSUBSCRIBED = 11

cdef enum:                     # packet types, MQTT 5.0 section 2.1.2
    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    PUBREL = 6
    PUBCOMP = 7
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14

cdef enum:                     # CONNECT flags, section 3.1.2.3, and properties, section 2.2.2.2
    HAS_USER = 0x80
    HAS_PASSWORD = 0x40
    HAS_WILL = 0x04
    RESERVED = 0x01
    ASSIGNED_CLIENT = 0x12
    AUTH_METHOD = 0x15
    PAIR = 0x26

cdef enum:
    PORT = 1883
    LEVEL_5 = 5
    BRIDGE = 0x80              # bit of the level by which mosquitto marks a bridge
    READ_MOST = 8192           # of a packet with fields; the rest is passed over
    READ_TOPIC = 260           # of a PUBLISH
    MAX_TOPICS = 12            # kept of each kind
    ENOUGH = 5000              # packets

cdef struct Mqtt:
    u8 level                   # 3, 4, 5; 0 not known
    bint good[2]               # the side has sent a whole packet
    u32 packets


# --- the fixed header ---

cdef bint flags_fit(u8 head) noexcept nogil:
    """Section 2.1.3; MQTT 3.1 may set DUP on what has to be acknowledged."""
    cdef int kind = head >> 4, flags = head & 15
    if kind == PUBLISH:
        return flags & 6 != 6
    if kind == PUBREL or kind == SUBSCRIBE or kind == UNSUBSCRIBE:
        return flags & 7 == 2
    return kind != 0 and flags == 0


cdef int fixed_header(const u8* p, u32 n, u32* length) noexcept nogil:
    """Bytes of type and Remaining Length; 0 when they are cut, -1 when it is no header."""
    cdef u32 i
    if n and not flags_fit(p[0]):
        return -1
    length[0] = 0
    for i in range(4):
        if n < i + 2:
            return 0
        length[0] |= <u32>(p[1 + i] & 0x7f) << (7 * i)
        if p[1 + i] < 0x80:
            return <int>i + 2
    return -1


# --- detection ---

cdef int detect_connect(const u8* p, u32 n, u32 length) noexcept nogil:
    """What follows the header of a CONNECT: the protocol's name and level."""
    cdef bint old = n > 1 and p[1] == 6
    cdef const char* name = b"\0\x06MQIsdp" if old else b"\0\x04MQTT"
    cdef u32 size = 8 if old else 6
    if memcmp(p, name, smaller(n, size)) != 0 or length < size + 6:
        return 0
    if n < size + 2:
        return DETECT_MORE
    if p[size + 1] & RESERVED and not old:
        return 0
    if old:
        return 98 if p[size] & ~BRIDGE == 3 else 0
    return 98 if p[size] & ~BRIDGE == 4 or p[size] == LEVEL_5 else 0


cdef int detect_later(Slice data, u32 head, u32 length) noexcept nogil:
    """On the port: a packet that fills the segment and is whole in itself."""
    cdef int kind = data.p[0] >> 4
    cdef const u8* p = data.p + head
    cdef u32 topic
    if data.n != head + length:
        return 0
    if kind == PINGREQ or kind == PINGRESP or kind == DISCONNECT:
        return 60 if length == 0 else 0
    if kind == CONNACK:
        return 70 if length == 2 and p[0] < 2 and p[1] < 6 else 0
    if kind != PUBLISH or length < 3:
        return 60 if length == 2 and (PUBACK <= kind <= PUBCOMP or kind == UNSUBACK) or length > 2 and kind == SUBACK \
            or length > 5 and (kind == SUBSCRIBE or kind == UNSUBSCRIBE) and p[2] == 0 else 0
    topic = <u32>p[0] << 8 | p[1]
    if topic == 0 or topic + 2 + (2 if data.p[0] & 6 else 0) > length:
        return 0
    if find_byte(p + 2, topic, c'#') >= 0 or find_byte(p + 2, topic, c'+') >= 0:
        return 0               # wildcards stand in filters only, section 3.3.2.1
    return 70 if all_text(p + 2, topic) else 0


cdef int mqtt_detect(Look* look, Slice data) noexcept nogil:
    cdef u32 length
    cdef int head = fixed_header(data.p, data.n, &length)
    if head == 0:
        return DETECT_MORE
    if head < 0:
        return 0
    if data.p[0] >> 4 == CONNECT:
        return detect_connect(data.p + head, data.n - <u32>head, length)
    return detect_later(data, <u32>head, length) if port_is(look, PORT) else 0


# --- reading ---

cdef Slice text_of(Reader* r) noexcept nogil:
    """A UTF-8 string or binary data: two bytes of length before it (section 1.5.4)."""
    return take_slice(r, take16(r))


cdef inline u32 variable(Reader* r) noexcept nogil:
    """A variable byte integer (section 1.5.5)."""
    return take_varint32(r, 4)


cdef int fixed_size(u8 property) noexcept nogil:
    """Bytes of a property's value, -1 a string, -2 a variable byte integer, -3 none such (section 2.2.2.2)."""
    if property in (0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2a):
        return 1
    if property in (0x13, 0x21, 0x22, 0x23):
        return 2
    if property in (0x02, 0x11, 0x18, 0x27):
        return 4
    if property in (0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1a, 0x1c, 0x1f, PAIR):
        return -1
    return -2 if property == 0x0b else -3


cdef Slice properties(Reader* r, u8 wanted) noexcept nogil:
    """Pass over the properties; the string `wanted` among them, empty without."""
    cdef u32 size = variable(r)
    cdef Reader sub = reader(r.p, size if size <= left(r) else left(r))
    cdef Slice found = slice_of(r.p, 0), value
    cdef u8 property
    cdef int fixed
    take(r, size)
    while left(&sub) and not sub.bad:
        property = take8(&sub)
        fixed = fixed_size(property)
        if fixed == -3:
            break
        if fixed == -2:
            variable(&sub)
        elif fixed > 0:
            take(&sub, <size_t>fixed)
        else:
            value = text_of(&sub)
            if property == PAIR:
                text_of(&sub)
            if property == wanted:
                found = value
    return found


cdef void take_connect(Look* look, Mqtt* mqtt, Reader* r) noexcept nogil:
    """Section 3.1: name, level, flags, keep alive, then the payload in a fixed order."""
    cdef u8 flags
    cdef u16 alive
    set_initiator(look, True)
    text_of(r)
    mqtt.level = take8(r) & <u8>~BRIDGE
    flags = take8(r)
    alive = take16(r)
    if r.bad:
        return
    fact_once(look, MQTT_VERSION, &mqtt.level, 1)
    fact_number(look, MQTT_KEEP_ALIVE, alive)
    if mqtt.level == LEVEL_5:
        keep_once(look, SASL_MECHANISM, properties(r, AUTH_METHOD))
    keep_once(look, MQTT_CLIENT, text_of(r))
    if flags & HAS_WILL:
        if mqtt.level == LEVEL_5:
            properties(r, 0)
        keep_once(look, MQTT_WILL, text_of(r))
        text_of(r)
    if flags & HAS_USER:
        keep_once(look, LOGIN_USER, text_of(r))
    if flags & HAS_PASSWORD:
        keep_once(look, LOGIN_PASSWORD, text_of(r))


cdef void take_answer(Look* look, Mqtt* mqtt, Reader* r) noexcept nogil:
    """CONNACK, section 3.2."""
    cdef u8 code
    set_initiator(look, False)
    take8(r)
    code = take8(r)
    if r.bad:
        return
    fact_once(look, MQTT_CODE, &code, 1)
    if mqtt.level == LEVEL_5:
        keep_once(look, MQTT_ASSIGNED, properties(r, ASSIGNED_CLIENT))


cdef bint filters_fit(Reader r, bint options) noexcept nogil:
    """The rest is topic filters to the end, none of them empty, each with its options where it has them."""
    while left(&r) and not r.bad:
        if text_of(&r).n == 0:
            return False
        if options and take8(&r) & 0xc0:
            return False
    return not r.bad


cdef void take_filters(Look* look, Mqtt* mqtt, Reader* r, bint options) noexcept nogil:
    """SUBSCRIBE and UNSUBSCRIBE, sections 3.8 and 3.10, the former with options.

    Where the version is not known the properties are there if it fits no other way.
    """
    cdef Slice topic
    set_initiator(look, True)
    take16(r)
    if mqtt.level == LEVEL_5 or mqtt.level == 0 and not filters_fit(r[0], options):
        properties(r, 0)
    while left(r):
        topic = text_of(r)
        if options:
            take8(r)
        if r.bad:
            return
        keep_each(look, MQTT_SUBSCRIBED if options else MQTT_UNSUBSCRIBED, topic, MAX_TOPICS)


cdef void learn(Look* look, Mqtt* mqtt, int kind, Reader r) noexcept nogil:
    cdef u8 code
    cdef u32 size
    cdef Slice topic
    if kind == CONNECT:
        take_connect(look, mqtt, &r)
    elif kind == CONNACK:
        take_answer(look, mqtt, &r)
    elif kind == PUBLISH:
        size = take16(&r)
        topic = take_slice(&r, smaller(size, <u32>left(&r)))
        keep_each(look, MQTT_PUBLISHED if from_client(look) else MQTT_RECEIVED, topic, MAX_TOPICS)
    elif kind == SUBSCRIBE or kind == UNSUBSCRIBE:
        take_filters(look, mqtt, &r, kind == SUBSCRIBE)
    elif kind == PINGREQ:
        set_initiator(look, True)
    elif kind == SUBACK or kind == UNSUBACK or kind == PINGRESP:
        set_initiator(look, False)
    elif kind == DISCONNECT:
        code = take8(&r)
        if not r.bad:
            fact_once(look, MQTT_REASON, &code, 1)


cdef u32 wanted(int kind) noexcept nogil:
    """Bytes of a packet that are worth waiting for."""
    if kind == PUBLISH:
        return READ_TOPIC
    if kind == CONNECT or kind == CONNACK or kind == SUBSCRIBE or kind == UNSUBSCRIBE or kind == DISCONNECT:
        return READ_MOST
    return 0


cdef int take_packet(Look* look, Mqtt* mqtt, Slice data) noexcept nogil:
    cdef const u8* p = data.p + look.used
    cdef u32 n = data.n - look.used, length = 0, want
    cdef int head = fixed_header(p, n, &length), kind
    if head == 0:
        return wait_more(look, data)
    if head < 0:
        return PARSE_MALFORMED if mqtt.good[look.side] else skip_rest(look, data)
    kind = p[0] >> 4
    want = smaller(length, wanted(kind))
    if n < <u32>head + want:
        return wait_for(look, data, <u32>head + want)
    mqtt.good[look.side] = True
    mqtt.packets += 1
    learn(look, mqtt, kind, reader(p + head, want))
    skip_bytes(look, data, <u64>head + length)
    return PARSE_DONE if kind == DISCONNECT or mqtt.packets >= ENOUGH else PARSE_OK


cdef int mqtt_parse(Look* look, Slice data) noexcept nogil:
    cdef int code = PARSE_OK
    if not has_state(look, sizeof(Mqtt)):
        return PARSE_DONE
    while code == PARSE_OK and look.used < data.n and look.skip == 0:
        code = take_packet(look, <Mqtt*>look.state[0], data)
    return code


cdef u64 length_of(Look* look, const u8* p, u32 n) noexcept nogil:
    """Of a packet whose size, and the topic of a PUBLISH, can be its kind's (sections 3.2 to 3.14)."""
    cdef u32 length = 0, topic
    cdef int head = fixed_header(p, n, &length), kind
    kind = p[0] >> 4
    if head <= 0:
        return 0 if head < 0 else n + 1
    if kind == PUBLISH and length > 2 and n >= <u32>head + 2:
        topic = <u32>p[head] << 8 | p[head + 1]
        return <u64>head + length if topic + 2 <= length and all_text(p + head + 2, smaller(topic, n - head - 2)) else 0
    return 0 if length and PINGREQ <= kind <= PINGRESP or length < 2 and kind < PINGREQ else <u64>head + length


cdef int mqtt_resync(Look* look, Slice data) noexcept nogil:
    return look.state[0] != NULL and messages_fill(look, data, length_of)


cdef void mqtt_define(Proto* p) noexcept nogil:
    cdef int c
    reads(p, "mqtt", ON_TCP, mqtt_detect, mqtt_parse)
    for c in range(256):
        p.first[c] = c >> 4 != 15 and flags_fit(<u8>c)
    p.timeout = 120
    p.resync, p.free = mqtt_resync, free


# --- describing ---

_FIELDS = (("client_id", MQTT_CLIENT, TEXT), ("will_topic", MQTT_WILL, TEXT), ("published", MQTT_PUBLISHED, LIST),
           ("received", MQTT_RECEIVED, LIST), ("subscribed", MQTT_SUBSCRIBED, LIST),
           ("unsubscribed", MQTT_UNSUBSCRIBED, LIST),
           ("keep_alive", MQTT_KEEP_ALIVE, NUMBER), ("assigned_client_id", MQTT_ASSIGNED, TEXT))
FACT_FIELDS = fact_fields("mqtt", _FIELDS)
_VERSIONS = {3: "3.1", 4: "3.1.1", 5: "5"}
# MQTT 3.1.1 section 3.2.2.3, MQTT 5.0 section 2.4; the two number their refusals apart
_CODES = {
    0: "accepted", 1: "unacceptable protocol version", 2: "identifier rejected", 3: "server unavailable",
    4: "bad user name or password", 5: "not authorized", 0x80: "unspecified error", 0x81: "malformed packet",
    0x82: "protocol error", 0x83: "implementation specific error", 0x84: "unsupported protocol version",
    0x85: "client identifier not valid", 0x86: "bad user name or password", 0x87: "not authorized",
    0x88: "server unavailable", 0x89: "server busy", 0x8A: "banned", 0x8B: "server shutting down",
    0x8C: "bad authentication method", 0x8D: "keep alive timeout", 0x8E: "session taken over",
    0x8F: "topic filter invalid", 0x90: "topic name invalid", 0x93: "receive maximum exceeded",
    0x94: "topic alias invalid", 0x95: "packet too large", 0x96: "message rate too high", 0x97: "quota exceeded",
    0x98: "administrative action", 0x99: "payload format invalid", 0x9A: "retain not supported",
    0x9B: "QoS not supported", 0x9C: "use another server", 0x9D: "server moved",
    0x9E: "shared subscriptions not supported", 0x9F: "connection rate exceeded", 0xA0: "maximum connect time",
    0xA1: "subscription identifiers not supported", 0xA2: "wildcard subscriptions not supported"}
_REASONS = {**_CODES, 0: "normal", 4: "with will message"}


def describe(facts, show_secrets: bool = False) -> dict:
    """The `mqtt` object; `password` is masked unless secrets are to be shown."""
    facts = list(facts)
    obj = described(facts, _FIELDS)
    bytes_of = {key: value[0] for key, value in facts if key in (MQTT_VERSION, MQTT_CODE, MQTT_REASON) and value}
    if MQTT_VERSION in bytes_of:
        obj["version"] = _VERSIONS.get(bytes_of[MQTT_VERSION], str(bytes_of[MQTT_VERSION]))
    for name, key, names in (("code", MQTT_CODE, _CODES), ("reason", MQTT_REASON, _REASONS)):
        if key in bytes_of:
            obj[name] = names.get(bytes_of[key], f"0x{bytes_of[key]:02x}")
    add_login(obj, facts, show_secrets)
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "MQTT sensor-7 plant/temperature"."""
    topics = obj.get("published") or obj.get("subscribed") or obj.get("received") or ("",)
    return words("MQTT", obj.get("client_id") or obj.get("assigned_client_id"), topics[0])
