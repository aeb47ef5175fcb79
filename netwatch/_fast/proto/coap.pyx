"""CoAP (RFC 7252) over UDP.

The head says little, so options must all be assigned ones, fit, and reach the payload marker or the end; off port 5683
only a request that names what it wants is believed.
"""
from libc.stdlib cimport free
from libc.string cimport memcpy, memset

from netwatch._fast.base.bytes cimport (u8, u16, u32, u64, i32, Slice, Reader, be16, left, reader, slice_of, take8,
                                        take16, take_slice)
from netwatch._fast.flow.row cimport ST_COAP_REQUEST, ST_COAP_RESPONSE
from netwatch._fast.look.protocol cimport (Look, Proto, ON_UDP, PARSE_DONE, PARSE_OK, set_initiator, reads, has_state,
                                           misfit, last_said)
from netwatch._fast.proto.common.learn cimport Waiting, asked, keep_latency, keep_text, keep_u16, keep_u8
from netwatch._fast.proto.common.describing import by_key, first, listed, micros, named, number, one_or_all

cdef enum:
    PORT = 5683
    MARKER = 0xff              # RFC 7252 section 3
    FEW = 4
    RESET = 3
    OPT_HOST = 3               # RFC 7252 section 5.10
    OPT_PATH = 11
    OPT_FORMAT = 12
    OPT_QUERY = 15

cdef struct Message:
    u8 kind                    # confirmable, non-confirmable, acknowledgement, reset
    u8 code
    u64 token
    Slice host
    i32 format
    u32 path_n
    u8 path[255]


cdef bint known_option(u32 code) noexcept nogil:
    """Assigned in IANA's CoAP Option Numbers, below the experimental ones."""
    return code == 1 or 3 <= code <= 9 or code == 11 or code == 12 or 14 <= code <= 17 or \
        19 <= code <= 21 or code == 23 or code == 27 or code == 28 or code == 31 or \
        code == 35 or code == 39 or code == 60 or code == 252 or code == 258 or code == 292


cdef bint known_code(u8 code) noexcept nogil:
    """Empty, the methods, and the responses of classes 2, 4 and 5 (RFC 7252 section 12.1, RFC 7959, 8132)."""
    cdef u8 detail = code & 31
    if code >> 5 == 0:
        return detail <= 7
    if code >> 5 == 2:
        return 1 <= detail <= 5 or detail == 31
    if code >> 5 == 4:
        return detail <= 9 or detail == 12 or detail == 13 or detail == 15 or detail == 22 or detail == 29
    return code >> 5 == 5 and (detail <= 5 or detail == 8)


cdef bint extended(Reader* r, u32* value) noexcept nogil:
    """A delta or length nibble with its extra bytes (RFC 7252 section 3.1)."""
    if value[0] == 13:
        value[0] = 13 + take8(r)
    elif value[0] == 14:
        value[0] = 269 + <u32>take16(r)
    elif value[0] == 15:
        return False
    return not r.bad


cdef void add_segment(Message* m, Slice v, u8 before) noexcept nogil:
    if m.path_n + 1 + v.n > sizeof(m.path):
        return
    if m.path_n:
        m.path[m.path_n] = before
        m.path_n += 1
    memcpy(m.path + m.path_n, v.p, v.n)
    m.path_n += v.n


cdef bint read_options(Reader* r, Message* m) noexcept nogil:
    cdef u32 delta, size, code = 0
    cdef u8 head
    cdef bint query = False
    cdef Slice v
    while left(r):
        head = take8(r)
        if head == MARKER:
            return left(r) > 0
        delta = head >> 4
        size = head & 15
        if not extended(r, &delta) or not extended(r, &size):
            return False
        code += delta
        v = take_slice(r, size)
        if r.bad or not known_option(code):
            return False
        if code == OPT_HOST:
            m.host = v
        elif code == OPT_PATH:
            add_segment(m, v, c'/')
        elif code == OPT_QUERY:
            add_segment(m, v, c'&' if query else c'?')
            query = True
        elif code == OPT_FORMAT and v.n <= 2:
            m.format = be16(v.p) if v.n == 2 else v.p[0] if v.n else 0
    return True


cdef bint read_message(Slice d, Message* m) noexcept nogil:
    """The whole message; False when any part does not fit."""
    cdef Reader r
    cdef u32 i, size
    memset(m, 0, sizeof(Message))
    m.format = -1
    if d.n < 4 or d.p[0] >> 6 != 1 or d.p[0] & 15 > 8 or not known_code(d.p[1]):
        return False
    m.kind = d.p[0] >> 4 & 3
    m.code = d.p[1]
    size = d.p[0] & 15
    if m.code == 0:
        return d.n == 4
    if m.kind == RESET or d.n < 4 + size:
        return False
    for i in range(size):
        m.token = m.token << 8 | d.p[4 + i]
    r = reader(d.p + 4 + size, d.n - 4 - size)
    return read_options(&r, m)


cdef int coap_detect(Look* look, Slice d) noexcept nogil:
    cdef Message m
    cdef u32 i
    if not read_message(d, &m):
        return 0
    if look.row.pa == PORT or look.row.pb == PORT:
        return 90 if m.code else 70
    if m.code == 0 or m.code >> 5 or m.kind > 1 or m.path_n == 0:
        return 0
    for i in range(m.path_n):
        if m.path[i] < 0x20 or m.path[i] >= 0x7f:
            return 0
    return 60


cdef int coap_parse(Look* look, Slice d) noexcept nogil:
    cdef Message m
    look.used = d.n
    if not read_message(d, &m):
        return misfit(look)
    if m.code == 0:
        return PARSE_OK
    if not has_state(look, sizeof(Waiting)):
        return PARSE_DONE
    if m.code >> 5:
        keep_u8(look, COAP_CODE, m.code, FEW)
        set_initiator(look, False)
        last_said(look, ST_COAP_RESPONSE)
        keep_latency(look, COAP_LATENCY, <Waiting*>look.state[0], m.token)
    else:
        keep_u8(look, COAP_METHOD, m.code, FEW)
        set_initiator(look, True)
        last_said(look, ST_COAP_REQUEST)
        asked(<Waiting*>look.state[0], m.token, look.ts)
        keep_text(look, COAP_HOST, m.host, 2)
        keep_text(look, COAP_PATH, slice_of(m.path, m.path_n), 2 * FEW)
    if m.format >= 0:
        keep_u16(look, COAP_FORMAT, <u16>m.format, FEW)
    return PARSE_OK


cdef void coap_define(Proto* p) noexcept nogil:
    cdef int byte
    reads(p, "coap", ON_UDP, coap_detect, coap_parse)
    for byte in range(256):
        p.first[byte] = byte >> 6 == 1 and byte & 15 <= 8
    p.ports[0] = 5683
    p.free = free


# --- what the facts say ---

FACT_FIELDS = {}
METHODS = {1: "GET", 2: "POST", 3: "PUT", 4: "DELETE", 5: "FETCH", 6: "PATCH", 7: "iPATCH"}
FORMATS = {0: "text/plain", 40: "application/link-format", 41: "application/xml", 42: "application/octet-stream",
           47: "application/exi", 50: "application/json", 60: "application/cbor", 110: "application/senml+json",
           112: "application/senml+cbor", 11542: "application/vnd.oma.lwm2m+tlv"}


def code_text(raw: bytes) -> str:
    return f"{raw[0] >> 5}.{raw[0] & 31:02d}"


def describe(facts) -> dict:
    """The `coap` object."""
    known = by_key(facts)
    obj = {}
    listed(obj, "methods", known, COAP_METHOD, named(METHODS, "method"))
    one_or_all(obj, "host", known, COAP_HOST)
    listed(obj, "paths", known, COAP_PATH)
    listed(obj, "codes", known, COAP_CODE, code_text)
    one_or_all(obj, "format", known, COAP_FORMAT, lambda raw: FORMATS.get(number(raw)) or str(number(raw)))
    micros(obj, "latency_us", known, COAP_LATENCY)
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "CoAP GET sensors/temperature"."""
    words = ["CoAP", *obj.get("methods", ())[:1], first(obj.get("host", "")), *obj.get("paths", ())[:1]]
    return " ".join(word for word in words if word)
