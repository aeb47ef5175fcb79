"""PROXY protocol versions 1 and 2 (haproxy.org, proxy-protocol.txt): whom a proxy speaks for; then the stream begins.

A load balancer puts the true client's address before the first byte that it passes on. What follows is read as if it
stood at the beginning.
"""
from libc.string cimport memcmp

from netwatch._fast.base.bytes cimport (u8, u16, u32, i64, Reader, Slice, be16, left, reader, slice_of, take,
                                        take16, take8)
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_NOT_MINE, begins_with,
                                           fact_once, reads, set_initiator)
from netwatch._fast.proto.common.lines cimport keep_once, next_line, smaller, take_word, wait_for, wait_more, word_is
from netwatch._fast.base.text import clean
from netwatch._fast.proto.common.facts import Plain
from netwatch._fast.proto.common.describing import address, first_values


cdef enum:                     # fact keys
    PROXY_VERSION = 1          # one byte
    PROXY_LOCAL = 2            # the proxy speaks for itself (section 2.2)
    PROXY_ENDS = 3             # version 1: "source destination source-port destination-port"
    PROXY_SRC = 4              # version 2: 4 or 16 bytes
    PROXY_DST = 5
    PROXY_SPORT = 6            # big-endian
    PROXY_DPORT = 7
    PROXY_AUTHORITY = 8        # the host name that the client gave (TLS SNI)
    PROXY_ALPN = 9
    PROXY_ID = 10

cdef enum:
    LINE_MOST = 107            # section 2.1, with its end
    HEAD = 16                  # section 2.2
    SIGNATURE = 12
    LOCAL = 0x20
    PROXIED = 0x21
    STREAM4 = 0x11             # families and transports
    DATAGRAM4 = 0x12
    STREAM6 = 0x21
    DATAGRAM6 = 0x22
    TLV_ALPN = 1               # section 2.2.1 onwards
    TLV_AUTHORITY = 2
    TLV_ID = 5
    READ_MOST = 1024           # of what a head of version 2 holds


# --- detection ---

cdef int detect_line(Slice data) noexcept nogil:
    cdef u32 n = smaller(data.n, 11)
    if memcmp(data.p, b"PROXY TCP4 ", n) == 0 or memcmp(data.p, b"PROXY TCP6 ", n) == 0:
        return 98 if data.n >= 11 else DETECT_MORE
    if memcmp(data.p, b"PROXY UNKNOWN", smaller(data.n, 13)) == 0:
        return 98 if data.n >= 13 else DETECT_MORE
    return 0


cdef int proxy_detect(Look* look, Slice data) noexcept nogil:
    """A line that names a family, or the twelve bytes that no other protocol begins with."""
    if data.n == 0:
        return DETECT_MORE
    if data.p[0] == c'P':
        return detect_line(data)
    if memcmp(data.p, b"\r\n\r\n\0\r\nQUIT\n", smaller(data.n, SIGNATURE)) != 0:
        return 0
    if data.n > SIGNATURE and data.p[SIGNATURE] != LOCAL and data.p[SIGNATURE] != PROXIED:
        return 0
    return 100 if data.n > SIGNATURE else DETECT_MORE


# --- reading ---

cdef int take_line(Look* look, Slice data) noexcept nogil:
    """Version 1."""
    cdef Slice line, rest, family
    cdef i64 step = next_line(data.p, data.n, LINE_MOST, &line)
    cdef u8 version = 1, yes = 1
    if step == 0:
        return wait_more(look, data)
    if step < 0:
        return PARSE_NOT_MINE
    look.used = <u32>step
    rest = line
    take_word(&rest)
    family = take_word(&rest)
    fact_once(look, PROXY_VERSION, &version, 1)
    if word_is(family, b"unknown", 7):
        fact_once(look, PROXY_LOCAL, &yes, 1)
    else:
        keep_once(look, PROXY_ENDS, rest)
    set_initiator(look, True)
    return PARSE_NOT_MINE


cdef void take_ends(Look* look, Reader* r, u32 size) noexcept nogil:
    """Two addresses of that many bytes, then their ports."""
    cdef const u8* p = take(r, 2 * size + 4)
    if r.bad:
        return
    fact_once(look, PROXY_SRC, p, size)
    fact_once(look, PROXY_DST, p + size, size)
    fact_once(look, PROXY_SPORT, p + 2 * size, 2)
    fact_once(look, PROXY_DPORT, p + 2 * size + 2, 2)


cdef void take_values(Look* look, Reader* r) noexcept nogil:
    """Type, length, value, to the end of the head (section 2.2.1)."""
    cdef u8 kind
    cdef u16 size
    cdef const u8* p
    while left(r) >= 3:
        kind = take8(r)
        size = take16(r)
        p = take(r, size)
        if r.bad:
            return
        if kind == TLV_AUTHORITY:
            keep_once(look, PROXY_AUTHORITY, slice_of(p, size))
        elif kind == TLV_ALPN:
            keep_once(look, PROXY_ALPN, slice_of(p, size))
        elif kind == TLV_ID:
            keep_once(look, PROXY_ID, slice_of(p, size))


cdef int take_head(Look* look, Slice data) noexcept nogil:
    """Version 2."""
    cdef u8 version = 2, yes = 1
    cdef u32 size
    cdef Reader r
    if data.n < HEAD:
        return wait_for(look, data, HEAD)
    size = be16(data.p + 14)
    if data.n < HEAD + size:
        return wait_for(look, data, HEAD + size)
    look.used = HEAD + size
    fact_once(look, PROXY_VERSION, &version, 1)
    set_initiator(look, True)
    r = reader(data.p + HEAD, smaller(size, READ_MOST))
    if data.p[12] == LOCAL:
        fact_once(look, PROXY_LOCAL, &yes, 1)
    elif data.p[13] == STREAM4 or data.p[13] == DATAGRAM4:
        take_ends(look, &r, 4)
        take_values(look, &r)
    elif data.p[13] == STREAM6 or data.p[13] == DATAGRAM6:
        take_ends(look, &r, 16)
        take_values(look, &r)
    return PARSE_NOT_MINE


cdef int proxy_parse(Look* look, Slice data) noexcept nogil:
    """The head, once; the flow is then another protocol's."""
    return take_line(look, data) if data.n and data.p[0] == c'P' else take_head(look, data)


cdef void proxy_define(Proto* p) noexcept nogil:
    reads(p, "proxy", ON_TCP, proxy_detect, proxy_parse)
    begins_with(p, b"P\r")


# --- describing ---

FACT_FIELDS = {"proxy.authority": Plain(PROXY_AUTHORITY, 256)}


def _of_line(text: str) -> dict:
    """What a line of version 1 says; nothing where an address or port is none."""
    import ipaddress  # every start of the program would pay for it otherwise

    parts = text.split()
    try:
        src, dst = (str(ipaddress.ip_address(part)) for part in parts[:2])
        sport, dport = (int(part) for part in parts[2:4])
    except ValueError:
        return {}
    return {"src": src, "sport": sport, "dst": dst, "dport": dport} if max(sport, dport) < 65536 else {}


def describe(facts) -> dict:
    """The `proxy` object: version, the client and the server that the proxy speaks for."""
    known = first_values(facts)
    obj = {"version": known[PROXY_VERSION][0]} if PROXY_VERSION in known else {}
    if PROXY_LOCAL in known:
        obj["local"] = True
    if PROXY_ENDS in known:
        obj |= _of_line(clean(known[PROXY_ENDS], LINE_MOST))
    for name, key in (("src", PROXY_SRC), ("sport", PROXY_SPORT), ("dst", PROXY_DST), ("dport", PROXY_DPORT)):
        if key in known:
            obj[name] = int.from_bytes(known[key], "big") if len(known[key]) == 2 else address(known[key])
    for name, key in (("authority", PROXY_AUTHORITY), ("alpn", PROXY_ALPN)):
        if key in known:
            obj[name] = clean(known[key], 256)
    if PROXY_ID in known:
        obj["unique_id"] = known[PROXY_ID].hex()
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "PROXY 192.0.2.1:40000"."""
    if "src" not in obj:
        return "PROXY"
    return "PROXY [{src}]:{sport}".format(**obj) if ":" in obj["src"] else "PROXY {src}:{sport}".format(**obj)
